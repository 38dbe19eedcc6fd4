"""Chooses the parameters of ranking so that no collection is tuned to: `make relevance-choose`.

Each collection is left out once: the parameters that are best for the others on average, each relative to its
reference, are judged on the one that had no part in the choice. What is shipped is what most folds choose, and where
they do not agree, of their values the one nearer to the literature's.
"""

import itertools
import json
import math
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ir_measures import calc_aggregate, nDCG
from tests.relevance import collections
from tests.relevance.measure import REFERENCES, quiet
from tests.scenarios.corpus import NOW, SEAL, Corpus

from newsdex.index.columnar.query import bm25f
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.scope import SearchScope
from newsdex.records import microseconds
from newsdex.search.plan import expansion
from newsdex.search.plan.curation import shipped
from newsdex.search.plan.filters import hidden_query
from newsdex.search.request import parse_request, run_query
from newsdex_schemas import SearchRequest

RESULT = Path(__file__).parent / "choice.json"
GRID: Mapping[str, tuple[float, ...]] = {"k1": (1.2, 2.0, 2.5, 3.0), "title": (2.0, 3.0, 4.0), "related": (0.0, 0.5)}
"""K1 from the usual 1.2 up: weighted fields have more occurrences, so a higher one fits (Robertson and Zaragoza 2009,
section 3.6). B stays at the usual 0.75."""
DEPTH = 10


def set_parameters(k1: float, title: float, related: float) -> None:
    """Rank with these from now on."""
    bm25f.K1 = k1
    TEXT_FIELDS["title"] = title
    expansion.RELATED = related


def judged(collection: collections.Collection, corpus: Corpus) -> float:
    """Give nDCG@10, without making the replies."""
    view, now_us = corpus.reader.view(), microseconds(NOW)
    run = {}
    for id_, text in collection.queries.items():
        parsed = parse_request(SearchRequest(q=text, size=DEPTH, words="most"), now_us, SEAL)
        scope = SearchScope(hidden=hidden_query(now_us, []), deadline=math.inf)
        found = run_query(view, parsed, shipped(), scope, corpus.lexicons).found
        run[id_] = {document: float(DEPTH - place) for place, (document, _) in enumerate(found.documents)}
    return float(calc_aggregate([nDCG @ DEPTH], collection.judgements, run)[nDCG @ DEPTH])


def best(figures: Mapping[tuple[float, ...], Mapping[str, float]], names: list[str]) -> tuple[float, ...]:
    """Give the parameters that are best for some collections."""
    return max(figures, key=lambda chosen: sum(figures[chosen][name] / REFERENCES[name] for name in names))


def main() -> None:
    """Try the grid, leave each collection out once, show and keep."""
    quiet()
    figures: dict[tuple[float, ...], dict[str, float]] = {chosen: {} for chosen in itertools.product(*GRID.values())}
    start = time.monotonic()
    with ExitStack() as stack:
        for name in REFERENCES:
            collection = collections.read(name)
            corpus = stack.enter_context(collections.indexed(collection))
            for chosen, found in figures.items():
                set_parameters(*chosen)
                found[name] = round(judged(collection, corpus), 4)
    folds: dict[str, Any] = {}
    for name in REFERENCES:
        chosen = best(figures, [other for other in REFERENCES if other != name])
        folds[name] = {**dict(zip(GRID, chosen, strict=True)), "nDCG@10": figures[chosen][name]}
    overall = best(figures, list(REFERENCES))
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
