"""Measures did-you-mean on a published list of misspellings: `make spelling`.

The vocabulary is that of Reuters-21578 and scifact; counted are the pairs whose right word is in it. Asked is what the
speller proposes for the misspelling, whether or not the misspelling occurs in the texts, too. The right words, sorted,
are dealt into two halves. Between round values of the costs of an edit the first half was used to choose; so only the
second half tells how well words do that nobody looked at.

The list is P. Norvig's first test set (norvig.com/spell-correct.html), from the Birkbeck corpus of R. Mitton.
"""

import ast
import gzip
import json
import math
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.benchmarks.corpus import FOLDER, WORD, rows
from tests.benchmarks.figures import Latencies, where_and_when
from tests.scenarios.corpus import SEAL

from newsdex.index.generations.generations import begin, swap
from newsdex.index.lexicon.current import Lexicon, LexiconReader
from newsdex.index.reader import IndexReader, View
from newsdex.index.scope import SearchScope
from newsdex.index.writer import IndexWriter
from newsdex.records.feed import Change
from newsdex.search.plan.curation import shipped
from newsdex.search.plan.filters import hidden_query
from newsdex.search.request import parse_request, run_query
from newsdex.search.spelling.candidates import candidates
from newsdex_schemas import SearchRequest

RESULT = Path(__file__).parent / "spelling.json"
PAIRS = FOLDER / "spelling" / "norvig_testset1_birkbeck-dev.txt"
BATCH = 2_000
REPEATS = 5
SEED = 141
Pair = tuple[str, str]
"""(right word, misspelling)"""


def articles() -> Iterator[dict[str, Any]]:
    """Return the texts of both collections."""
    for line in rows():
        row = json.loads(line)
        yield {"id": row["id"], "title": row["title"] or "untitled", "body": row["body"]}
    with gzip.open(FOLDER / "collections" / "scifact" / "docs.jsonl.gz") as file:
        for row in map(json.loads, file):
            yield {"id": f"scifact-{row['id']}", "title": row["title"] or "untitled", "body": row["body"]}


def build(root: Path) -> View:
    """Index both collections."""
    folder = begin(root)
    writer = IndexWriter.create(folder, 0, merges=False)
    changes = [
        Change(sequence=number, id=article["id"], content=json.dumps(article).encode(), correlation_id="")
        for number, article in enumerate(articles(), 1)
    ]
    for start in range(0, len(changes), BATCH):
        writer.apply(changes[start : start + BATCH], 0)
    writer.finish_merging()
    swap(root, folder, kept=None)
    return IndexReader(root).view()


def halves(lexicon: Lexicon) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs whose right word is in the texts."""
    found: dict[str, str] = ast.literal_eval(PAIRS.read_text(encoding="utf-8").partition("=")[2].strip())
    rights = sorted(found)
    first, second = (
        [(right, wrong) for right in half if lexicon.count(right) for wrong in found[right].split()]
        for half in (rights[::2], rights[1::2])
    )
    return first, second


def shares(pairs: Sequence[Pair], lexicon: Lexicon) -> dict[str, float]:
    """Return the share of pairs whose right word comes first, and of those where it is among three."""
    found = [(right, [one.text for one in candidates(wrong, lexicon, 3, lambda _: True)]) for right, wrong in pairs]
    return {
        "pairs": len(pairs),
        "first": round(sum(three[:1] == [right] for right, three in found) / len(pairs), 3),
        "in_three": round(sum(right in three for right, three in found) / len(pairs), 3),
    }


def speller_ms(pairs: Sequence[Pair], lexicon: Lexicon) -> dict[str, float]:
    """Return the time of one word."""
    latencies = Latencies()
    for _ in range(REPEATS):
        for _, wrong in pairs:
            with latencies.measured():
                candidates(wrong, lexicon, 3, lambda _: True)
    return latencies.percentiles()


def phrases(pairs: Sequence[Pair]) -> list[Pair]:
    """Draw, for each misspelling, two neighbouring words of an article, one of them the right one: (right, typed)."""
    draw = random.Random(SEED)
    misspellings: dict[str, list[str]] = {}
    for right, wrong in pairs:
        misspellings.setdefault(right, []).append(wrong)
    neighbours: dict[str, list[str]] = {}
    for line in rows():
        words = WORD.findall(json.loads(line)["body"].lower())
        for word, following in pairwise(words):
            if following in misspellings:
                neighbours.setdefault(following, []).append(word)
    return [
        (f"{before} {right}", f"{before} {wrong}")
        for right, wrongs in sorted(misspellings.items())
        for wrong in wrongs
        for before in draw.choices(neighbours.get(right, []), k=1 if right in neighbours else 0)
    ]


def replies(queries: Sequence[Pair], view: View, lexicons: LexiconReader) -> dict[str, Any]:
    """Ask queries that find nothing as typed; give what share of the proposals is right, and the time they add."""
    latencies, proposed, right = Latencies(), 0, 0
    asked = 0
    for meant, typed in queries:
        scope = SearchScope(hidden=hidden_query(0, []), deadline=math.inf)
        answer = run_query(view, parse_request(SearchRequest(q=typed), 0, SEAL), shipped(), scope, lexicons)
        as_typed = answer.plan.at_least is None and not answer.plan.corrections
        if as_typed and answer.found.total:
            continue
        asked += 1
        with latencies.measured():
            other = answer.did_you_mean(view, scope)
        proposed += other is not None
        right += other is not None and other.text == meant
    share = {"proposed": round(proposed / asked, 3), "right_of_proposed": round(right / proposed, 3)}
    return {"finding_nothing": asked, **share, "ms": latencies.percentiles()}


def measure() -> dict[str, Any]:
    """Run everything once, on a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="newsdex-spelling-") as folder:
        view, lexicons = build(Path(folder)), LexiconReader(waits=True)
        start = time.perf_counter()
        lexicon = lexicons.lexicon(view.snapshot.segments)
        read_s = time.perf_counter() - start
        first, second = halves(lexicon)
        pairs = [*first, *second]
        replies(pairs[:20], view, lexicons)  # opens files and fills caches
        return {
            "articles": view.snapshot.documents,
            "words": sum(len(part.words) for part in lexicon.parts),
            "lexicon_read_s": round(read_s, 2),
            "all": shares(pairs, lexicon),
            "first_half": shares(first, lexicon),
            "second_half": shares(second, lexicon),
            "speller_ms": speller_ms(pairs, lexicon),
            "queries_of_one_word": replies(pairs, view, lexicons),
            "queries_of_two_words": replies(phrases(pairs), view, lexicons),
            **where_and_when(),
        }


def main() -> None:
    """Measure, show and keep."""
    result = measure()
    table = Table("figure", "value", box=None)
    for name, value in result.items():
        table.add_row(name, f"{value}")
    Console().print(table)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
