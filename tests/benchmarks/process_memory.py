"""Measures the memory of each process under hostile and under real articles: `make memory`, for OPERATING.md.

Each kind of articles meets a new service. What counts is memory that no file backs (`RssAnon`): mapped files of the
index are the kernel's to drop.
"""

import argparse
import asyncio
import gzip
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import nats
from tests.benchmarks.corpus import FOLDER
from tests.benchmarks.figures import where_and_when
from tests.integration.running import Running, Service, until

from newsdex.errors import Unavailable
from newsdex.index.reader import IndexReader
from newsdex_schemas import channels

RESULT = Path(__file__).parent / "results" / "memory.json"
MIB = 1024
HOSTILE, REAL = 10, 10_000
CHARACTERS = 1_000_000
"""As many as a body may have."""
LOOK_EVERY_S = 0.05
SETTLING_S = 75.0
"""Longer than a process waits before it gives memory back."""
AT_ONCE = 16
LONGEST_S = 1_800
ROLES = {"indexer": "indexer", "spawn_main": "projector", "merge_process": "merges", "searcher": "searcher"}
"""A word of a process' command line → what the process is called; multiprocessing starts the projector only."""

Article = dict[str, Any]


def _random_text(drawn: random.Random, first: int, last: int, longest: int = 0) -> str:
    """Return a body of random characters, in words of up to so many letters; 0 for one run."""
    letters = [chr(code) for code in range(first, last)]
    text = "".join(drawn.choices(letters, k=CHARACTERS))
    if not longest:
        return text
    cuts = iter(lambda: drawn.randint(3, longest), 0)
    at, words = 0, []
    while at < len(text):
        size = next(cuts)
        words.append(text[at : at + size])
        at += size + 1
    return " ".join(words)[:CHARACTERS]


HOSTILE_BODIES: dict[str, Callable[[random.Random], str]] = {
    "Chinese characters at random": lambda drawn: _random_text(drawn, 0x4E00, 0x9FA5),
    "Chinese characters at random, full stops between": lambda drawn: "。".join(
        _random_text(drawn, 0x4E00, 0x9FA5)[: CHARACTERS // 2]
    ),
    "Thai characters at random": lambda drawn: _random_text(drawn, 0x0E01, 0x0E2F),
    "rare ideographs at random (plane 2)": lambda drawn: _random_text(drawn, 0x20000, 0x2A6D0),
    "Latin letters, every word new": lambda drawn: _random_text(drawn, ord("a"), ord("z") + 1, 8),
    "Cyrillic letters, every word new": lambda drawn: _random_text(drawn, 0x0430, 0x0450, 8),
    "Arabic letters, every word new": lambda drawn: _random_text(drawn, 0x0621, 0x064B, 8),
    "one word": lambda drawn: _random_text(drawn, ord("a"), ord("z") + 1),
    "words of one letter": lambda drawn: " ".join(_random_text(drawn, ord("a"), ord("z") + 1)[: CHARACTERS // 2]),
    "marks upon letters": lambda drawn: _random_text(drawn, 0x0300, 0x0370),
    "emoji": lambda drawn: _random_text(drawn, 0x1F300, 0x1F650),
}


def hostile(kind: str) -> Iterator[Article]:
    """Return valid articles with a body as long as it may be."""
    drawn = random.Random(kind)
    for number in range(HOSTILE):
        yield {"id": f"hostile-{number}", "title": f"Hostile {number}", "body": HOSTILE_BODIES[kind](drawn)}


def real(language: str) -> Iterator[Article]:
    """Return real articles of a language; where there are too few, the same ones under other ids."""
    files = ("reuters21578", "multilingual_800")
    rows = []
    for name in files:
        with gzip.open(FOLDER / "articles" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows += [row for row in map(json.loads, lines) if row["lang"] == language]
    for number, row in enumerate(islice(cycle(rows), REAL)):
        title = row["title"] or (row["body"] or "-")[:80]
        yield {"id": f"real-{number}", "title": title[:1_000], "body": row["body"] or "", "language": language}


def tags() -> Iterator[Article]:
    """Return articles none of whose tags another one has."""
    for number in range(REAL):
        yield {"id": f"tags-{number}", "title": "Tags", "tags": [f"tag {number} {at}" for at in range(50)]}


KINDS: dict[str, Callable[[], Iterator[Article]]] = {
    **{kind: lambda kind=kind: hostile(kind) for kind in HOSTILE_BODIES},  # type: ignore[misc]  # a default binds the loop's value
    **{f"real articles, {one}": lambda one=one: real(one) for one in ("en", "de", "fr", "ar", "fa", "zh")},  # type: ignore[misc]  # as above
    "50 tags each that no other has": tags,
}


@dataclass(kw_only=True)
class Watch(threading.Thread):
    """Looks at the memory of a service's processes until it is stopped; MiB by process."""

    up: Running
    peak: dict[str, float] = field(default_factory=dict)
    now: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._ends = threading.Event()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while not self._ends.wait(LOOK_EVERY_S):
            self.look()

    def stop(self) -> None:
        self._ends.set()
        self.join()

    def look(self) -> None:
        """Look once."""
        self.now = {name: anonymous_mib(pid) for pid, name in processes(self.up.process.pid)}
        for name, size in self.now.items():
            self.peak[name] = max(self.peak.get(name, 0.0), size)


def processes(pid: int) -> Iterator[tuple[int, str]]:
    """Return the processes below one, with what they are."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in map(int, children):
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        name = next((role for word, role in ROLES.items() if word in command), "")
        if name:
            yield child, name
        yield from processes(child)


def anonymous_mib(pid: int) -> float:
    """Return the memory of a process that no file backs; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / MIB for line in status.splitlines() if line.startswith("RssAnon:")), 0.0)


async def publish(url: str, articles: Iterator[Article]) -> int:
    """Publish articles; return their number."""
    client = await nats.connect(url)
    js, gate, number = client.jetstream(), asyncio.Semaphore(AT_ONCE), 0

    async def one(body: bytes) -> None:
        await js.publish(channels.ARTICLES_PUBLISHED, body, timeout=60)
        gate.release()

    async with asyncio.TaskGroup() as group:
        for article in articles:
            await gate.acquire()
            group.create_task(one(json.dumps(article, ensure_ascii=False).encode()))
            number += 1
    await client.close()
    return number


def measure(kind: str) -> dict[str, Any]:
    """Return peak and settled memory of each process, MiB, and the seconds until everything was searchable."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(data_dir=Path(folder))
        with service.process("up") as up:
            up.wait_until_ready()
            watch = Watch(up=up)
            watch.start()
            start = time.monotonic()
            number = asyncio.run(publish(service.broker_url, KINDS[kind]()))
            index = IndexReader(service.data_dir / "index")
            until(lambda: _position(index) >= number, LONGEST_S, "everything is searchable")
            took_s = time.monotonic() - start
            for query in ("hostile", "tags", "market", "中国", "wrods"):
                service.run("search", query)
                service.run("suggest", query[:3])
            time.sleep(SETTLING_S)
            watch.stop()
            watch.look()
        failures = sorted({line["event"] for line in up.events() if line["level"] == "error"})
    return {"searchable_s": round(took_s, 1), "peak": watch.peak, "settled": watch.now, "errors": failures}


def _position(index: IndexReader) -> int:
    try:
        return index.view().position
    except Unavailable:
        return 0


def row(kind: str, found: dict[str, Any]) -> str:
    """Return a line of the table in OPERATING.md."""
    cells = [f"{found['peak'].get(name, 0):.0f} / {found['settled'].get(name, 0):.0f}" for name in ROLES.values()]
    return f"| {kind} | {' | '.join(cells)} | {found['searchable_s']} |"


def main() -> None:
    """Measure the kinds that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", help="part of the name of a kind; any number")
    parser.add_argument("--keep", action="store_true", help="keep the result")
    chosen = parser.parse_args()
    kinds = [kind for kind in KINDS if not chosen.kind or any(part in kind for part in chosen.kind)]
    results: dict[str, Any] = {}
    print(f"MiB, peak / settled ({os.cpu_count()} cores)")
    for kind in kinds:
        results[kind] = measure(kind)
        print(row(kind, results[kind]), results[kind]["errors"] or "", flush=True)
    if chosen.keep:
        RESULT.write_text(json.dumps(where_and_when() | {"kinds": results}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
