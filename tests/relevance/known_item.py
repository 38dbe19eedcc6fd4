"""Looks for articles that someone remembers: how far up they stand, beside tantivy and SQLite FTS5.

Of 2,000 Reuters articles, drawn with a fixed seed among those with a body, each is asked for twice: by four to six
words of its body, and by its title with one typing mistake. All 21,578 articles are in each index, as title and body
with English stemming. We answer the default request; the others are asked for all words (AND) and for any (OR).
"""

import json
import random
import re
import sqlite3
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import tantivy
from rich.console import Console
from rich.table import Table
from tests.benchmarks.corpus import rows
from tests.scenarios.corpus import Corpus

from newsdex_schemas import SearchRequest

RESULT = Path(__file__).parent / "known-item.json"
SEED = 1987
SOUGHT = 2_000
DEPTH = 10
"""An article further down counts as not found."""
PUBLISHED_AT_ONCE = 1_000
WORD = re.compile(r"[a-z]{3,}")
LEAST_TYPO = 5
"""A mistake is made in a word with so many letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """What is indexed of an article."""

    id: str
    title: str
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """A query for one article."""

    id: str
    text: str


Engine = Callable[[str], Sequence[str]]
"""Gives the ids of the first ten articles that a query finds."""


def read() -> list[Article]:
    """Return all articles."""
    found = map(json.loads, rows())
    return [Article(id=row["id"], title=row["title"] or "—", body=row["body"] or "") for row in found]


def draw(articles: Sequence[Article]) -> dict[str, list[Sought]]:
    """Draw the articles and their queries."""
    chance = random.Random(SEED)
    able = [one for one in articles if len(_distinct(one.body)) >= 20 and _typo_words(one.title)]
    sought = chance.sample(able, min(SOUGHT, len(able)))
    return {
        "words of the body": [Sought(id=one.id, text=_from_body(one.body, chance)) for one in sought],
        "title with a typo": [Sought(id=one.id, text=_mistyped(one.title, chance)) for one in sought],
    }


def _distinct(text: str) -> list[str]:
    return list(dict.fromkeys(WORD.findall(text.lower())))


def _typo_words(title: str) -> list[str]:
    return [word for word in WORD.findall(title.lower()) if len(word) >= LEAST_TYPO]


def _from_body(body: str, chance: random.Random) -> str:
    return " ".join(chance.sample(_distinct(body), chance.randint(4, 6)))


def _mistyped(title: str, chance: random.Random) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    at = chance.choice([n for n, word in enumerate(words) if len(word) >= LEAST_TYPO and word.isalpha()])
    words[at] = _mistake(words[at], chance)
    return " ".join(words)


def _mistake(word: str, chance: random.Random) -> str:
    """Swap, leave out, put in or change a letter behind the first."""
    at = chance.randrange(1, len(word) - 1)
    letter = chance.choice(string.ascii_lowercase.replace(word[at], ""))
    return chance.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
        ]
    )


def reciprocal_rank(engine: Engine, sought: Sequence[Sought]) -> float:
    """Return the mean of 1 / place of the article, 0 where it is not among the first ten."""
    total = 0.0
    for one in sought:
        found = list(engine(one.text))
        total += 1 / (found.index(one.id) + 1) if one.id in found else 0.0
    return total / len(sought)


def ours(corpus: Corpus) -> Engine:
    """Return ourselves, with the default request."""

    def found(text: str) -> list[str]:
        # another version of an article is not the one that is sought
        reply = corpus.answer(SearchRequest(q=text, size=DEPTH, repeats="show", timeout_ms=10_000))
        return [hit.id for hit in reply.hits]

    return found


def in_tantivy(articles: Sequence[Article]) -> dict[str, Engine]:
    """Return tantivy, in memory."""
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw")
    for name in ("title", "body"):
        schema.add_text_field(name, tokenizer_name="en_stem")
    index = tantivy.Index(schema.build())
    writer = index.writer()
    for one in articles:
        writer.add_document(tantivy.Document(id=one.id, title=one.title, body=one.body))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def engine(*, conjunction: bool) -> Engine:
        def found(text: str) -> list[str]:
            query = index.parse_query(text, ["title", "body"], conjunction_by_default=conjunction)
            return [searcher.doc(address)["id"][0] for _, address in searcher.search(query, DEPTH).hits]

        return found

    return {"tantivy, AND": engine(conjunction=True), "tantivy, OR": engine(conjunction=False)}


def in_fts5(articles: Sequence[Article]) -> dict[str, Engine]:
    """Return SQLite FTS5, in memory."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE a USING fts5(id UNINDEXED, title, body, tokenize='porter unicode61')")
    connection.executemany("INSERT INTO a VALUES (?, ?, ?)", ((one.id, one.title, one.body) for one in articles))

    def engine(joined_by: str) -> Engine:
        def found(text: str) -> list[str]:
            match = joined_by.join(f'"{word}"' for word in text.split())
            query = f"SELECT id FROM a WHERE a MATCH ? ORDER BY rank LIMIT {DEPTH}"
            return [id_ for (id_,) in connection.execute(query, (match,))]

        return found

    return {"FTS5, AND": engine(" "), "FTS5, OR": engine(" OR ")}


def measure() -> dict[str, dict[str, float]]:
    """Measure every engine with the same queries."""
    articles = read()
    kinds = draw(articles)
    with TemporaryDirectory(prefix="newsdex-known-item-") as folder, Corpus(Path(folder)) as corpus:
        made = [{"id": one.id, "title": one.title[:1_000], "body": one.body} for one in articles]
        for start in range(0, len(made), PUBLISHED_AT_ONCE):
            corpus.publish(*made[start : start + PUBLISHED_AT_ONCE])
        corpus.index()
        engines = {"newsdex": ours(corpus)} | in_tantivy(articles) | in_fts5(articles)
        return {
            kind: {name: round(reciprocal_rank(engine, sought), 4) for name, engine in engines.items()}
            for kind, sought in kinds.items()
        }


def main() -> None:
    """Measure, show and keep."""
    result = measure()
    table = Table("mean reciprocal rank", *next(iter(result.values())), box=None)
    for kind, values in result.items():
        table.add_row(kind, *(f"{value:.4f}" for value in values.values()))
    Console().print(table)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
