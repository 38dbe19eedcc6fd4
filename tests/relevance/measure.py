"""Measures how well what is found answers, over judged collections: `make relevance`.

The request is one that any client may send: `{"q": text, "words": "most"}`, as suits questions. What the default
request finds, all words first, is kept beside it.
"""

import argparse
import json
import logging
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table
from tests.relevance import collections, known_item

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
DEFAULT_RESULTS = FOLDER / "results-default-request.json"
REFERENCES = {"scifact": 0.686, "cranfield": 0.382, "med": 0.696, "adi": 0.494}
"""nDCG@10 of bm25s with k1 1.5, b 0.75, English stemming and stop words, on the same copies."""

Results = dict[str, dict[str, float]]


def quiet() -> None:
    """Let only warnings be logged."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def measure(names: list[str]) -> tuple[Results, Results]:
    """Measure each collection with both requests."""
    most: Results = {}
    default: Results = {}
    for name in names:
        collection = collections.read(name)
        with collections.indexed(collection) as corpus:
            most[name] = collections.measured(collection, corpus, words="most")
            default[name] = collections.measured(collection, corpus)
    return most, default


def show(most: Results, default: Results) -> None:
    """Print the figures beside the references."""
    table = Table("collection", "reference", *collections.MEASURES, "default request", box=None)
    for name, values in most.items():
        reference = f"{REFERENCES[name]:.3f}" if name in REFERENCES else ""
        table.add_row(name, reference, *(f"{value:.4f}" for value in values.values()),
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
