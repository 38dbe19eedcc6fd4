"""The broker is restored from a backup that lacks what was published since: takedowns hold, and what comes is shown."""

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from tests.faults.external import ExternalServer, external_server
from tests.faults.snapshots import restore_snapshot, take_snapshot
from tests.integration.running import Running, Service, until

from newsdex.errors import Unavailable
from newsdex_schemas import channels

ARTICLES = 5
LONG_AGO, NOW = "2026-01-01T00:00:00Z", None


class Newsroom:
    """A service on a broker of its own, its indexer started again whenever it ends, and who publishes to it."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        (folder / "data").mkdir()
        self.server: ExternalServer = stack.enter_context(external_server(folder))
        self.store = folder / "store"
        self.service: Service = self.server.service(folder / "data")
        self._stack = stack
        self._indexer = self._start("indexer")
        self._start("searcher")

    def _start(self, command: str) -> Running:
        return self._stack.enter_context(self.service.process(command)).wait_until_ready()

    def _keep_running(self) -> None:
        """Start the indexer again where it has seen that its stream is gone, as a supervisor does."""
        if self._indexer.process.poll() is not None:
            assert self._indexer.exit_code() == Unavailable.exit_code
            self._indexer = self._start("indexer")

    def have_redelivered(self) -> None:
        """Have every event in the stream delivered once more."""
        assert 0 == self.service.run("redeliver").returncode

    def at_the_broker(self, act: Callable[[JetStreamContext], Coroutine[Any, Any, Any]]) -> Any:
        async def run() -> Any:
            connection = await nats.connect(self.server.url)
            try:
                return await act(connection.jetstream())
            finally:
                await connection.close()

        return asyncio.run(run())

    def publish(self, id_: str, at: str | None = NOW) -> None:
        self._send(channels.ARTICLES_PUBLISHED, "article.published.v1", {"id": id_, "title": "Ferry"}, at)

    def withdraw(self, id_: str, at: str | None = NOW) -> None:
        self._send(channels.ARTICLES_WITHDRAWN, "article.withdrawn.v1", {"id": id_}, at)

    def _send(self, channel: str, type_: str, data: dict[str, Any], at: str | None) -> None:
        self._events = getattr(self, "_events", 0) + 1
        event = {"specversion": "1.0", "id": f"e-{self._events}", "source": "desk", "type": type_, "data": data}
        body = json.dumps(event if at is None else {**event, "time": at}).encode()
        self.at_the_broker(lambda js: js.publish(channel, body, stream=channels.STREAM))

    def found(self) -> set[str]:
        self._keep_running()
        try:
            reply = self.at_the_broker(lambda js: js._nc.request(channels.SEARCH_QUERY, b'{"q": "ferry"}', timeout=10))
        except NoRespondersError:  # the searcher has lost its connection, too, and is about to have it again
            return set()
        return {hit["id"] for hit in json.loads(reply.data)["hits"]}

    def wait_for(self, *expected: str) -> None:
        until(lambda: self.found() == set(expected), 60, f"{expected} are found")

    def wait_until_handled(self) -> None:
        """Wait until every event in the stream is acknowledged."""

        async def waiting(js: JetStreamContext) -> int:
            info = await js.consumer_info(channels.STREAM, "indexer")
            return (info.num_pending or 0) + (info.num_ack_pending or 0)

        until(lambda: self.at_the_broker(waiting) == 0, 60, "all is handled")


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with ExitStack() as stack:
        newsroom = Newsroom(stack, tmp_path)
        for number in range(ARTICLES):
            newsroom.publish(f"a-{number}")
        newsroom.wait_for(*(f"a-{number}" for number in range(ARTICLES)))
        newsroom.wait_until_handled()
        yield newsroom


def hold_after(newsroom: Newsroom) -> None:
    """See that takedowns of before hold, whatever is delivered again, and that those of afterwards work."""
    newsroom.wait_for("a-2", "a-3", "a-4")
    newsroom.withdraw("a-2", LONG_AGO)  # by a clock that is months behind, under a number that another event had
    newsroom.publish("a-0", LONG_AGO)  # what was on its way when it was withdrawn
    newsroom.wait_for("a-3", "a-4")
    newsroom.publish("a-1")
    newsroom.wait_for("a-1", "a-3", "a-4")
    newsroom.have_redelivered()
    newsroom.wait_until_handled()
    newsroom.withdraw("a-4")
    newsroom.wait_for("a-1", "a-3")


@pytest.mark.long
def test_no_takedown_is_lost_where_the_stream_is_restored_from_a_snapshot(newsroom: Newsroom) -> None:
    """As `nats stream restore` does it, while the indexer runs."""
    snapshot = newsroom.at_the_broker(take_snapshot)
    newsroom.withdraw("a-0")
    newsroom.withdraw("a-1")
    newsroom.wait_for("a-2", "a-3", "a-4")
    newsroom.wait_until_handled()
    newsroom.at_the_broker(lambda js: restore_snapshot(js, snapshot))

    hold_after(newsroom)


@pytest.mark.long
def test_no_takedown_is_lost_where_the_brokers_folder_is_put_back(newsroom: Newsroom, tmp_path: Path) -> None:
    """The stream is the same by all that the broker says of it, but for its numbers; only the connection was lost."""
    newsroom.server.stop()
    shutil.copytree(newsroom.store, tmp_path / "copy")
    newsroom.server.start()
    newsroom.withdraw("a-0")
    newsroom.withdraw("a-1")
    newsroom.wait_for("a-2", "a-3", "a-4")
    newsroom.wait_until_handled()
    newsroom.server.stop()
    shutil.rmtree(newsroom.store)
    (tmp_path / "copy").rename(newsroom.store)
    newsroom.server.start()

    hold_after(newsroom)
