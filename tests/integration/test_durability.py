"""Nothing is lost and nothing is doubled when the indexer is killed."""

import asyncio
import json
import sqlite3
from collections import Counter

from tests.integration.running import Running, Service, until

from newsdex.apps.client import connected
from newsdex.broker.server import EmbeddedServer
from newsdex.settings import Settings
from newsdex_schemas import EventRef, channels
from newsdex_schemas.client import Message

EVENTS = 5_000
KILL_AFTER = 1_500


def _messages() -> list[Message]:
    return [
        Message(
            channel=channels.ARTICLES_PUBLISHED,
            body=json.dumps(
                {"id": f"a-{number}", "title": f"Article {number}", "body": f"word{number} shared"}
            ).encode(),
            ref=EventRef(source="nats", id=f"m-{number}"),
            message_id=f"m-{number}",
            origin=f"event {number}",
        )
        for number in range(EVENTS)
    ]


def _outcomes(service: Service) -> list[tuple[str, str]]:
    connection = sqlite3.connect(service.data_dir / "archive.sqlite3")
    rows = connection.execute("SELECT event_id, outcome FROM ledger").fetchall()
    connection.close()
    return rows


def _total(service: Service) -> int | None:
    """Return how many articles search finds; None while there is no index yet."""
    done = service.run("search", "--json", "--size", "0")
    total: int | None = json.loads(done.stdout).get("total")
    return total


async def _publish_and_kill(settings: Settings, service: Service, indexer: Running) -> None:
    async with connected(settings) as client:
        publishing = asyncio.create_task(client.publish(_messages(), lambda _: None))
        await asyncio.to_thread(until, lambda: len(_outcomes(service)) >= KILL_AFTER, 60, "enough events are handled")
        indexer.kill()
        await publishing


async def _found(settings: Settings) -> Counter[str]:
    """Ask for every article by the word that all have, a page at a time."""
    from newsdex_schemas import SearchRequest  # noqa: PLC0415 - one use

    found: Counter[str] = Counter()
    async with connected(settings) as client:
        for offset in range(0, EVENTS + 100, 100):
            request = SearchRequest(q="shared", sort="oldest", size=100, offset=offset, timeout_ms=10_000)
            found.update(hit.id for hit in (await client.search(request)).hits)
    return found


def test_an_indexer_killed_in_the_middle_of_5000_events_accounts_for_each_and_each_is_found_once(own: Service) -> None:
    settings = Settings(data_dir=own.data_dir)
    with EmbeddedServer(own.data_dir), own.process("searcher") as searcher:
        first = Running.start(own, "indexer").wait_until_ready()
        asyncio.run(_publish_and_kill(settings, own, first))
        killed_at = len(_outcomes(own))
        with own.process("indexer") as second:
            second.wait_until_ready()
            everything = {message.ref.id for message in _messages()}
            until(lambda: {id_ for id_, _ in _outcomes(own)} == everything, 120, "every event has an outcome")
            until(lambda: _total(own) == EVENTS, 120, "every article is searchable")
            searcher.wait_until_ready()
            accepted = Counter(id_ for id_, outcome in _outcomes(own) if outcome == "accepted")
            others = {outcome for _, outcome in _outcomes(own)} - {"accepted", "duplicate"}
            found = asyncio.run(_found(settings))

    assert KILL_AFTER <= killed_at < EVENTS
    assert dict.fromkeys(everything, 1) == dict(accepted)
    assert set() == others
    assert {f"a-{number}": 1 for number in range(EVENTS)} == dict(found)
