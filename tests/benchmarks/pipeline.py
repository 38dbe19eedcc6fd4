"""Measures the pipeline on Reuters-21578: `make bench`. Everything runs on this machine and shares its cores."""

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.table import Table
from tests.benchmarks import baselines, corpus
from tests.benchmarks.figures import Latencies, where_and_when
from tests.benchmarks.replies import replies
from tests.integration.running import Service

from newsdex.apps.client import Client, connected
from newsdex.index.reader import IndexReader
from newsdex.settings import Settings
from newsdex_schemas import EventOutcome, EventRef, SearchRequest
from newsdex_schemas.search import FacetName

RESULT = Path(__file__).parent / "results" / "pipeline.json"
QUERIES = 600
FRESH_PER_S = 50
FRESH_S = 30
POLL_S = 0.01
GENERATED = 100_000
"""Searches of each kind are measured over so many articles that nobody wrote."""
FULL: dict[str, Any] = {"facets": get_args(FacetName), "histogram": True}
"""A reply with everything."""


async def throughput(settings: Settings, lines: Sequence[bytes]) -> dict[str, float]:
    """Publish everything, as fast as the broker acknowledges; give events per second into archive and index."""
    archive = sqlite3.connect(f"file:{settings.data_dir / 'archive.sqlite3'}?mode=ro", uri=True)

    def number(query: str) -> int:
        return archive.execute(query).fetchone()[0] or 0

    start = time.perf_counter()
    async with connected(settings) as client:
        await client.publish(corpus.messages(list(lines), "reuters"), lambda _: None)
        acknowledged_s = time.perf_counter() - start
        await _until(lambda: number("SELECT count(*) FROM ledger") >= len(lines))
    archived_s = time.perf_counter() - start
    last = number("SELECT max(sequence) FROM articles")
    index = IndexReader(settings.data_dir / "index")
    await _until(lambda: index.view().position >= last)
    searchable_s = time.perf_counter() - start
    archive.close()
    return {
        "acknowledged_per_s": len(lines) / acknowledged_s,
        "archived_per_s": len(lines) / archived_s,
        "searchable_per_s": len(lines) / searchable_s,
    }


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - other processes do what is waited for
        await asyncio.sleep(POLL_S)


async def freshness(settings: Settings, lines: Sequence[bytes]) -> Latencies:
    """Publish at a steady rate; give the time from the start of each publication to when searches reflect it."""
    published_at: dict[EventRef, float] = {}
    latencies = Latencies()
    async with connected(settings) as client, asyncio.TaskGroup() as group:
        group.create_task(_watch(client, published_at, latencies, len(lines)))
        start = time.perf_counter()
        for number, message in enumerate(corpus.messages(list(lines), "fresh")):
            await asyncio.sleep(max(0.0, start + number / FRESH_PER_S - time.perf_counter()))
            published_at[message.ref] = time.perf_counter()
            group.create_task(client.publish([message], lambda _: None))
    return latencies


async def _watch(client: Client, published_at: dict[EventRef, float], latencies: Latencies, number: int) -> None:
    def searchable(outcome: EventOutcome) -> None:
        ref = EventRef(source=outcome.source, id=outcome.id)
        latencies.append((time.perf_counter() - published_at.pop(ref)) * 1e3)

    while len(latencies) < number:
        asked = list(published_at)[:500]
        for outcome in (await client.outcomes(asked)).outcomes if asked else ():
            if outcome.reflected:
                searchable(outcome)
        await asyncio.sleep(POLL_S)


async def searches(
    settings: Settings, queries: Sequence[str], **options: Any
) -> tuple[Latencies, Latencies, Latencies]:
    """Ask one after the other; give round trips, the index's own time, and what the reply adds to it."""
    round_trips, index, added = Latencies(), Latencies(), Latencies()
    async with connected(settings) as client:
        for query in queries:
            with round_trips.measured():
                reply = await client.search(SearchRequest(q=query, timeout_ms=10_000, **options))
            index.append(reply.index_ms)
            added.append(reply.took_ms - reply.index_ms)
    return round_trips, index, added


def measure(lines: list[bytes]) -> dict[str, Any]:
    """Run everything once, on a data folder of its own."""
    queries = corpus.queries(lines, QUERIES)
    with tempfile.TemporaryDirectory(prefix="newsdex-bench-") as folder:
        service = Service(data_dir=Path(folder))
        settings = Settings(data_dir=service.data_dir)
        with service.process("up") as up:
            up.wait_until_ready()
            bare = asyncio.run(baselines.bare_broker_per_s(service.broker_url, lines))
            rates = asyncio.run(throughput(settings, lines))
            fresh = asyncio.run(freshness(settings, corpus.renamed(lines[: FRESH_PER_S * FRESH_S], "fresh")))
            asyncio.run(searches(settings, queries[:60]))  # opens files and fills caches
            round_trips, index, added = asyncio.run(searches(settings, queries))
            full, _, full_added = asyncio.run(searches(settings, queries, **FULL))
    fts5 = baselines.fts5_ms(lines, queries)
    figures = {
        **{name: round(rate) for name, rate in rates.items()},
        "freshness_ms": fresh.percentiles(),
        "search_ms": round_trips.percentiles(),
        "index_ms": index.percentiles(),
        "reply_adds_ms": added.percentiles(),
        "full_reply_ms": full.percentiles(),
        "full_reply_adds_ms": full_added.percentiles(),
        "peers": {"bare_broker_per_s": round(bare), "fts5_ms": fts5.percentiles()},
    }
    figures["ratios"] = {
        "archived_to_bare_broker": round(rates["archived_per_s"] / bare, 2),
        "index_to_fts5_p50": round(index.percentiles()["p50"] / fts5.percentiles()["p50"], 1),
    }
    return {"events": len(lines), "queries": len(queries), **figures, **where_and_when()}


def show(result: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value", box=None)
    for name, value in result.items():
        shown = ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else f"{value}"
        table.add_row(name, shown)
    Console().print(table)


def main() -> None:
    """Measure, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, help="only so many articles, and do not keep the result")
    chosen = options.parse_args().events
    result = measure(corpus.rows()[:chosen])
    result["generated"] = {"articles": chosen or GENERATED, "round_trip_ms": replies(chosen or GENERATED)}
    show(result)
    if chosen is None:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
