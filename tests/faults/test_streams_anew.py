"""A stream is deleted and made anew, by us or by a publisher: takedowns hold, and what is published later is shown."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nats
import pytest
from faststream.nats import JStream, NatsBroker
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from tests.faults.external import external_server
from tests.integration.running import Running, Service, until

from newsdex.archive.writer import ArchiveWriter
from newsdex.broker.stream_identity import see_stream
from newsdex.incarnations import Incarnation
from newsdex_schemas import channels


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[ExitStack, Service]]:
    """Return an external broker's service, and what ends it."""
    (tmp_path / "data").mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(external_server(tmp_path))
        yield stack, server.service(tmp_path / "data")


def at_the_broker(service: Service, act: Callable[[JetStreamContext], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        connection = await nats.connect(service.environment["NEWSDEX_BROKER_URL"])
        try:
            return await act(connection.jetstream())
        finally:
            await connection.close()

    return asyncio.run(run())


def publish(service: Service, *values: dict[str, Any]) -> None:
    lines = "\n".join(json.dumps(value) for value in values).encode()
    done = service.run("publish", "-", stdin=lines)

    assert done.returncode == 0, done.stderr


def withdrawal(number: int, id_: str, time: str) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"w-{number}", "source": "https://desk.example", "type": "article.withdrawn.v1",
        "time": time, "data": {"id": id_},
    }  # fmt: skip


def restart(stack: ExitStack, service: Service, running: Running) -> Running:
    """Wait until an indexer ends because its stream is gone, and start another one, as a supervisor does."""
    assert running.exit_code() != 0
    return stack.enter_context(service.process("indexer")).wait_until_ready()


def place_of(service: Service) -> tuple[Incarnation, int]:
    """Return the newest incarnation and the last number that was handled; nobody else has the archive open."""
    archive = ArchiveWriter(service.data_dir)
    try:
        return archive.incarnation(), archive.stream().last_sequence
    finally:
        archive.close()


def found(service: Service) -> list[str]:
    return sorted(service.found("ferry"))


@pytest.mark.long
def test_a_stream_that_we_make_anew_begins_above_our_places(service: tuple[ExitStack, Service]) -> None:
    stack, own = service
    running = stack.enter_context(own.process("indexer")).wait_until_ready()
    stack.enter_context(own.process("searcher")).wait_until_ready()
    publish(own, *({"id": f"a-{number}", "title": "Ferry"} for number in range(5)))
    until(lambda: len(found(own)) == 5, 30, "all are found")
    at_the_broker(own, lambda js: js.delete_stream(channels.STREAM))
    running = restart(stack, own, running)
    seen = at_the_broker(own, lambda js: see_stream(js, 5))
    publish(own, withdrawal(1, "a-1", "2026-01-01T00:00:00Z"))
    until(lambda: len(found(own)) == 4, 30, "one is gone")
    running.stop()

    assert (6, Incarnation(1, 0)) == (seen.first_sequence, seen.marked)
    assert (Incarnation(1, 0), 6) == place_of(own)


@pytest.mark.long
def test_events_of_a_stream_that_a_faststream_publisher_made_come_after_all_that_was_handled(
    service: tuple[ExitStack, Service],
) -> None:
    """Its numbers begin at 1; a takedown with a clock that is months behind must hold all the same."""
    stack, own = service
    running = stack.enter_context(own.process("indexer")).wait_until_ready()
    stack.enter_context(own.process("searcher")).wait_until_ready()
    publish(own, *({"id": f"a-{number}", "title": "Ferry"} for number in range(5)))
    until(lambda: len(found(own)) == 5, 30, "all are found")

    async def replace(js: JetStreamContext) -> None:
        await js.delete_stream(channels.STREAM)
        try:
            await js.stream_info(channels.STREAM)
        except NotFoundError:
            broker = NatsBroker(own.environment["NEWSDEX_BROKER_URL"])
            stream = JStream(channels.STREAM, subjects=["articles.*"])
            publisher = broker.publisher(channels.ARTICLES_WITHDRAWN, stream=stream)
            await broker.start()
            await publisher.publish(withdrawal(1, "a-1", "2026-01-01T00:00:00Z"))
            await broker.stop()

    at_the_broker(own, replace)
    running = restart(stack, own, running)
    until(lambda: len(found(own)) == 4, 30, "one is gone")
    publish(own, {"id": "a-1", "title": "Ferry again"})
    until(lambda: len(found(own)) == 5, 30, "it is published again")
    marked = at_the_broker(own, lambda js: see_stream(js, 1)).marked
    running.stop()

    assert Incarnation(2, 0) == marked
    assert (Incarnation(2, 0), 2) == place_of(own)
