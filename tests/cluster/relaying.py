"""Kills a relay in the middle of a thousand records, poison among them, and counts what became of each.

`python -m tests.cluster.relaying --keep` does so with every engine that is there, and keeps `results/relays.json`.
"""

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
from tests.cluster import sources
from tests.cluster.engines import Missing
from tests.integration.running import Running, Service, until

from newsdex.broker.server import EmbeddedServer
from newsdex.broker.streams import CONSUMER
from newsdex_schemas import channels

RESULT = Path(__file__).parent / "results" / "relays.json"
RECORDS = 1_000
ARTICLES = 100
KILLED_AT = 401
POISON = (
    b"{",
    b"\xff\xfe no text",
    b'{"specversion": "1.0", "type": "order.created", "source": "shop", "id": "o-1"}',
    b"[]",
)
TIMEOUT_S = 120
SOURCE = "https://desk.example/cms"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One record for a source: an event, or bytes that are none."""

    id: str
    key: str
    data: dict[str, Any] = field(default_factory=dict)
    poison: bytes | None = None
    binary: bool = False
    """Whether its attributes are to travel as the source's own headers."""

    @property
    def attributes(self) -> dict[str, str]:
        """Return the attributes of its event."""
        return {"specversion": "1.0", "type": "article.updated.v1", "source": SOURCE, "id": self.id}

    @property
    def body(self) -> bytes:
        """Return the record's bytes."""
        if self.poison is not None:
            return self.poison
        return json.dumps(self.data if self.binary else {**self.attributes, "data": self.data}).encode()


def records(number: int = RECORDS) -> list[Sent]:
    """Make records; without version and time the last one of each article counts, so that their order shows."""
    made = []
    for one in range(number):
        article, id_ = f"heron-{one % ARTICLES}", str(uuid.uuid5(uuid.NAMESPACE_URL, f"{SOURCE}/{one}"))
        poison = POISON[one % len(POISON)] + b" " * one if one % 50 == 7 else None
        data = {"id": article, "title": f"Heron {one}", "body": "Seen at the weir. " * 20}
        made.append(Sent(id=id_, key=article, data=data, poison=poison, binary=one % 10 == 3))
    return made


@dataclass(kw_only=True)
class Outcomes:
    """What became of all records."""

    records: int
    outcomes: int
    parked: int
    lost: int
    twice: int
    """Events that had an effect more than once."""
    disordered: int
    """Articles whose last record is not what is shown."""


def outcomes(data_dir: Path, sent: Iterable[Sent]) -> Outcomes:
    """Read them out of the archive."""
    sent = list(sent)
    events = {record.id: record for record in sent if record.poison is None}
    last = {record.key: record.data["title"] for record in events.values()}
    with closing(sqlite3.connect(f"file:{data_dir}/archive.sqlite3?mode=ro", uri=True)) as archive:
        effects = Counter(
            id_ for (id_,) in archive.execute("SELECT event_id FROM ledger WHERE outcome = 'accepted'") if id_ in events
        )
        handled = {id_ for (id_,) in archive.execute("SELECT event_id FROM ledger WHERE outcome != 'parked'")}
        parked = Counter(bytes(body) for (body,) in archive.execute("SELECT body FROM parked"))
        shown = {
            id_: json.loads(content)["title"]
            for id_, content in archive.execute("SELECT id, content FROM articles WHERE content IS NOT NULL")
        }
    poison = Counter(record.body for record in sent if record.poison is not None)
    lost = len(events.keys() - handled) + (poison - parked).total()
    doubled = sum(number - 1 for number in effects.values()) + (parked - poison).total()
    return Outcomes(
        records=len(sent),
        outcomes=len(sent) - lost,
        parked=parked.total(),
        lost=lost,
        twice=doubled,
        disordered=sum(shown.get(key) != title for key, title in last.items()),
    )


async def kill_at(url: str, number: int, running: Running) -> None:
    """Kill the relay as soon as the broker has a number of its messages."""
    client = await nats.connect(url)
    try:
        seen = await client.subscribe("articles.>")
        await client.flush()
        for _ in range(number):
            await seen.next_msg(timeout=TIMEOUT_S)
        running.kill()
    finally:
        await client.close()


async def _waiting(url: str) -> tuple[int, int]:
    client = await nats.connect(url)
    try:
        js = client.jetstream()
        stream, consumer = await js.stream_info(channels.STREAM), await js.consumer_info(channels.STREAM, CONSUMER)
        return stream.state.messages, (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)
    finally:
        await client.close()


def relay_and_kill(make: Callable[[Path], AbstractContextManager["sources.Fed"]], folder: Path) -> dict[str, Any]:
    """Feed a source, relay from it, kill the relay, start it again, and count."""
    data_dir, engine = folder / "data", folder / "engine"
    data_dir.mkdir()
    engine.mkdir()
    sent = records()
    with make(engine) as fed, EmbeddedServer(data_dir) as server:
        asyncio.run(fed.feed(sent))
        service = Service(data_dir=data_dir, settings={"NEWSDEX_RELAY_URL": fed.url})
        with service.process("indexer") as indexer:
            indexer.wait_until_ready()
            first = Running.start(service, "relay")
            try:
                asyncio.run(asyncio.wait_for(kill_at(server.url, KILLED_AT, first), TIMEOUT_S))
            finally:
                first.kill()
            stored = asyncio.run(_waiting(server.url))[0]
            began = time.monotonic()
            with service.process("relay") as second:
                second.wait_until_ready()
                until(lambda: asyncio.run(fed.waiting()) == 0, TIMEOUT_S, "the source has nothing more")
                took_s = time.monotonic() - began
                until(lambda: asyncio.run(_waiting(server.url))[1] == 0, TIMEOUT_S, "the indexer has handled all")
                found = outcomes(data_dir, sent)
                assert second.stop() == 0
    return {**vars(found), "stored_when_killed": stored, "second_relay_s": round(took_s, 1)}


def main() -> None:
    """Measure with every engine that can be had, and show or keep it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--keep", action="store_true", help=f"write the result to {RESULT.name}")
    options.add_argument("--source", choices=sources.SOURCES, action="append", help="only these; repeatable")
    chosen = options.parse_args()
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    for name in chosen.source or sources.SOURCES:
        with tempfile.TemporaryDirectory(prefix="newsdex-relays-") as folder:
            try:
                result[name] = relay_and_kill(sources.SOURCES[name], Path(folder))
            except Missing as missing:
                result[name] = {"not_run": str(missing)}
        print(name, json.dumps(result[name]), flush=True)
    if chosen.keep:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
