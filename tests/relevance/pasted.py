"""Pastes headlines as they stand into the search: how far up their article is, and what a search takes.

One index has all articles of Reuters-21578 (headlines in capitals), and the pages' JSON-LD of `formats/jsonld_wild`
(headlines as publishers write them, in many languages). Each headline is asked for whole, by the default request;
articles with the same headline count for each other. Three variants take a headline further from its article: in title
case, with a part of it in quotation marks of some language, and with the ends of a question, a pattern and a dash
around it.
"""

import argparse
import gzip
import html
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.benchmarks.corpus import FOLDER, rows
from tests.scenarios.corpus import Corpus

from newsdex_schemas import SearchRequest
from newsdex_schemas.search import MAX_QUERY_CHARS, MAX_SIZE

RESULT = Path(__file__).parent / "pasted.json"
WILD = FOLDER / "formats" / "jsonld_wild.jsonl.gz"
SEED = 1987
SAMPLE = 2_000
"""So many headlines, drawn with a fixed seed, are asked for otherwise than as they stand."""
PUBLISHED_AT_ONCE = 1_000
PAGE, FIRST_PLACES = 10, 3
QUOTES = ("“”", "„“", "”", "»«", "«»", "‘’", "‚‘", "‹›", "「」", "＂", '"', "'")
DECORATIONS = ("{} ?", "{}?!", "*{}*", "¿{}?", "- {}", "[{}]", "{} | News", "{} -2", "#{}", "{} ??", "“{}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """What is indexed of an article."""

    id: str
    title: str
    body: str

    @property
    def name(self) -> str:
        """Return what is the same for articles with one title."""
        return " ".join(self.title.casefold().split())


def reuters() -> list[Article]:
    """Return the articles with a headline."""
    found = map(json.loads, rows())
    return [Article(id=f"r{one['id']}", title=one["title"], body=one["body"] or "") for one in found if one["title"]]


def wild() -> list[Article]:
    """Return the articles with a headline that pages describe, each headline once."""
    with gzip.open(WILD, "rt", encoding="utf-8") as file:
        blocks = list(map(json.loads, file))
    found: dict[str, Article] = {}
    for block in blocks:
        for node in _nodes(block["jsonld"] if block["valid_json"] else _salvaged(block["raw"])):
            title = _text(node.get("headline"))[:1_000]
            body = _text(node.get("articleBody")) or _text(node.get("description"))
            if title:
                found.setdefault(title, Article(id=f"w{len(found)}", title=title, body=body))
    return list(found.values())


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(part)


def _salvaged(raw: str) -> dict[str, str]:
    return dict(re.findall(r'"(headline|description|articleBody)"\s*:\s*"((?:[^"\\\n]|\\.)*)"', raw))


def _text(value: Any) -> str:
    return " ".join(html.unescape(value).split()) if isinstance(value, str) else ""


Variant = Callable[[str, random.Random], str]


def as_it_stands(title: str, _: random.Random) -> str:
    """Return a headline as it stands."""
    return title


def in_title_case(title: str, _: random.Random) -> str:
    """Return a headline in small letters but for the first of each word."""
    return title.title()


def quoted(title: str, chance: random.Random) -> str:
    """Return a headline with two or three of its words in quotation marks, in an order that it does not have."""
    words, marks = title.split(), chance.choice(QUOTES)
    if len(words) <= FIRST_PLACES:
        return title
    start = chance.randrange(len(words) - FIRST_PLACES + 1)
    end = start + chance.randint(2, FIRST_PLACES)
    return " ".join([*words[:start], marks[0] + " ".join(reversed(words[start:end])) + marks[-1], *words[end:]])


def decorated(title: str, chance: random.Random) -> str:
    """Return a headline with signs around it, as people paste it."""
    return chance.choice(DECORATIONS).format(title)


VARIANTS: Sequence[Variant] = (as_it_stands, in_title_case, quoted, decorated)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A headline that was asked for: where its article stood, from 0 on, and what the first page took."""

    q: str
    place: int | None
    cpu_ms: float


def ask(corpus: Corpus, article: Article, q: str, names: dict[str, str]) -> Asked:
    """Ask for a headline: a page first and, where it has too little, as much as a request may ask for."""

    def place_in(size: int) -> int | None:
        reply = corpus.answer(SearchRequest(q=q[:MAX_QUERY_CHARS], size=size, timeout_ms=10_000, repeats="show"))
        return next((at for at, hit in enumerate(reply.hits) if names[hit.id] == article.name), None)

    start = time.process_time()
    place = place_in(PAGE)
    cpu_ms = 1e3 * (time.process_time() - start)
    return Asked(q=q, place=place if place is not None else place_in(MAX_SIZE), cpu_ms=cpu_ms)


def summary(asked: Sequence[Asked]) -> dict[str, float]:
    """Return the shares that were found and the times, rounded."""
    times = sorted(one.cpu_ms for one in asked)
    median, late = statistics.median(times), times[min(len(times) - 1, int(0.999 * len(times)))]
    places = [one.place for one in asked if one.place is not None]

    def share(depth: int) -> float:
        return round(100 * sum(place < depth for place in places) / len(asked), 3)

    return {
        "headlines": len(asked),
        "first 3, %": share(FIRST_PLACES),
        "first 100, %": share(MAX_SIZE),
        "p50, ms of CPU": round(median, 2),
        "p99.9 / p50": round(late / median, 2),
    }


def measure(missed: Callable[[str, Asked], None], sample: int | None) -> dict[str, dict[str, float]]:
    """Measure every variant of every headline, or of a sample; `missed` is told of what is not among the first."""
    news, pages = reuters(), wild()
    articles = [*news, *pages]
    names = {one.id: one.name for one in articles}
    found: dict[str, dict[str, float]] = {}
    with TemporaryDirectory(prefix="newsdex-pasted-") as folder, Corpus(Path(folder)) as corpus:
        made = [{"id": one.id, "title": one.title, "body": one.body} for one in articles]
        for start in range(0, len(made), PUBLISHED_AT_ONCE):
            corpus.publish(*made[start : start + PUBLISHED_AT_ONCE])
        corpus.index()
        for variant in VARIANTS:
            for kind, every in (("reuters", news), ("jsonld_wild", pages)):
                name, chance = f"{kind}, {variant.__name__.replace('_', ' ')}", random.Random(SEED)
                number = (sample or len(every)) if variant is as_it_stands else SAMPLE
                sought = chance.sample(every, min(number, len(every)))
                asked = [ask(corpus, one, variant(one.title, chance), names) for one in sought]
                found[name] = summary(asked)
                for one in asked:
                    if one.place is None or one.place >= FIRST_PLACES:
                        missed(name, one)
    return found


def main() -> None:
    """Measure, show and keep; the headlines that are not among the first are shown too."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sample", type=int, help="ask for so many headlines as they stand only, and keep nothing")
    sample = arguments.parse_args().sample
    console = Console()

    def missed(name: str, one: Asked) -> None:
        console.print(f"{name}: {one.q!r} at {one.place}", markup=False, soft_wrap=True)

    result = measure(missed, sample)
    table = Table("headlines", *next(iter(result.values())), box=None)
    for kind, values in result.items():
        table.add_row(kind, *map(str, values.values()))
    console.print(table)
    if sample is None:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
