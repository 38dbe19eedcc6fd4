"""What is promised of languages: an article is stemmed by its own, and found however a word of it is written."""

import gzip
import json
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.columnar.corpus import Indexed
from tests.scenarios.corpus import found_in
from whoosh.query import Every

from newsdex.index.reader import IndexReader, View
from newsdex.index.scope import SearchScope
from newsdex.index.text.analysis import words
from newsdex.index.text.languages import DEFAULT, detected, known, stemmed_as, stemmers
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parsed_query import parse_query
from newsdex.search.plan.build import matching
from newsdex.search.reply.highlighter import TermMatcher
from newsdex.search.reply.snippets import snippets
from newsdex_schemas import Article

ASKED_WORDS = 6
LEAST_LETTERS = 4


def asked(q: str, languages: tuple[str, ...]) -> Any:
    return matching(parse_query(q).tree, QueryClock(now_us=0), languages)


# The language of an article


@pytest.mark.parametrize(
    ("tag", "code"),
    [("de", "de"), ("DE-at", "de"), ("nb", "no"), ("zh-Hans", "en"), ("x-new", "en"), ("pt-BR", "pt"), ("vi", "vi")],
)
def test_a_tag_names_a_stemmer_or_the_default(tag: str, code: str) -> None:

    assert code == known(tag)


def test_a_named_language_is_not_doubted() -> None:
    text = "Le président du conseil a annoncé hier que les travaux du pont commenceront au printemps prochain. " * 2

    assert ("fr", "de") == (stemmed_as(article(body=text)), stemmed_as(article(body=text, language="de-CH")))


@pytest.mark.parametrize(
    "text",
    [
        "Rio de Janeiro - coffee registrations",
        "Tokyo dollar yen",
        "",
        "1987-88 35.2 3,100 45",
        "\x01 control",
        "北京天气",
        "\ud800",
    ],
)
def test_too_little_text_of_a_kind_is_taken_as_the_default(text: str) -> None:

    assert detected(text) == DEFAULT


def test_a_few_words_tell_a_language_with_a_script_of_its_own() -> None:

    assert ["ar", "el", "hy"] == [detected(text) for text in ("أعلنت الوزارة", "η κυβέρνηση ανακοίνωσε", "Երեւանի նոր")]


@given(st.text())
def test_any_text_has_a_language_with_a_stemmer(text: str) -> None:

    assert detected(text) in stemmers


# Real articles, none of which names its language to the index


def article(**fields: Any) -> Article:
    return Article.model_validate({"id": "1", "title": "-"} | fields)


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[dict[str, Any]]:
    with gzip.open(shared_data / "articles" / "multilingual_800.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [row | {"title": row["title"].strip() or row["body"][:60]} for row in map(json.loads, lines)]


@pytest.fixture(scope="module")
def view(rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> View:
    indexed = Indexed(tmp_path_factory.mktemp("multilingual"))
    indexed.apply([{name: row[name] for name in ("id", "title", "body")} for row in rows])
    return IndexReader(indexed.root).view()


def test_languages_of_real_articles_are_detected(rows: list[dict[str, Any]]) -> None:
    named = Counter(row["lang"] for row in rows)
    right = Counter(row["lang"] for row in rows if stemmed_as(article(**_texts(row))) == known(row["lang"]))

    assert {language for language in named if right[language] < 0.96 * named[language]} == set()


def _texts(row: dict[str, Any]) -> dict[str, str]:
    return {"title": row["title"], "body": row["body"]}


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _as_it_is(text: str) -> str:
    return text


def _in_capitals(text: str) -> str:
    return without_accents(text).upper()


def _in_other_arabic_letters(text: str) -> str:
    letters = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "\u200c": None})
    return text.translate(letters)


def _with_vowel_signs(text: str) -> str:
    return "".join(c + "\u064e" if "ب" <= c <= "ي" else c for c in text)


def questions(row: dict[str, Any], written: Callable[[str], str]) -> str:
    """Return some words of an article's title, written in another way."""
    found = [word for word, _, _ in words(row["title"]) if len(word) >= LEAST_LETTERS or word >= "\u3040"]
    return " ".join(written(word) for word in found[:ASKED_WORDS])


WAYS = {
    "de": [_as_it_is, _in_capitals],
    "fr": [_as_it_is, _in_capitals],
    "ar": [_as_it_is, _in_other_arabic_letters, _with_vowel_signs],
    "fa": [_as_it_is, _in_other_arabic_letters],
    "zh": [_as_it_is],
}


@pytest.mark.parametrize(
    ("language", "written"),
    [(language, way) for language, ways in WAYS.items() for way in ways],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_each_article_is_found_by_words_of_its_title_however_they_are_written(
    rows: list[dict[str, Any]], view: View, language: str, written: Callable[[str], str]
) -> None:
    own = [(row["id"], questions(row, written)) for row in rows if row["lang"] == language]
    missed = [(id_, q) for id_, q in own if q and id_ not in found_in(view, f"title:({q})", size=len(rows))]

    assert missed == []


def test_a_found_word_is_marked_in_the_text(rows: list[dict[str, Any]], view: View) -> None:
    unmarked = []
    for row in rows:
        for q in _first_words(row["body"]):
            marks = TermMatcher(asked(q, view.languages), stemmed_as(article(**_texts(row))))
            if not any(passage.marks for passage in snippets([row["body"]], marks)[0]):
                unmarked.append((row["id"], q))

    assert unmarked == []


def _first_words(text: str) -> Iterator[str]:
    for word, _, _ in list(words(text[:200]))[:20:10]:
        if len(word) >= LEAST_LETTERS:
            yield _in_other_arabic_letters(without_accents(word))


def test_passages_of_scripts_from_the_right_stay_whole(rows: list[dict[str, Any]], view: View) -> None:
    broken = []
    for row in rows:
        if row["lang"] in {"ar", "fa"}:
            marks = TermMatcher(asked(questions(row, _as_it_is), view.languages), row["lang"])
            whole = " ".join(row["body"].split())
            shown = (passage.text.strip("… ") for passage in snippets([row["body"]], marks)[0])
            broken += [text for text in shown if text not in whole]

    assert broken == []


def test_time_is_bounded_however_many_languages_an_index_has(view: View) -> None:
    found = view.find(
        asked(" OR ".join(f"word{number}" for number in range(400)), tuple(sorted(stemmers))),
        SearchScope(deadline=math.inf),
        sort="relevance",
        size=10,
    )

    assert found.total == 0


# What the index keeps of it


def test_the_index_tells_the_language_of_each_hit_whatever_is_merged_or_deleted(tmp_path: Path) -> None:
    french = "Le président du conseil a annoncé hier que les travaux du pont commenceront au printemps prochain. " * 2
    written = {
        "named": {"title": "Ferry", "language": "de-CH"},
        "detected": {"title": "Ferry", "body": french},
        "neither": {"title": "Ferry"},
        "gone": {"title": "Ferry", "language": "it"},
    }
    indexed = Indexed(tmp_path)
    for id_, fields in written.items():
        indexed.apply([{"id": id_, **fields}])
    everything = SearchScope(deadline=math.inf)
    before = IndexReader(tmp_path).view().find(Every(), everything, sort="newest", size=10)
    indexed.apply(["gone"])
    indexed.writer.merge_everything()
    after = IndexReader(tmp_path).view().find(Every(), everything, sort="newest", size=10)

    assert {"named": "de", "detected": "fr", "neither": DEFAULT, "gone": "it"} == before.languages
    assert {"named": "de", "detected": "fr", "neither": DEFAULT} == after.languages
