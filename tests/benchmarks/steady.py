"""Measures searches while events come all the time: `make bench-steady`, half an hour.

First requests only, then as many requests beside events. What is promised: the 99th percentile grows by half at most,
and after ten minutes no process' memory grows by more than 10 MB an hour.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from rich.console import Console
from rich.table import Table
from tests.benchmarks import corpus
from tests.benchmarks.figures import Latencies, where_and_when
from tests.benchmarks.process_memory import anonymous_mib, processes, publish
from tests.integration.running import Running, Service, until

from newsdex.errors import Unavailable
from newsdex.index.reader import IndexReader
from newsdex_schemas import channels

RESULT = Path(__file__).parent / "results" / "steady.json"
PER_S = 15
"""Events, and requests."""
WARM_S = 30.0
QUIET_S = 180.0
MINUTES = 25.0
SETTLED_S = 600.0
LOOK_EVERY_S = 5.0
MAX_RATIO, MAX_MB_PER_HOUR = 1.5, 10.0
SECONDS_PER_HOUR = 3_600
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LONGEST_S = 600

Samples = dict[str, list[tuple[float, float]]]
"""Process → (seconds, MiB)."""


async def every(period_s: float, seconds: float, work: Any) -> list[Any]:
    """Start work at a steady rate, however long each piece takes; return what each gave."""
    start, tasks = time.monotonic(), []
    for number in count():
        due = start + number * period_s
        if due - start >= seconds:
            break
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(work(number)))
    return await asyncio.gather(*tasks)


class Requests:
    """Queries of two words of the articles' titles."""

    def __init__(self, client: Client, articles: Sequence[dict[str, Any]]) -> None:
        self._client = client
        self._articles = articles
        self._draw = random.Random(1)
        self.took = Latencies()
        self.codes: dict[str, int] = {}

    async def ask(self, _: int) -> None:
        words = self._draw.choice(self._articles)["title"].split() or ["market"]
        query = " ".join(self._draw.sample(words, min(2, len(words))))
        with self.took.measured():
            reply = await self._client.request("search.query", json.dumps({"q": query}).encode(), timeout=30)
        code = json.loads(reply.data).get("code", "ok")
        self.codes[code] = self.codes.get(code, 0) + 1


async def watch(up: Running, samples: Samples, ends: asyncio.Event) -> None:
    """Look at the memory of each process until the end."""
    start = time.monotonic()
    while not ends.is_set():
        for pid, name in processes(up.process.pid):
            samples.setdefault(name, []).append((time.monotonic() - start, anonymous_mib(pid)))
        await asyncio.sleep(LOOK_EVERY_S)


def searching_s(up: Running) -> float:
    """Return the processor time that the searchers have taken."""
    taken = 0.0
    for pid, name in processes(up.process.pid):
        if name == "searcher":
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            taken += (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return taken


async def phase(up: Running, url: str, articles: Sequence[dict[str, Any]], seconds: float, *, events: bool) -> Any:
    """Ask for a while, with events or without; return the figures and the samples of memory."""
    client = await nats.connect(url)
    requests, samples, ends = Requests(client, articles), Samples(), asyncio.Event()
    js = client.jetstream()

    async def publish_one(number: int) -> None:
        article = articles[number % len(articles)] | {"id": f"steady-{seconds}-{number}"}
        await js.publish(channels.ARTICLES_PUBLISHED, json.dumps(article).encode(), timeout=60)

    before = searching_s(up)
    watching = asyncio.create_task(watch(up, samples, ends))
    work = [every(1 / PER_S, seconds, requests.ask)]
    if events:
        work.append(every(1 / PER_S, seconds, publish_one))
    await asyncio.gather(*work)
    ends.set()
    await watching
    await client.close()
    cpu_ms = (searching_s(up) - before) / len(requests.took) * 1e3
    figures = {"ms": requests.took.percentiles(), "cpu_ms_a_request": round(cpu_ms, 2), "codes": requests.codes}
    return figures, samples


def slope(samples: Sequence[tuple[float, float]], after_s: float) -> float | None:
    """Return by how many MB an hour memory grows after some time; None where too little was seen."""
    seen = [(at, size) for at, size in samples if at >= after_s]
    if len(seen) < 3:
        return None
    return round(statistics.linear_regression(*zip(*seen, strict=True)).slope * SECONDS_PER_HOUR * 1.048576, 1)


def measure(minutes: float, number: int) -> dict[str, Any]:
    """Return the figures without events and with them."""
    articles = corpus.articles()[:number]
    with tempfile.TemporaryDirectory() as folder:
        service = Service(data_dir=Path(folder))
        with service.process("up") as up:
            up.wait_until_ready()
            asyncio.run(publish(service.broker_url, iter(articles)))
            index = IndexReader(Path(folder) / "index")
            until(lambda: _position(index) >= len(articles), LONGEST_S, "everything is searchable")
            asyncio.run(phase(up, service.broker_url, articles, WARM_S, events=False))
            quiet, _ = asyncio.run(phase(up, service.broker_url, articles, QUIET_S, events=False))
            steady, samples = asyncio.run(phase(up, service.broker_url, articles, minutes * 60, events=True))
    return {
        "articles": len(articles),
        "without_events": quiet,
        "with_events": steady,
        "p99_ratio": round(steady["ms"]["p99"] / quiet["ms"]["p99"], 2),
        "mb_an_hour": {name: slope(of_process, SETTLED_S) for name, of_process in samples.items()},
        "mib_at_the_end": {name: round(of_process[-1][1], 1) for name, of_process in samples.items()},
    }


def _position(index: IndexReader) -> int:
    try:
        return index.view().position
    except Unavailable:
        return 0


def main() -> None:
    """Measure, show and keep; exit with 1 where a promise is not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--keep", action="store_true", help="keep the result")
    options = parser.parse_args()
    result = measure(options.minutes, options.articles)
    table = Table("", "p50 ms", "p99 ms", "CPU ms a request")
    for name in ("without_events", "with_events"):
        figures = result[name]
        table.add_row(name, *(str(one) for one in (*figures["ms"].values(), figures["cpu_ms_a_request"])))
    Console().print(table, result)
    if options.keep:
        RESULT.write_text(json.dumps(where_and_when() | result, indent=2) + "\n", encoding="utf-8")
    growing = {name: slope for name, slope in result["mb_an_hour"].items() if slope and slope > MAX_MB_PER_HOUR}
    if result["p99_ratio"] > MAX_RATIO or growing:
        raise SystemExit(f"not as promised: p99 × {result['p99_ratio']}, {growing}")


if __name__ == "__main__":
    main()
