"""newsdex beside what an engineer would write in a day, end to end over the same broker: `make bench-peers`.

Each system has a broker, an indexer and a searcher of its own, one system at a time; the systems take turns, and the
figures are medians of the rounds. Events and questions are the same bytes for all.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from rich.console import Console
from rich.table import Table
from tests.benchmarks import corpus
from tests.benchmarks.figures import Latencies, where_and_when
from tests.benchmarks.generated import Generator
from tests.conftest import ROOT
from tests.faults.external import ExternalServer

from newsdex_schemas import channels

RESULT = Path(__file__).parent / "results" / "peers.json"
PEERS = ("tantivy", "fts5")
ROUNDS = 3
IN_FLIGHT = 200
FRESH_PER_S, FRESH = 50, 1_000
WARMING, ONE_BY_ONE, TOGETHER = 300, 600, 2_000
AFTER_RESTART = 10_000
AT_ONCE = 16
POLL_S = 0.005
PATIENCE_S = 30
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

Start = Callable[[], AbstractContextManager[int]]
"""Starts a searcher, and gives its process id."""


@contextmanager
def serving(name: str, server: ExternalServer, folder: Path) -> Iterator[Start]:
    """Run a system's indexer; give what starts its searcher."""
    if name == "newsdex":
        service = server.service(folder)

        @contextmanager
        def started() -> Iterator[int]:
            with service.process("searcher") as searcher:
                searcher.wait_until_ready()
                service.wait_until_searchable()
                yield searcher.process.pid

        with service.process("indexer") as indexer:
            indexer.wait_until_ready()
            yield started
        return

    with peer(name, "indexer", folder, server.url):
        yield lambda: peer(name, "searcher", folder, server.url)


@contextmanager
def peer(name: str, role: str, folder: Path, url: str) -> Iterator[int]:
    """Run a process of an alternative; give its id."""
    command = [sys.executable, "-m", "tests.benchmarks.peers.service", name, role, str(folder), url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line == b"ready\n", f"{name}'s {role} does not start"
            yield process.pid
        finally:
            process.terminate()


async def ask(client: Client, text: str, **more: object) -> Any:
    """Return the reply to a search; end the program where it is an error."""
    body = json.dumps({"q": text, **more}).encode()
    reply = json.loads((await client.request(channels.SEARCH_QUERY, body, timeout=PATIENCE_S)).data)
    if "total" not in reply:
        raise SystemExit(f"{text!r}: {reply}")
    return reply


async def _total(client: Client) -> int:
    return int((await ask(client, "", size=0))["total"])


async def events_per_s(client: Client, lines: Sequence[bytes]) -> float:
    """Publish everything as fast as the broker acknowledges; count until all of it is found."""
    source = iter(lines)
    js = client.jetstream(timeout=PATIENCE_S)

    async def publish() -> None:
        for line in source:
            await js.publish(channels.ARTICLES_PUBLISHED, line)

    start = time.perf_counter()
    await asyncio.gather(*(publish() for _ in range(IN_FLIGHT)))
    while await _total(client) < len(lines):  # noqa: ASYNC110 - other processes do what is waited for
        await asyncio.sleep(POLL_S)
    return len(lines) / (time.perf_counter() - start)


async def freshness(client: Client, lines: Sequence[bytes]) -> Latencies:
    """Publish at a steady rate; give the time from the start of each publication to when a search counts it."""
    before, js, published_at, took = await _total(client), client.jetstream(timeout=PATIENCE_S), [], Latencies()

    async def publish() -> None:
        start = time.perf_counter()
        for number, line in enumerate(lines):
            await asyncio.sleep(max(0.0, start + number / FRESH_PER_S - time.perf_counter()))
            published_at.append(time.perf_counter())
            await js.publish(channels.ARTICLES_PUBLISHED, line)

    publishing = asyncio.create_task(publish())
    while len(took) < len(lines):
        found, now = await _total(client) - before, time.perf_counter()
        took += [(now - at) * 1e3 for at in published_at[len(took) : found]]
        await asyncio.sleep(POLL_S)
    await publishing
    return took


async def searches(client: Client, questions: Sequence[str], at_once: int) -> tuple[Latencies, float]:
    """Ask all, so many at a time; give the round trips and the searches per second."""
    source, took = iter(questions), Latencies()

    async def reader() -> None:
        for question in source:
            with took.measured():
                await ask(client, question)

    start = time.perf_counter()
    await asyncio.gather(*(reader() for _ in range(at_once)))
    return took, len(questions) / (time.perf_counter() - start)


def worked_s(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


async def measured(url: str, searcher: int, lines: Sequence[bytes], questions: Sequence[str]) -> dict[str, float]:
    """Return the figures of a system that runs."""
    client = await nats.connect(url)
    figures = {"events_per_s": await events_per_s(client, lines)}
    fresh = await freshness(client, corpus.renamed(list(lines[:FRESH]), "fresh"))
    await searches(client, questions[:WARMING], 1)
    before = worked_s(searcher)
    alone, _ = await searches(client, questions[WARMING : WARMING + ONE_BY_ONE], 1)
    cpu_ms = (worked_s(searcher) - before) / ONE_BY_ONE * 1e3
    together, per_s = await searches(client, questions[-TOGETHER:], AT_ONCE)
    await client.close()
    return figures | {
        **{f"fresh_{name}_ms": value for name, value in fresh.percentiles().items()},
        **{f"round_trip_{name}_ms": value for name, value in alone.percentiles().items()},
        "cpu_ms_a_search": cpu_ms,
        f"searches_per_s_{AT_ONCE}_at_once": per_s,
        f"{AT_ONCE}_at_once_p99_ms": together.percentiles()["p99"],
    }


async def slowest(url: str, questions: Sequence[str]) -> float:
    """Return the longest of many round trips, the first one too, in milliseconds."""
    client = await nats.connect(url)
    took, _ = await searches(client, questions, 1)
    await client.close()
    return max(took)


def one_round(name: str, lines: Sequence[bytes], questions: Sequence[str], *, restarted: bool) -> dict[str, float]:
    """Measure one system on a folder and a broker of its own."""
    with tempfile.TemporaryDirectory(prefix="newsdex-peers-") as text, ExitStack() as stack:
        folder = Path(text)
        (folder / "data").mkdir()
        server = ExternalServer(folder)
        server.start()
        stack.callback(server.kill)
        start = stack.enter_context(serving(name, server, folder / "data"))
        with start() as searcher:
            figures = asyncio.run(measured(server.url, searcher, lines, questions))
        if restarted:
            with start():
                figures["slowest_after_restart_ms"] = asyncio.run(slowest(server.url, questions[-AFTER_RESTART:]))
    return figures


def measure(lines: Sequence[bytes], rounds: int) -> dict[str, Any]:
    """Let the systems take turns; give the median of each figure."""
    questions = corpus.queries(list(lines), AFTER_RESTART)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ("newsdex", *PEERS)}
    load = []
    for number, name in itertools.product(range(rounds), found):
        load.append(os.getloadavg()[0])
        found[name].append(one_round(name, lines, questions, restarted=number == rounds - 1))
    medians = {
        name: {
            figure: round(statistics.median(one[figure] for one in every if figure in one), 2) for figure in every[-1]
        }
        for name, every in found.items()
    }
    return {"articles": len(lines), "rounds": rounds, "load_before_each": [round(one, 1) for one in load]} | medians


def articles(generated: int | None) -> list[bytes]:
    """Return Reuters-21578, or so many articles that nobody wrote."""
    if generated is None:
        return list({json.loads(line)["id"]: line for line in corpus.rows()}.values())
    return [json.dumps(article).encode() for article in Generator().articles(generated)]


def main() -> None:
    """Measure, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--generated", type=int, help="over so many generated articles instead of Reuters-21578")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--keep", action="store_true", help="keep the result")
    chosen = options.parse_args()
    result = where_and_when() | measure(articles(chosen.generated), chosen.rounds)
    table = Table("figure", "newsdex", *PEERS)
    for figure, value in result["newsdex"].items():
        table.add_row(figure, str(value), *(str(result[peer_][figure]) for peer_ in PEERS))
    Console().print(table)
    if chosen.keep:
        kept = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
        name = "reuters21578" if chosen.generated is None else f"generated_{chosen.generated}"
        RESULT.write_text(json.dumps(kept | {name: result}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
