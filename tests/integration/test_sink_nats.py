"""`newsdex sink nats` tells of every change, also over its own sudden end."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats
from nats.errors import Error as NatsError
from tests.integration.running import Service, until

from newsdex.broker.server import EmbeddedServer
from newsdex_schemas import channels
from newsdex_schemas.changes import ArticleChanged

ARTICLES = 300
TIMEOUT_S = 60


def told(url: str) -> list[ArticleChanged]:
    """Return every event of the stream of changes."""

    async def read() -> list[ArticleChanged]:
        client = await nats.connect(url)
        try:
            js = client.jetstream()
            messages = (await js.stream_info(channels.CHANGES_STREAM)).state.messages
            subscription = await js.subscribe(channels.ARTICLES_CHANGED, ordered_consumer=True)
            return [ArticleChanged.from_json((await subscription.next_msg(10)).data) for _ in range(messages)]
        except NatsError:
            return []
        finally:
            await client.close()

    return asyncio.run(read())


def until_told(url: str, wanted: Callable[[dict[str, str]], bool]) -> list[ArticleChanged]:
    """Wait until the last change of each article is as wanted; give all events."""
    found: list[ArticleChanged] = []

    def is_told() -> bool:
        found[:] = told(url)
        return wanted({event.data.id: event.data.change for event in found})

    until(is_told, TIMEOUT_S, "the changes are told")
    return found


def articles(*ids: str, **fields: Any) -> bytes:
    return "\n".join(json.dumps({"id": id_, "title": "Sandpiper", **fields}) for id_ in ids).encode()


def test_every_change_is_told_over_a_sudden_end_and_nothing_of_an_embargo(tmp_path: Path) -> None:
    ids = [f"s-{one}" for one in range(ARTICLES)]
    with EmbeddedServer(tmp_path) as server:
        service = Service(data_dir=tmp_path)
        with service.process("indexer") as indexer:
            indexer.wait_until_ready()
            with service.process("sink", "nats") as first:
                first.wait_until_ready()
                until((tmp_path / "changes-position.json").exists, TIMEOUT_S, "it has begun")
                service.run("publish", "-", stdin=articles(*ids))
                until_told(server.url, lambda last: len(last) > 0)
                first.kill()
            hidden = articles("secret", embargoed_until="2999-01-01T00:00:00Z")
            assert service.run("publish", "-", stdin=hidden).returncode == 0
            assert service.run("withdraw", "--no-wait", "s-0").returncode == 0
            with service.process("sink", "nats") as second:
                second.wait_until_ready()
                events = until_told(server.url, lambda last: set(ids) <= set(last) and last["s-0"] == "withdrawn")
                assert second.stop() == 0

    assert set(ids) == {event.data.id for event in events}
    assert len(events) == len({event.id for event in events})
