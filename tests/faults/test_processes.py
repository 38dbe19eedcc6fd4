"""Processes that are stopped at work, started twice, or meet what is left of the one before."""

import asyncio
import json
import os
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import nats
import pytest
from tests.faults.parts import projector_of
from tests.integration.running import Service, until

from newsdex.apps.client import connected
from newsdex.apps.lock import lock_data_dir
from newsdex.broker.server import EmbeddedServer
from newsdex.broker.streams import ensure_stream
from newsdex.errors import Misconfigured
from newsdex.settings import Settings
from newsdex_schemas import EventRef, channels
from newsdex_schemas.client import Message

EVENTS = 4_000
STOP_AFTER = 400
REDELIVERED = ("duplicate", "redelivered")


def messages(number: int) -> list[Message]:
    return [
        Message(
            channel=channels.ARTICLES_PUBLISHED,
            body=json.dumps({"id": f"p-{one}", "title": f"Pier {one}", "body": "lamps " * 20}).encode(),
            ref=EventRef(source="nats", id=f"p-{one}"),
            message_id=f"p-{one}",
            origin=f"event {one}",
        )
        for one in range(number)
    ]


def publish(service: Service, number: int) -> None:
    async def run() -> None:
        connection = await nats.connect(service.broker_url)
        await ensure_stream(connection.jetstream())
        await connection.close()
        async with connected(Settings(data_dir=service.data_dir)) as client:
            await client.publish(messages(number), lambda _: None)

    asyncio.run(run())


def outcomes(service: Service) -> list[tuple[str, str, str]]:
    with sqlite3.connect(f"file:{service.data_dir / 'archive.sqlite3'}?mode=ro", uri=True) as archive:
        rows = archive.execute("SELECT event_id, outcome, reason FROM ledger").fetchall()
    archive.close()
    return rows


@pytest.mark.long
def test_an_indexer_that_is_stopped_in_the_middle_of_events_finishes_what_it_began(own: Service) -> None:
    """What it had begun is in the archive and acknowledged; the rest comes to the next one."""
    with EmbeddedServer(own.data_dir):
        publish(own, EVENTS)
        with own.process("indexer") as first:
            first.wait_until_ready()
            until(lambda: len(outcomes(own)) >= STOP_AFTER, 60, "enough events are handled")
            code = first.stop()
        at_stop = outcomes(own)
        with own.process("indexer"):
            everything = {f"p-{one}" for one in range(EVENTS)}
            until(lambda: {id_ for id_, _, _ in outcomes(own)} == everything, 120, "every event has an outcome")
        accepted = Counter(id_ for id_, *outcome in outcomes(own) if tuple(outcome) != REDELIVERED)

    assert 0 == code
    assert STOP_AFTER <= len(at_stop) < EVENTS
    assert dict.fromkeys(everything, 1) == dict(accepted)
    assert 1 == len(first.events("process.stopped"))
    assert [] == [line for line in first.events() if line["level"] == "error"]


def test_a_second_indexer_on_a_data_folder_is_refused_and_the_first_goes_on(own: Service) -> None:
    with EmbeddedServer(own.data_dir), own.process("indexer") as first, own.process("searcher") as searcher:
        first.wait_until_ready()
        searcher.wait_until_ready()
        with own.process("indexer") as second:
            code = second.exit_code()
        own.wait_until_searchable()
        published = own.run("publish", "--wait", "-", stdin=b'{"id": "p-1", "title": "Pier"}')

        assert (Misconfigured.exit_code, ["data_dir_in_use"]) == (
            code,
            [line["code"] for line in second.events("process.failed")],
        )
        assert (0, ["p-1"]) == (published.returncode, own.found("pier"))


@pytest.mark.long
def test_a_projector_waits_until_the_one_of_a_killed_indexer_has_ended(own: Service) -> None:
    """Two at work on one index would remove each other's files; events are taken in meanwhile."""
    with EmbeddedServer(own.data_dir):
        with lock_data_dir(own.data_dir, "projector"), own.process("indexer") as indexer:
            indexer.wait_until_ready()
            publish(own, 3)
            until(lambda: len(indexer.events("event.accepted")) == 3, 60, "the events are in the archive")
            waiting = indexer.events("index.generation_started")
            projector = projector_of(indexer.process.pid)
        with own.process("indexer") as indexer:
            until(lambda: indexer.events("index.committed"), 60, "the index is written")

    assert [] == waiting
    assert projector is not None
    assert 3 == sum(line["changes"] for line in indexer.events("index.committed"))


@pytest.mark.long
def test_publish_wait_waits_for_the_first_index_too(own: Service) -> None:
    with EmbeddedServer(own.data_dir), ThreadPoolExecutor() as threads:
        index = lock_data_dir(own.data_dir, "projector")
        with own.process("indexer"), own.process("searcher") as searcher:
            searcher.wait_until_ready()
            done = threads.submit(own.run, "publish", "--wait", "-", stdin=b'{"id": "p-1", "title": "Pier"}')
            until(lambda: searcher.events("request.refused"), 60, "it was told that there is no index yet")
            index.close()
            published = done.result()
        refusals = {line["code"] for line in searcher.events("request.refused")}

    assert (0, {"index_rebuilding"}) == (published.returncode, refusals)


@pytest.mark.long
def test_an_indexer_whose_projector_is_killed_ends_and_up_starts_both_again(own: Service) -> None:
    with own.process("up") as up:
        up.wait_until_ready()
        own.run("publish", "--wait", "-", stdin=b'{"id": "p-1", "title": "Pier"}')
        (indexer,) = (pid for pid in children(up.process.pid) if projector_of(pid) is not None)
        projector = projector_of(indexer)
        assert projector is not None
        os.kill(projector, 9)
        until(lambda: len(up.events("broker.ready")) == 2, 60, "the indexer runs again")
        published = own.run("publish", "--wait", "-", stdin=b'{"id": "p-2", "title": "Pier"}')

        assert ["projector_ended"] == [line["code"] for line in up.events("process.failed")]
        assert (0, ["p-1", "p-2"]) == (published.returncode, sorted(own.found("pier")))


def children(parent: int) -> list[int]:
    """Return the processes that a process' main thread started."""
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel's
        return [int(pid) for pid in file.read().split()]
