"""A pasted paragraph or page is searched for by its most telling words, and the reply says so."""

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.scenarios.corpus import Corpus

from newsdex.search.language.parsed_query import MAX_COMMAND_CHARS
from newsdex.search.plan.telling_words import MOST_WORDS
from newsdex_schemas import SearchReply, SearchRequest
from newsdex_schemas.search import MAX_QUERY_CHARS

SYLLABLES = ["ka", "lo", "mi", "ner", "tu", "vos", "sil", "ba", "dren", "po", "ga", "ruth"]
SIGNS = "春夏秋冬山川海港船橋町村東西南北月火水木金土日年時分人口手足目耳"
SOUGHT = ["w7", "w21", "c3"]


def articles() -> list[dict[str, Any]]:
    """Return thirty long articles in words that are made up, of which some are in most articles, and ten in Chinese."""
    draw = random.Random(14)
    words = ["".join(draw.choices(SYLLABLES, k=3)) for _ in range(1_500)]
    weights = [1 / (rank + 5) for rank in range(len(words))]
    made = [
        {"id": f"w{number}", "title": " ".join(draw.choices(words, weights, k=6)),
         "body": ". ".join(" ".join(draw.choices(words, weights, k=12)) for _ in range(60))}
        for number in range(30)
    ]  # fmt: skip
    chinese = [
        {"id": f"c{number}", "title": "".join(draw.choices(SIGNS, k=8)), "language": "zh",
         "body": "。".join("".join(draw.choices(SIGNS, k=20)) for _ in range(60))}
        for number in range(10)
    ]  # fmt: skip
    return [*made, *chinese]


ARTICLES = {article["id"]: article for article in articles()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("pasted")) as corpus:
        corpus.publish(*ARTICLES.values())
        corpus.index()
        yield corpus


def answer(corpus: Corpus, q: str, **fields: Any) -> SearchReply:
    return corpus.answer(SearchRequest(**({"q": q, "timeout_ms": 10_000, "repeats": "show"} | fields)))


def codes(reply: SearchReply) -> list[str]:
    return [note.code for note in reply.interpretation.notes]


@pytest.mark.parametrize("id_", SOUGHT)
@pytest.mark.parametrize("part", [1.0, 0.5, 0.25])
def test_a_pasted_text_finds_its_article_first_and_says_how(corpus: Corpus, id_: str, part: float) -> None:
    body = ARTICLES[id_]["body"]
    q = body[: int(part * len(body))]
    reply = answer(corpus, q)

    assert id_ == reply.hits[0].id
    assert "telling_words" in codes(reply)
    assert ("text_only" in codes(reply)) == (len(q) > MAX_COMMAND_CHARS)


@pytest.mark.parametrize("id_", SOUGHT)
def test_what_was_looked_for_finds_the_same(corpus: Corpus, id_: str) -> None:
    first = answer(corpus, ARTICLES[id_]["body"])
    again = answer(corpus, first.interpretation.query)

    assert len(first.interpretation.query.split()) <= MOST_WORDS
    # a run of signs has its neighbours in the text, which the words alone do not have
    alike, exactly = (1, 0.05) if id_.startswith("c") else (len(first.hits), 1e-6)
    assert [hit.id for hit in first.hits[:alike]] == [hit.id for hit in again.hits[:alike]]
    assert [pytest.approx(hit.score, rel=exactly) for hit in first.hits[:alike]] == [
        hit.score for hit in again.hits[:alike]
    ]
    assert ("telling_words" in codes(again)) == id_.startswith("c")


def test_signs_of_the_grammar_in_a_long_text_are_text(corpus: Corpus) -> None:
    body = ARTICLES["w7"]["body"]
    q = f'“Quoted? -{body}" AND (NOT title:nothing'

    assert "w7" == answer(corpus, q).hits[0].id
    assert "w7" == answer(corpus, q, strict=True).hits[0].id


def test_pages_of_a_long_text_go_on_as_they_began(corpus: Corpus) -> None:
    q = ARTICLES["w7"]["body"]
    every = answer(corpus, q, size=20, words="most")
    first = answer(corpus, q, size=5, words="most")
    second = answer(corpus, q, size=5, words="most", cursor=first.next_cursor)

    assert [hit.id for hit in every.hits[:10]] == [hit.id for hit in (*first.hits, *second.hits)]
    assert first.interpretation == second.interpretation


def test_pages_of_a_query_that_was_read_otherwise_go_on_as_they_began(corpus: Corpus) -> None:
    title = ARTICLES["w7"]["title"].split()
    q = f"{title[0]} {title[1]} -{title[0]} -{title[1]}"
    every, first = answer(corpus, q, size=20), answer(corpus, q, size=3)
    second = answer(corpus, q, size=3, cursor=first.next_cursor)

    assert "read_as_words" in codes(first)
    assert [hit.id for hit in every.hits[:6]] == [hit.id for hit in (*first.hits, *second.hits)]
    assert first.interpretation == second.interpretation


@pytest.mark.parametrize("piece", ["kalomi ", "春夏", "a-b-c ", "“x ", "(", "zzz zzy ", "\n", "x" * 500])
def test_the_longest_text_is_answered_in_time(corpus: Corpus, piece: str) -> None:
    q = piece * (MAX_QUERY_CHARS // len(piece))
    start = time.process_time()
    answer(corpus, q)

    assert time.process_time() - start < 3


@pytest.mark.parametrize("q", ["the of and " * 300, "“kal* 春夏秋冬 =” section:", "“= * 春夏” ‘? ( kalo*’ kalo"])
def test_small_words_and_quoted_signs_by_themselves_are_answered(corpus: Corpus, q: str) -> None:
    assert answer(corpus, q).interpretation.query


def test_a_text_without_known_words_finds_nothing(corpus: Corpus) -> None:
    q = " ".join(f"qx{number}" for number in range(500))

    assert 0 == answer(corpus, q).total
