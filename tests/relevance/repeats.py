"""Measures which articles of Reuters-21578 count as versions of one story, against pairs that were marked by reading.

`repeats.txt` has the marks, by the articles' numbers. They are of the pairs with half of their shingles in common, of
four days: `same` are reports of one event, corrected, cut or carried on by a third at most; `shorter`, those that are
carried on by more, count neither way; `other` are reports of different events in the same form (two banks that raise
their rates, a market on two days). Pairs that are joined and have no mark are told, and have to be read.
"""

import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from tests.benchmarks.corpus import rows
from tests.columnar.corpus import Indexed

from newsdex.index.columnar.query.matches import repeats
from newsdex.index.columnar.query.matches.repeats import Versions
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.reader import IndexReader

MARKS = Path(__file__).parent / "repeats.txt"
RESULT = Path(__file__).parent / "repeats.json"
AT_ONCE = 1_000
TRIED = (50, 54, 58, 62, 66, 70)
"""Limits of differing bits."""
LONG = 34
"""Words of title and body; shorter ones count as versions only where they have the same words in threes."""

Pair = tuple[int, int]


def read_marks() -> dict[str, set[Pair]]:
    """Return the marked pairs by their mark."""
    marks: dict[str, set[Pair]] = {}
    for line in MARKS.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            own = marks.setdefault(line.strip("[]"), set())
        elif not line.startswith("#"):
            own |= {(int(one), int(other)) for one, other in (pair.split() for pair in line.split(","))}
    return marks


def read() -> list[dict[str, Any]]:
    """Return all articles of Reuters as they are indexed."""
    names = ("id", "title", "body", "published_at")
    return [{name: row[name] for name in names if row[name]} for row in map(json.loads, rows())]


def indexed(folder: Path, articles: Sequence[dict[str, Any]]) -> Snapshot:
    """Return an index of one segment."""
    index = Indexed(folder)
    for start in range(0, len(articles), AT_ONCE):
        index.apply([{"title": "—"} | article for article in articles[start : start + AT_ONCE]])
    index.writer.merge_everything()
    return IndexReader(folder).view().snapshot


def joined(snapshot: Snapshot) -> Iterator[Pair]:
    """Yield all pairs of articles that are versions, the lesser number first."""
    every = np.arange(snapshot.documents)
    versions = Versions(snapshot, lambda: False)
    for start in range(0, len(every), AT_ONCE):
        some = every[start : start + AT_ONCE]
        for first, second in versions.pairs(some, every[start:]):
            for one, other in zip(some.take(first).tolist(), (second + start).tolist(), strict=True):
                numbers = number(snapshot.article_id(one)), number(snapshot.article_id(other))
                if one < other:
                    yield min(numbers), max(numbers)


def number(id_: str) -> int:
    """Return the number by which an article is marked."""
    return int(id_.rpartition("-")[2])


def measured(snapshot: Snapshot, marks: dict[str, set[Pair]], long: set[int]) -> dict[str, float | int]:
    """Return the figures for the limits that are set."""
    found = set(joined(snapshot))
    same = {pair for pair in marks["same"] if long.issuperset(pair)}
    return {
        "joined": len(found),
        "marked the same": len(marks["same"]),
        "of these joined": round(len(marks["same"] & found) / len(marks["same"]), 3),
        f"marked the same, of {LONG} words or more": len(same),
        "of these joined ": round(len(same & found) / len(same), 3),
        "of the joined, wrong": round(len(marks["other"] & found) / len(found), 4),
        "joined without a mark": len(found - set().union(*marks.values())),
    }


def main() -> None:
    """Measure, write the result, and show what other limits would do."""
    marks, chosen = read_marks(), repeats.MOST_DIFFERING
    table, articles = Table("limit"), read()
    long = {number(one["id"]) for one in articles if len(f"{one.get('title')} {one.get('body')}".split()) >= LONG}
    with TemporaryDirectory(prefix="newsdex-repeats-") as folder:
        snapshot = indexed(Path(folder), articles)
        for limit in TRIED:
            repeats.MOST_DIFFERING = limit
            start = time.process_time()
            figures = measured(snapshot, marks, long)
            if limit == chosen:
                RESULT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
            if not table.row_count:
                for name in figures:
                    table.add_column(name, justify="right")
            table.add_row(f"{limit}{' *' if limit == chosen else ''}", *map(str, figures.values()))
            seconds = time.process_time() - start
    compared = math.comb(snapshot.documents, 2)
    Console().print(table, f"{seconds / compared * 1e9:.1f} ns for a pair of articles")


if __name__ == "__main__":
    main()
