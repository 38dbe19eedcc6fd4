"""Measures what is asked while someone types, at 100,000 articles: `make bench-typing`.

The articles are those of Reuters-21578, several times, each with words of a made-up vocabulary that are as unevenly
frequent as words are, with dates over two years, authors and tags. Each request is asked several times in this
process; its quickest time counts, too, since other work shares the machine.
"""

import argparse
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from tests.benchmarks.corpus import WORD, rows
from tests.benchmarks.figures import Latencies, where_and_when
from tests.benchmarks.pipeline import show
from tests.scenarios.corpus import SEAL

from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.index.generations.projector import Projector
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import IndexReader
from newsdex.ingest.handle import handle_batch
from newsdex.records.events import Delivery
from newsdex.records.moments import microseconds
from newsdex.search.more_like_this import Similar
from newsdex.search.plan.curation import shipped
from newsdex.search.service import Search
from newsdex.search.suggest.suggester import Suggestions, suggestion_weights
from newsdex_schemas import SearchRequest, SimilarRequest, SuggestRequest, channels

RESULT = Path(__file__).parent / "results" / "typing.json"
ARTICLES = 100_000
REQUESTS = 250
REPEATS = 5
BATCH = 1_000
MADE_UP_WORDS, ADDED_WORDS = 200_000, 60
SYLLABLES = [*(c + v for c in "bcdfghjklmnprstvwz" for v in "aeiou"), "tion", "ing", "er", "son", "berg", "ova", "ez"]
START = datetime(2024, 11, 1, tzinfo=UTC)
NOW_US = microseconds(START + timedelta(days=750))
TIMEOUT_MS = 10_000


def articles(number: int) -> Iterator[dict[str, Any]]:
    """Return so many articles."""
    draw, uneven = random.Random(5), np.random.default_rng(5)
    words = ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(MADE_UP_WORDS)]
    authors = [f"{draw.choice(words[:400])} {draw.choice(words[400:6000])}".title() for _ in range(5_000)]
    tags = [" ".join(draw.choices(words[:3000], k=draw.randint(1, 2))) for _ in range(20_000)]
    lines = rows()
    for at in range(number):
        row = json.loads(lines[at % len(lines)])
        own = [words[min(int(rank), len(words) - 1)] for rank in uneven.pareto(0.6, ADDED_WORDS) * 20]
        yield {
            "id": f"{row['id']}-{at // len(lines)}",
            "title": f"{row['title'] or 'untitled'} {own[0]}"[:900],
            "body": f"{row['body']}\n{' '.join(own)}",
            "published_at": (START + timedelta(minutes=10 * at)).isoformat(),
            "authors": [draw.choice(authors)],
            "tags": sorted({tags[min(int(rank), len(tags) - 1)] for rank in uneven.pareto(1, 3) * 50}),
        }


def build(folder: Path, number: int) -> None:
    """Bring them into an archive and its index."""
    writer, archive = ArchiveWriter(folder), ArchiveReader(folder)
    projector = Projector(archive, folder / "index")
    numbered = enumerate(articles(number), 1)
    while batch := list(itertools.islice(numbered, BATCH)):
        deliveries = [
            Delivery(
                subject=channels.ARTICLES_PUBLISHED,
                headers={},
                body=json.dumps(article).encode(),
                stream_sequence=sequence,
                stored_us=NOW_US,
                deliveries=1,
            )
            for sequence, article in batch
        ]
        handle_batch(writer, deliveries, NOW_US)
        projector.step()
    while projector.step():
        pass
    projector.finish_merging()
    archive.close()
    writer.close()


def beginnings(texts: Sequence[str], draw: random.Random) -> list[str]:
    """Return what is typed of some texts at some moment."""
    chosen = [draw.choice(texts) for _ in range(REQUESTS)]
    return [text[: draw.randint(1, min(30, len(text)))].strip() or text[:1] for text in chosen]


def swapped(text: str, draw: random.Random) -> str:
    """Return a text with two neighbours swapped, not the first."""
    at = draw.randrange(1, max(2, len(text) - 1))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def latencies(ask: Callable[[str], Any], texts: Sequence[str]) -> dict[str, Any]:
    """Ask each text several times: give the times of all, and of the quickest of each."""
    for text in texts[:20]:  # opens files and fills caches
        ask(text)
    every, quickest = Latencies(), Latencies()
    for text in texts:
        own = Latencies()
        for _ in range(REPEATS):
            with own.measured():
                ask(text)
        every += own
        quickest.append(min(own))
    return {"quickest_of_five_ms": quickest.percentiles(), "all_ms": every.percentiles()}


def measure(folder: Path, number: int) -> dict[str, Any]:
    """Ask every kind of request."""
    draw = random.Random(7)
    start = time.perf_counter()
    index, archive, lexicons = IndexReader(folder / "index"), ArchiveReader(folder), LexiconReader(waits=True)
    segments = index.view().snapshot.segments
    opened_s = time.perf_counter() - start
    lexicon = lexicons.lexicon(segments)
    read_s = time.perf_counter() - start - opened_s

    def clock_us() -> int:
        return NOW_US

    suggestions = Suggestions(
        index=index, texts=archive, clock_us=clock_us, lexicons=lexicons, recency=suggestion_weights(shipped().recency)
    )
    similar = Similar(index=index, texts=archive, clock_us=clock_us)
    search = Search(index=index, texts=archive, clock_us=clock_us, seal=SEAL, lexicons=lexicons)

    def suggest(typed: str) -> None:
        suggestions.answer(SuggestRequest(q=typed, timeout_ms=TIMEOUT_MS), time.monotonic())

    def ask_similar(id_: str) -> None:
        similar.answer(SimilarRequest(id=id_, timeout_ms=TIMEOUT_MS), time.monotonic())

    def ask(q: str) -> None:
        search.answer(SearchRequest(q=q, timeout_ms=TIMEOUT_MS), time.monotonic())

    shown = [json.loads(line) for line in rows()[: number // 2]]
    titles = [row["title"] for row in shown if row["title"]]
    authors, tags = (
        [value for part in lexicon.parts for value in getattr(part, kind).values] for kind in ("authors", "tags")
    )
    typed = beginnings(titles, draw)
    pairs = [" ".join(WORD.findall(title.lower())[:2]) for title in draw.choices(titles, k=REQUESTS)]
    kinds = {
        "titles": typed, "authors": beginnings(authors, draw), "tags": beginnings(tags, draw),
        "with_typing_error": [swapped(text, draw) for text in typed],
    }  # fmt: skip
    return {
        "articles": number,
        "segments": [segment.documents for segment in segments],
        "words": sum(len(part.words) for part in lexicon.parts),
        "view_opened_s": round(opened_s, 3),
        "lexicon_read_s": round(read_s, 2),
        "suggest": {kind: latencies(suggest, texts) for kind, texts in kinds.items()},
        "suggest_all": latencies(suggest, [text for texts in kinds.values() for text in texts]),
        "similar": latencies(ask_similar, [f"{row['id']}-0" for row in draw.choices(shown, k=REQUESTS)]),
        "search_of_two_words_with_did_you_mean": latencies(ask, [swapped(pair, draw) for pair in pairs if pair]),
        **where_and_when(),
    }


def main() -> None:
    """Measure, show and keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--articles", type=int, default=ARTICLES, help="with fewer, the result is not kept")
    options.add_argument("--folder", type=Path, help="keep the index here, and use it again")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdex-typing-") as temporary:
        folder = chosen.folder or Path(temporary)
        if not (folder / "index").exists():
            build(folder, chosen.articles)
        result = measure(folder, chosen.articles)
    show(result)
    if chosen.articles == ARTICLES:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
