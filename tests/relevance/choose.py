"""Chooses the parameters of ranking so that no collection is tuned to: `make relevance-choose`.

Each collection is left out once: the parameters that are best for the others on average, each relative to its
reference, are judged on the one that had no part in the choice. What is shipped is what most folds choose, and where
they do not agree, of their values the one nearer to the literature's.
"""

import itertools
import json
import math
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean
from typing import Any

from ir_measures import calc_aggregate, nDCG
from tests.relevance import collections, reference
from tests.relevance.measure import quiet
from tests.scenarios.corpus import NOW, SEAL, Corpus

from newsdex.index.columnar.query import bm25f, score_nodes
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.scope import SearchScope
from newsdex.records.moments import microseconds
from newsdex.search.plan import build
from newsdex.search.plan.curation import shipped
from newsdex.search.plan.filters import hidden_query
from newsdex.search.request import parse_request, run_query
from newsdex_schemas import SearchRequest

RESULT = Path(__file__).parent / "choice.json"
GRID: Mapping[str, tuple[float, ...]] = {
    "k1": (1.2, 2.0, 2.5), "b": (0.6, 0.75), "delta": (0.0, 0.5), "title": (2.0, 3.0), "repeated": (0.0, 0.5)
}  # fmt: skip
"""K1 from the usual 1.2 up: weighted fields have more occurrences, so a higher one fits (Robertson and Zaragoza 2009,
section 3.6)."""
MAX_QUERIES = 100
"""Of each collection, evenly taken."""
DEPTH = 10


def set_parameters(k1: float, b: float, delta: float, title: float, repeated: float) -> None:
    """Rank with these from now on."""
    bm25f.K1 = k1
    bm25f.B = score_nodes.B = b
    bm25f.DELTA = delta
    TEXT_FIELDS["title"] = title
    build.REPEATED = repeated


def judged(collection: collections.Collection, corpus: Corpus) -> float:
    """Return nDCG@10, without making the replies."""
    view, now_us = corpus.reader.view(), microseconds(NOW)
    run = {}
    for id_, text in sample(collection).items():
        parsed = parse_request(SearchRequest(q=text, size=DEPTH, words="most"), now_us, SEAL)
        scope = SearchScope(hidden=hidden_query(now_us, []), deadline=math.inf)
        found = run_query(view, parsed, shipped(), scope, corpus.lexicons).found
        run[id_] = {document: float(DEPTH - place) for place, (document, _) in enumerate(found.documents)}
    judgements = {id_: collection.judgements[id_] for id_ in run}
    return float(calc_aggregate([nDCG @ DEPTH], judgements, run)[nDCG @ DEPTH])


def sample(collection: collections.Collection) -> dict[str, str]:
    """Return some of a collection's queries."""
    every = list(collection.queries.items())
    return dict(every[:: -(-len(every) // MAX_QUERIES)])


def best(
    figures: Mapping[tuple[float, ...], Mapping[str, float]], plain: Mapping[str, float], names: Iterable[str]
) -> tuple[float, ...]:
    """Return the parameters that are best for some collections, each relative to plain BM25."""
    chosen_for = list(names)
    return max(figures, key=lambda chosen: sum(figures[chosen][name] / plain[name] for name in chosen_for))


def main() -> None:
    """Try the grid, leave each collection out once, show and keep."""
    quiet()
    figures: dict[tuple[float, ...], dict[str, float]] = {chosen: {} for chosen in itertools.product(*GRID.values())}
    start = time.monotonic()
    plain: dict[str, float] = {}
    with ExitStack() as stack:
        for name in collections.names():
            collection = collections.read(name)
            by_query = reference.ndcg_by_query(collection)
            plain[name] = fmean(by_query[id_] for id_ in sample(collection))
            corpus = stack.enter_context(collections.indexed(collection))
            for chosen, found in figures.items():
                set_parameters(*chosen)
                found[name] = round(judged(collection, corpus), 4)
    folds: dict[str, Any] = {}
    for name in plain:
        chosen = best(figures, plain, plain.keys() - {name})
        folds[name] = {**dict(zip(GRID, chosen, strict=True)), "nDCG@10": figures[chosen][name]}
    overall = best(figures, plain, plain)
    result = {
        "without": folds,
        "all": {**dict(zip(GRID, overall, strict=True)), "nDCG@10": figures[overall]},
        "grid": [{**dict(zip(GRID, chosen, strict=True)), **found} for chosen, found in figures.items()],
    }
    print(json.dumps({key: value for key, value in result.items() if key != "grid"}, indent=2))
    print(f"{time.monotonic() - start:.0f} s")
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
