"""Measures how well what is found answers, over judged collections: `make relevance`.

The request is one that any client may send: `{"q": text, "words": "most"}`, as suits questions. What the default
request finds, all words first, is kept beside it.
"""

import argparse
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from rich.console import Console
from rich.table import Table
from tests.relevance import collections, known_item, reference

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
DEFAULT_RESULTS = FOLDER / "results-default-request.json"
RESAMPLES = 2_000
SEED = 1987

Results = dict[str, dict[str, Any]]


def quiet() -> None:
    """Let only warnings be logged."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def measure(names: list[str]) -> tuple[Results, Results]:
    """Measure each collection with both requests, beside bm25s."""
    most: Results = {}
    default: Results = {}
    for name in names:
        collection = collections.read(name)
        plain = reference.ndcg_by_query(collection)
        for told in (False, True) if collection.languages else (False,):
            key = f"{name}, told" if told else name
            with collections.indexed(collection, told=told) as corpus:
                most[key] = _beside(collections.measured(collection, corpus, words="most"), plain)
                default[key] = _beside(collections.measured(collection, corpus), plain)
    return most, default


def _beside(found: collections.Measured, plain: Mapping[str, float]) -> dict[str, Any]:
    """Return the figures, and their ratio to plain BM25's with its interval: queries drawn again, with replacement."""
    own, other = (np.array([by_query[query] for query in plain]) for by_query in (found.ndcg, plain))
    drawn = np.random.default_rng(SEED).integers(len(own), size=(RESAMPLES, len(own)))
    ratios = own[drawn].mean(axis=1) / other[drawn].mean(axis=1)
    return {
        **found.means,
        "empty": found.empty,
        "bm25s": round(float(other.mean()), 4),
        "ratio": round(float(own.mean() / other.mean()), 4),
        "ratio, 95 %": [round(float(bound), 4) for bound in np.quantile(ratios, (0.025, 0.975))],
    }


def show(most: Results, default: Results) -> None:
    """Print the figures beside the references."""
    table = Table("collection", "bm25s", *collections.MEASURES, "empty", "ratio", "95 %", "default request", box=None)
    for name, values in most.items():
        figures = [f"{values[measure]:.4f}" for measure in ("bm25s", *collections.MEASURES)]
        interval = "–".join(f"{bound:.3f}" for bound in values["ratio, 95 %"])
        table.add_row(name, *figures, str(values["empty"]), f"{values['ratio']:.4f}", interval,
                      f"{default[name]['nDCG@10']:.4f}")  # fmt: skip
    Console().print(table)


def main() -> None:
    """Measure, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", help="only these collections, and do not keep the results")
    options.add_argument("--no-known-item", action="store_true", help="without the known-item searches")
    chosen = options.parse_args()
    quiet()
    most, default = measure(chosen.names or collections.names())
    show(most, default)
    if not chosen.names:
        RESULTS.write_text(json.dumps(most, indent=2) + "\n", encoding="utf-8")
        DEFAULT_RESULTS.write_text(json.dumps(default, indent=2) + "\n", encoding="utf-8")
        if not chosen.no_known_item:
            known_item.main()


if __name__ == "__main__":
    main()
