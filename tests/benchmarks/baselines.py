"""What we are measured against, in the same run: the bare broker, and SQLite FTS5."""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Sequence

import nats
from nats.errors import TimeoutError as NatsTimeoutError
from tests.benchmarks.figures import Latencies

IN_FLIGHT = 200
PULLED_AT_ONCE = 300


async def bare_broker_per_s(url: str, lines: Sequence[bytes]) -> float:
    """Publish and acknowledge the same bytes with a handler that does nothing: no program on this broker is faster."""
    connection = await nats.connect(url)
    js = connection.jetstream(timeout=30)
    await js.add_stream(name="BENCH", subjects=["bench"])
    source = iter(lines)

    async def publish() -> None:
        for line in source:
            await js.publish("bench", line)

    async def consume() -> None:
        subscription = await js.pull_subscribe("bench", durable="bench")
        taken = 0
        while taken < len(lines):
            try:
                batch = await subscription.fetch(PULLED_AT_ONCE, timeout=1)
            except NatsTimeoutError:
                continue
            for message in batch:
                json.loads(message.data)
                await message.ack()
            taken += len(batch)

    start = time.perf_counter()
    await asyncio.gather(consume(), *(publish() for _ in range(IN_FLIGHT)))
    taken_s = time.perf_counter() - start
    await js.delete_stream("BENCH")
    await connection.close()
    return len(lines) / taken_s


def fts5_ms(lines: Sequence[bytes], queries: Sequence[str]) -> Latencies:
    """Ask SQLite FTS5, in memory and in this process, for the ten best and the total, as our index is asked."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE articles USING fts5(title, body, tokenize='porter unicode61')")
    texts = ((row["title"], row["body"]) for row in map(json.loads, lines))
    connection.executemany("INSERT INTO articles VALUES (?, ?)", texts)
    latencies = Latencies()
    for query in queries:
        match = " ".join(f'"{words or word}"' for words, word in re.findall(r'"([^"]+)"|(\w+)', query))
        with latencies.measured():
            ranked = "SELECT rowid FROM articles WHERE articles MATCH ? ORDER BY rank LIMIT 10"
            connection.execute(ranked, (match,)).fetchall()
            connection.execute("SELECT count(*) FROM articles WHERE articles MATCH ?", (match,)).fetchone()
    connection.close()
    return latencies
