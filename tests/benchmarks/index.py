"""Measures the index against Whoosh's own codec, tantivy and SQLite FTS5, in one run: `make bench-index`."""

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.benchmarks import corpus
from tests.benchmarks.engines.opening import engine_in
from tests.benchmarks.engines.protocol import Answer, Article, Engine
from tests.benchmarks.figures import Latencies, where_and_when, worked_s
from tests.benchmarks.generated import Generator
from tests.benchmarks.memory import memory_mb
from tests.benchmarks.questions import KINDS, draw_questions
from tests.benchmarks.searcher import Searcher

RESULT = Path(__file__).parent / "results" / "index.json"
DOCUMENTS = 100_000
WARM_SEED, ASKED_SEED = 1, 2
SAMPLE = 2_000
"""Questions are drawn from so many articles."""
OPENINGS = 20
OURS, NATIVE, STOCK = "newsdex", "tantivy", "whoosh"
EXPANSIONS = ("prefix", "fuzzy")
"""They go over the terms of an index, and each engine has others: ours keeps words as they stand beside their stems."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How much of everything an engine is given; a slow one gets less, and the result says how much."""

    documents: int | None
    questions: int
    updates: int
    hundreds: int


EFFORTS = {
    OURS: Effort(documents=None, questions=500, updates=300, hundreds=60),
    NATIVE: Effort(documents=None, questions=500, updates=300, hundreds=60),
    "fts5": Effort(documents=None, questions=30, updates=100, hundreds=20),
    STOCK: Effort(documents=5_000, questions=30, updates=20, hundreds=2),
}

Figures = dict[str, dict[str, Any]]
"""figure → engine → value"""


def measure(articles: Sequence[Article], fresh: Iterable[Article], *, exact: bool) -> Figures:
    """Measure every engine on a corpus; with `exact`, its words are the same words for each."""
    figures: Figures = defaultdict(dict)
    with tempfile.TemporaryDirectory(prefix="newsdex-bench-") as folder:
        root, engines, replacements = Path(folder), {}, list(fresh)
        for name, effort in EFFORTS.items():
            own = articles[: effort.documents]
            _say(f"{name}: index {len(own)}")
            engines[name] = engine_in(name, root)
            _record(figures, name, _built(engines[name], own, root / name))
            _record(figures, name, _opened(engines[name]))
        for kind in KINDS:
            answers = _asked(figures, engines, kind, articles)
            _compare(figures, answers, kind, exact=exact and kind not in EXPANSIONS)
        for name in (OURS, NATIVE):
            warm = [one for kind in KINDS for one in draw_questions(articles[:SAMPLE], kind, 100, WARM_SEED)]
            _record(figures, name, {"searcher_memory_mb": memory_mb(name, root, warm)})
        for name, effort in EFFORTS.items():
            _say(f"{name}: update")
            own = articles[: effort.documents]
            _record(figures, name, _updated(engines[name], root, effort, own, replacements))
    return dict(figures)


def _say(what: str) -> None:
    print(what, file=sys.stderr)


def _record(figures: Figures, name: str, measured: dict[str, Any]) -> None:
    for figure, value in measured.items():
        figures[figure][name] = value


def _built(engine: Engine, articles: Sequence[Article], folder: Path) -> dict[str, Any]:
    start_cpu, start = worked_s(), time.perf_counter()
    engine.build(articles)
    cpu_s, wall_s = worked_s() - start_cpu, time.perf_counter() - start
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        "documents": len(articles),
        "indexed_per_core_s": round(len(articles) / cpu_s),
        "indexed_per_s": round(len(articles) / wall_s),
        "bytes_per_document": round(size / len(articles)),
    }


def _opened(engine: Engine) -> dict[str, Any]:
    openings = Latencies()
    for _ in range(OPENINGS):
        gc.collect()
        with openings.measured():
            engine.open()
    return {"open_ms": round(statistics.median(openings), 2)}


def _asked(
    figures: Figures, engines: dict[str, Engine], kind: str, articles: Sequence[Article]
) -> dict[str, list[Answer]]:
    """Measure one kind of query on each engine, warmed with other queries of the kind."""
    answers: dict[str, list[Answer]] = {}
    for name, engine in engines.items():
        _say(f"{name}: {kind}")
        sample = articles[: min(SAMPLE, EFFORTS[name].documents or SAMPLE)]
        number = EFFORTS[name].questions
        prepared = [engine.prepared(one) for one in draw_questions(sample, kind, number, ASKED_SEED)]
        if None in prepared:
            continue
        for one in draw_questions(sample, kind, number // 2, WARM_SEED):
            engine.ask(engine.prepared(one))
        waited, worked = Latencies(), Latencies(clock=time.thread_time)
        answers[name] = []
        gc.collect()
        for one in prepared:
            with waited.measured(), worked.measured():
                answer = engine.ask(one)
            answers[name].append(answer)
        figures[f"{kind}_ms"][name] = waited.percentiles(3)
        figures[f"{kind}_cpu_ms"][name] = worked.percentiles(3)
    return answers


def _updated(
    engine: Engine, root: Path, effort: Effort, articles: Sequence[Article], replacements: Sequence[Article]
) -> dict[str, Any]:
    """Measure updates while merging goes on, of one article and of a hundred, until another process sees them."""
    targets = iter(_replaced(articles, replacements))
    all_commits, refreshes, measured = Latencies(), Latencies(), {}
    with Searcher(engine.name, root) as searcher:
        for size, times in ((1, effort.updates), (100, effort.hundreds)):
            visible = Latencies()
            for _ in range(times):
                batch = [next(targets) for _ in range(size)]
                with visible.measured():
                    with all_commits.measured():
                        engine.replace(batch)
                    refreshes.append(searcher.refresh())
            measured[f"update_{size}_ms"] = visible.percentiles()
    return measured | {"longest_commit_ms": round(max(all_commits), 1), "refresh_ms": refreshes.percentiles(3)}


def _replaced(articles: Sequence[Article], replacements: Sequence[Article]) -> Iterable[Article]:
    """Return new versions of articles from all over the index."""
    step = 7_919
    for number, article in enumerate(replacements):
        yield {**article, "id": articles[number * step % len(articles)]["id"]}


def _compare(figures: Figures, answers: dict[str, list[Answer]], kind: str, *, exact: bool) -> None:
    """Record for how many queries an engine with the same articles finds as many as ours."""
    for name, own in answers.items():
        if EFFORTS[name].documents is None:
            same = [one.total == other.total for one, other in zip(answers[OURS], own, strict=False)]
            figures[f"{kind}_same_total"][name] = round(sum(same) / len(same), 3)
    if exact and figures[f"{kind}_same_total"][NATIVE] != 1:
        raise SystemExit(f"{kind}: {OURS} and {NATIVE} find different numbers of the same words")


def ratios(figures: Figures) -> dict[str, Any]:
    """Compare; above 1 is better for rates, below 1 for times and sizes.

    Queries are compared by the time that the thread which answers worked: other programs on the machine do not count.
    """

    def ratio(figure: str, other: str, part: Callable[[Any], float] = float) -> float:
        return round(part(figures[figure][OURS]) / part(figures[figure][other]), 3)

    def at(name: str) -> Callable[[Any], float]:
        return lambda value: value[name]

    return {
        "index_vs_stock": ratio("indexed_per_core_s", STOCK),
        "index_vs_tantivy": ratio("indexed_per_core_s", NATIVE),
        "bytes_vs_tantivy": ratio("bytes_per_document", NATIVE),
        "update_vs_tantivy": ratio("update_1_ms", NATIVE, at("p50")),
        "query_vs_tantivy": {
            kind: {name: ratio(f"{kind}_cpu_ms", NATIVE, at(name)) for name in ("p50", "p99")} for kind in KINDS
        },
    }


def show(result: dict[str, Any]) -> None:
    """Print the figures as tables, one for each corpus."""
    for name, figures in result["corpora"].items():
        table = Table(name, *EFFORTS, box=None)
        for figure, values in figures.items():
            table.add_row(figure, *(_shown(values.get(engine)) for engine in EFFORTS))
        Console().print(table)
    Console().print_json(data=result["ratios"])


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{one}" for one in value.values())
    return "–" if value is None else f"{value}"


def main() -> None:
    """Measure, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, help="only so many articles, and do not keep the result")
    chosen = options.parse_args().documents
    documents = chosen or DOCUMENTS
    generator = Generator()
    fresh = max(effort.updates + 100 * effort.hundreds for effort in EFFORTS.values())
    corpora = {
        "reuters-21578": (corpus.articles()[:documents], False),
        f"generated-{documents}": (list(generator.articles(documents)), True),
    }
    replacements = list(generator.articles(fresh, first=documents))
    gc.collect()
    gc.freeze()  # no engine is to be measured going through the articles for garbage
    result: dict[str, Any] = {
        "corpora": {name: measure(own, replacements, exact=exact) for name, (own, exact) in corpora.items()}
    }
    result |= {"ratios": ratios(result["corpora"][f"generated-{documents}"]), **where_and_when()}
    show(result)
    if chosen is None:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
