"""Measures a rebuild of Reuters-21578 under load: `python -m tests.faults.rebuilding` keeps `results/rebuild.json`.

100 events and 50 queries a second go on, a while before it and all the way through. Everything runs on this machine and
shares its cores.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.benchmarks import corpus
from tests.benchmarks.figures import Latencies, where_and_when
from tests.integration.running import Service

from newsdex.apps.client import Client, connected
from newsdex.errors import NewsdexError
from newsdex.settings import Settings
from newsdex_schemas import EventRef, SearchRequest

RESULT = Path(__file__).parent / "results" / "rebuild.json"
EVENTS_PER_S, QUERIES_PER_S = 100, 50
BEFORE_S = 20
FRESHNESS_EVERY = 50
"""For one event in so many it is measured when searches reflect it."""
QUERIES = 600
POLL_S = 0.25
FILLING_TIMEOUT_S = 600
TIMEOUT_MS = 10_000


@dataclass(kw_only=True)
class Seen:
    """What requesters and publishers met in one part of the run."""

    queries_ms: Latencies = field(default_factory=Latencies)
    freshness_ms: Latencies = field(default_factory=Latencies)
    errors: Counter[str] = field(default_factory=Counter)
    events: int = 0

    def figures(self) -> dict[str, Any]:
        """Return it in numbers."""
        return {
            "events": self.events,
            "queries": len(self.queries_ms),
            "query_errors": dict(self.errors),
            "query_ms": self.queries_ms.percentiles(),
            "freshness_ms": self.freshness_ms.percentiles(),
        }


@dataclass(kw_only=True)
class Load:
    """Publishes and searches at a steady rate; `seen` is where the part of the run that goes on is entered."""

    client: Client
    lines: Sequence[bytes]
    queries: Sequence[str]
    seen: Seen = field(default_factory=Seen)
    stopping: bool = False

    async def run(self) -> None:
        """Go on until stopped."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pace(EVENTS_PER_S, self._publish, group))
            group.create_task(self._pace(QUERIES_PER_S, self._search, group))

    async def _pace(self, per_s: float, work: Callable[[int], Awaitable[None]], group: asyncio.TaskGroup) -> None:
        start = time.perf_counter()
        for number in count():
            if self.stopping:
                return
            await asyncio.sleep(max(0.0, start + number / per_s - time.perf_counter()))
            group.create_task(work(number))  # type: ignore[arg-type]  # a coroutine function's result

    async def _publish(self, number: int) -> None:
        """Publish an update of an article; for some, wait until searches reflect it."""
        seen, start = self.seen, time.perf_counter()
        message = next(corpus.messages([self.lines[number % len(self.lines)]], f"load-{number}"))
        await self.client.publish([message], lambda _: None)
        seen.events += 1
        if number % FRESHNESS_EVERY == 0:
            await self._ask(SearchRequest(size=0, wait_for=message.ref, timeout_ms=TIMEOUT_MS), seen)
            seen.freshness_ms.append((time.perf_counter() - start) * 1e3)

    async def _search(self, number: int) -> None:
        seen = self.seen
        with seen.queries_ms.measured():
            await self._ask(SearchRequest(q=self.queries[number % len(self.queries)], timeout_ms=TIMEOUT_MS), seen)

    async def _ask(self, request: SearchRequest, seen: Seen) -> None:
        try:
            reply = await self.client.search(request)
        except NewsdexError as error:
            seen.errors[error.code] += 1
        else:
            seen.errors.update({"partial": 1} if reply.partial else {})


async def measure_run(settings: Settings, lines: list[bytes]) -> dict[str, Any]:
    """Fill the service, rebuild under load, and give the figures."""
    async with connected(settings) as client, asyncio.TaskGroup() as group:
        publication = await client.publish(corpus.messages(lines, "reuters"), lambda _: None)
        last = EventRef(source="nats", id=f"reuters-{len(lines) - 1}")
        await client.wait_until_searchable([last], FILLING_TIMEOUT_S, lambda _: None)
        load = Load(client=client, lines=updates(lines), queries=corpus.queries(lines, QUERIES))
        running = group.create_task(load.run())
        before = load.seen
        await asyncio.sleep(BEFORE_S)
        during = load.seen = Seen()
        old = (await client.index_status()).generation
        start = time.perf_counter()
        await client.rebuild_index()
        while (status := await client.index_status()).building is not None:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(POLL_S)
        took_s = time.perf_counter() - start
        load.stopping = True
        await running
    if status.generation in {None, old}:
        raise SystemExit(f"the rebuild failed: {status.fault}")
    return {
        "articles": publication.acknowledged,
        "events_per_s": EVENTS_PER_S,
        "queries_per_s": QUERIES_PER_S,
        "rebuild_s": round(took_s, 1),
        "load_average": [round(one, 1) for one in os.getloadavg()],
        "before": before.figures(),
        "during": during.figures(),
    }


def updates(lines: Sequence[bytes]) -> list[bytes]:
    """Return the articles once more, each in a newer version."""
    return [json.dumps({**json.loads(line), "version": 1_000_000}).encode() for line in lines]


def main() -> None:
    """Measure, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, help="only so many, and do not keep the result")
    chosen = options.parse_args().articles
    with tempfile.TemporaryDirectory(prefix="newsdex-rebuild-") as folder:
        service = Service(data_dir=Path(folder))
        with service.process("up") as up:
            up.wait_until_ready()
            figures = asyncio.run(measure_run(Settings(data_dir=service.data_dir), corpus.rows()[:chosen]))
        checked = service.run("check")
    result = {**figures, "check": checked.stdout.strip(), **where_and_when()}
    print(json.dumps(result, indent=2))
    if chosen is None:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
