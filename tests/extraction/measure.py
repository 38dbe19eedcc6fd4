"""Measures what is read off real pages, beside peers: `make extraction`. The result is kept in results.json.

A peer that is not installed is left out, and the result says so.
"""

import importlib.util
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.benchmarks.figures import where_and_when
from tests.extraction import as_text, scores
from tests.extraction.extractors import EXTRACTORS, Extraction, Extractor
from tests.extraction.pages import FOLDER, LabelledPage, pages_with_bodies, pages_with_labels

RESULT = Path(__file__).parent / "results.json"


def main() -> None:
    """Measure, print and keep."""
    if not FOLDER.is_dir():
        raise SystemExit(f"no pages in {FOLDER}: set NEWSDEX_DATA")
    result: dict[str, Any] = {"measured": where_and_when(), "pages": {"with bodies": 181, "with labels": 250}}
    for name, (extract, module) in EXTRACTORS.items():
        if importlib.util.find_spec(module) is None:
            result[name] = f"not measured: {module} is not installed"
        else:
            result[name] = _figures(extract)
    result["as text"] = as_text.figures()
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    _print(result)


def _figures(extract: Extractor) -> dict[str, float]:
    start = time.process_time()
    bodies = [(page.label.get("articleBody", ""), _tried(extract, page).body) for page in pages_with_bodies()]
    counts: defaultdict[str, Counter[Any]] = defaultdict(Counter)
    labelled = list(pages_with_labels())
    for page in labelled:
        _count(counts, page, _tried(extract, page))
    took_s = time.process_time() - start
    shares = {
        f"{field} {verdict}": _share(counts[field], verdict)
        for field in ("title", "day", "authors")
        for verdict in ("right", "wrong")
    }
    return {
        "body F1": round(scores.f1(bodies), 3),
        **shares,
        "phrases kept": _share(counts["kept"], True),
        "boilerplate dropped": _share(counts["dropped"], True),
        "authors where no label has one": _share(counts["unlabelled"], True),
        "pages per second of CPU": round((len(bodies) + len(labelled)) / took_s, 1),
    }


def _tried(extract: Extractor, page: LabelledPage) -> Extraction:
    try:
        return extract(page.html, page.url)
    except Exception as error:  # noqa: BLE001 - a peer that fails on a page found nothing there
        Console(stderr=True).print(f"{page.name}: {type(error).__name__}: {error}")
        return Extraction()


def _count(counts: defaultdict[str, Counter[Any]], page: LabelledPage, found: Extraction) -> None:
    label = page.label
    author = "; ".join(label["author"]) if isinstance(label["author"], list) else label["author"]
    counts["title"][scores.title(label["title"], found.title)] += 1
    counts["day"][scores.day(label["date"], found.day)] += 1
    if author:
        counts["authors"][scores.authors(author, found.authors)] += 1
    else:
        counts["unlabelled"][bool(found.authors)] += 1
    counts["kept"] += scores.share_kept(label["must_have"], found.body)
    kept = scores.share_kept(label["must_not_have"], found.body)
    counts["dropped"] += Counter({True: kept[False], False: kept[True]})


def _share(counts: Counter[Any], what: Any) -> float:
    return round(counts[what] / counts.total(), 3)


def _print(result: dict[str, Any]) -> None:
    measured = {name: result[name] for name in EXTRACTORS if isinstance(result[name], dict)}
    table = Table("", *measured)
    for figure in next(iter(measured.values())):
        table.add_row(figure, *(str(figures[figure]) for figures in measured.values()))
    console = Console()
    console.print(table)
    table = Table("newsdex, of the text that scrapers leave", *result["as text"])
    for figure in next(iter(result["as text"].values())):
        table.add_row(figure, *(str(figures[figure]) for figures in result["as text"].values()))
    console.print(table)
    for name in EXTRACTORS.keys() - measured.keys():
        console.print(f"{name}: {result[name]}")


if __name__ == "__main__":
    main()
