"""A flood of large events is taken in with bounded memory, and without the broker cutting the connection."""

import asyncio
import json
import random
import sqlite3

import nats
import pytest
from tests.faults.measured import peak_mib
from tests.faults.parts import projector_of
from tests.integration.running import Service, until

from newsdex.archive.reader import MAX_FEED_BYTES
from newsdex.broker.server import EmbeddedServer
from newsdex.broker.streams import ensure_stream
from newsdex_schemas import channels

pytestmark = pytest.mark.long

EVENTS = 250
BODY_CHARS = 1_000_000
INDEXER_MIB = 300
"""Measured: 190. Without bounds in bytes it took more than 500, and grew with the flood."""
WORD_CHARS = 6


def _body(draw: random.Random) -> str:
    words = ["".join(draw.choices("abcdefghij", k=WORD_CHARS)) for _ in range(2_000)]
    return " ".join(draw.choices(words, k=BODY_CHARS // (WORD_CHARS + 1)))


async def _publish(url: str) -> None:
    connection = await nats.connect(url)
    js = connection.jetstream(timeout=30)
    await ensure_stream(js)
    body = _body(random.Random(1))
    for number in range(EVENTS):
        article = {"id": f"f-{number}", "title": f"Flood {number}", "body": body}
        await js.publish(channels.ARTICLES_PUBLISHED, json.dumps(article).encode())
    await connection.close()


def _archived(service: Service) -> int:
    with sqlite3.connect(f"file:{service.data_dir / 'archive.sqlite3'}?mode=ro", uri=True) as archive:
        number: int = archive.execute("SELECT count(*) FROM articles").fetchone()[0]
    archive.close()
    return number


def test_a_flood_of_events_of_a_megabyte_is_taken_in_with_bounded_memory(own: Service) -> None:
    with EmbeddedServer(own.data_dir) as server:
        asyncio.run(_publish(server.url))
        with own.process("indexer") as indexer:
            indexer.wait_until_ready()
            until(lambda: _archived(own) == EVENTS, 120, "everything is archived")
            until(lambda: len(indexer.events("index.committed")) > 1, 120, "the index has some of it")
            peak = peak_mib(indexer.process.pid)
            assert projector_of(indexer.process.pid) is not None
        changes = [line["changes"] for line in indexer.events("index.committed")]
        # the test's own broker left files that others may read, and that is said
        faults = [
            line
            for line in indexer.events()
            if line["level"] in {"warning", "error"} and line["event"] != "data_dir.tightened"
        ]
        outcomes = [(line["reason"], line["deliveries"]) for line in indexer.events("event.accepted")]

    assert [] == faults
    assert [("first_version", 1)] * EVENTS == outcomes
    assert peak < INDEXER_MIB
    assert max(changes) <= MAX_FEED_BYTES // BODY_CHARS + 1
