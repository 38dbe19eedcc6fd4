"""Over a whole real collection, stock Whoosh agrees on queries of every shape."""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.columnar.comparison import assert_same, stock
from tests.columnar.corpus import OPTIONS, Indexed
from whoosh import query as q
from whoosh.index import open_dir

from newsdex.index.reader import IndexReader
from newsdex.index.text.analysis import terms
from newsdex.index.text.languages import DEFAULT

QUERIES = 200
BATCH = 2_000
WITHDRAWN_EVERY = 40
FIRST_DAY, DAY_US = 541_382_400_000_000, 86_400_000_000
WORD = re.compile(r"[a-z]{4,}")

Draw = random.Random
Words = Sequence[str]


def _term(word: str, field: str = "body", boost: float = 1.0) -> Any:
    return q.Term(field, terms(word, DEFAULT)[0], boost=boost)


def _everywhere(word: str) -> Any:
    return q.Or([_term(word, "title", 3.0), _term(word)])


def _phrase(words: Words, slop: int = 1) -> Any:
    return q.Phrase("body", [terms(word, DEFAULT)[0] for word in words], slop=slop)


def _constant(leaf: Any) -> Any:
    return q.ConstantScoreQuery(leaf, 1.0)


def _days(draw: Draw) -> Any:
    start = FIRST_DAY + draw.randrange(200) * DAY_US
    return q.NumericRange("published", start, start + 30 * DAY_US)


SHAPES: list[Callable[[Draw, Words], Any]] = [
    lambda _, words: _term(words[0]),
    lambda _, words: _everywhere(words[0]),
    lambda _, words: q.And([_term(words[0]), _term(words[1])]),
    lambda _, words: q.And([_everywhere(words[0]), _everywhere(words[1])]),
    lambda _, words: q.Or([_term(word) for word in words[:3]]),
    lambda draw, words: q.Or([_term(word, boost=draw.choice([0.5, 1, 4])) for word in words]),
    lambda _, words: _phrase(words[:2]),
    lambda draw, words: _phrase(words[:3], draw.choice([1, 3])),
    lambda _, words: q.And([_phrase(words[:2]), _term(words[3])]),
    lambda _, words: _constant(q.Prefix("title", words[0][:4])),
    lambda _, words: _constant(q.FuzzyTerm("title", words[0][1:], maxdist=1)),
    lambda _, words: _constant(q.Wildcard("title", f"{words[0][:3]}*{words[0][-1]}")),
    lambda draw, words: q.And([_term(words[0]), _days(draw)]),
    lambda _, words: q.And([_term(words[0]), q.Term("section", "earn")]),
    lambda _, words: q.And([_term(words[0]), q.Not(_term(words[1]))]),
    lambda _, words: q.AndMaybe(_term(words[0]), _term(words[1])),
    lambda _, words: q.And([q.Or([_term(words[0]), _term(words[1])]), q.Or([_term(words[2]), _term(words[3])])]),
    lambda _, words: q.Or([q.And([_term(words[0]), _term(words[1])]), _phrase(words[2:4])]),
    lambda draw, words: q.Or([q.And([_term(words[0]), _days(draw)], boost=2.0), _everywhere(words[1])]),
    lambda draw, words: q.And([q.Not(_days(draw)), _everywhere(words[0]), _term(words[1])]),
]


@pytest.fixture(scope="module")
def articles(shared_data: Path) -> list[dict[str, Any]]:
    with gzip.open(shared_data / "articles" / "reuters21578.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = list(map(json.loads, lines))
    names = ("id", "title", "body", "published_at", "section")
    return [{"title": "untitled", "body": "", **{name: row[name] for name in names if row[name]}} for row in rows]


@pytest.fixture(scope="module")
def indexed(articles: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """Several segments, some of their documents deleted."""
    made = Indexed(tmp_path_factory.mktemp("reuters") / "index")
    remaining = iter(articles)
    while batch := list(islice(remaining, BATCH)):
        made.apply(batch)
    made.apply([article["id"] for article in articles[::WITHDRAWN_EVERY]])
    return made


def _queries(articles: Sequence[dict[str, Any]]) -> Iterator[Any]:
    draw = random.Random(21_578)
    texts = [words for words in (WORD.findall(article["body"].lower()) for article in articles) if len(words) > 8]
    for number in range(QUERIES):
        words = draw.choice(texts)
        start = draw.randrange(len(words) - 4)
        yield SHAPES[number % len(SHAPES)](draw, words[start : start + 4])


def test_finds_what_stock_whoosh_finds(articles: list[dict[str, Any]], indexed: Indexed) -> None:
    view = IndexReader(indexed.root).view()
    with open_dir(str(indexed.folder)).searcher() as searcher:
        for tree in _queries(articles):
            assert_same(stock(searcher, tree), view.find(tree, **OPTIONS | {"size": len(articles)}), tree)
