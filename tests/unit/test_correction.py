"""A query that finds nothing or little gets another one that is known to find more; any other gets none."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import NOW, SEAL, Corpus

from newsdex.index.scope import SearchScope
from newsdex.search.language.parsed_query import parse_query
from newsdex.search.plan.curation import shipped
from newsdex.search.plan.filters import hidden_query
from newsdex.search.request import parse_request, run_query
from newsdex.search.spelling.did_you_mean import FEW_HITS
from newsdex.search.spelling.speller import typed_words
from newsdex_schemas import DidYouMean, SearchRequest

ARTICLES: dict[str, dict[str, Any]] = {
    "ferry": {"title": "Night ferry returns", "body": "The night ferry crosses the estuary again.", "section": "City"},
    "fees": {"title": "Mooring fees rise", "body": "The harbour council raised mooring fees for every night."},
    "fairy": {"title": "A fairy tale on stage", "body": "The theatre plays a fairy tale.", "section": "Stage"},
    "bridge": {"title": "Bridge closed", "body": "The lantern bridge stays closed.", "section": "City"},
    "secret": {"title": "Quinces", "body": "Quinces ripen.", "embargoed_until": "2027-01-01T00:00:00Z"},
    "gone": {"title": "Medlars", "body": "Medlars ripen."},
}
COMMON = {str(number): {"title": "Council", "body": "The council separated the parishes."} for number in range(30)}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("corrections")) as corpus:
        corpus.publish(*({"id": id_, **fields} for id_, fields in (ARTICLES | COMMON).items()))
        corpus.publish({"id": "typo", "title": "Parish", "body": "They seperated and were seldom counciled."})
        corpus.index()
        corpus.withdraw("gone")
        yield corpus


def meant(corpus: Corpus, q: str, **fields: Any) -> DidYouMean | None:
    now = fields.pop("now", NOW)
    return corpus.answer(SearchRequest(q=q, timeout_ms=10_000, **fields), now=now).did_you_mean


def text(corpus: Corpus, q: str, **fields: Any) -> str | None:
    found = meant(corpus, q, **fields)
    return found.text if found else None


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("fery", "ferry"),
        ("harbor", "harbour"),
        ("mooring feas", "mooring fees"),
        ("moring feas", "mooring fees"),
        ("nihgt ferry", "night ferry"),
        ('"nigth ferry"', '"night ferry"'),
        ("title:fery", "title:ferry"),
        ("fery AND NOT fees", "ferry AND NOT fees"),
        ("Estuery", "Estuary"),
        ("ESTUERY", "ESTUARY"),
        ("nightferry", "night ferry"),
        ("  fery  returns ", "  ferry  returns "),
    ],
)
def test_a_misspelt_query_that_finds_nothing_gets_the_right_one(corpus: Corpus, q: str, expected: str) -> None:

    assert expected == text(corpus, q)


def test_words_are_chosen_that_stand_together(corpus: Corpus) -> None:
    """`ferry` and `fairy` are as near to `feiry`, and one stands by `night`, the other by `tale`."""

    assert ("night ferry", "fairy tale") == (text(corpus, "night feiry"), text(corpus, "feiry tale"))


def test_a_word_that_occurs_is_replaced_where_it_never_stands_with_the_others(corpus: Corpus) -> None:

    assert "fairy tale" == text(corpus, "ferry tale")


def test_what_is_proposed_is_marked_for_people_and_finds_as_much_as_it_says(corpus: Corpus) -> None:
    found = meant(corpus, 'night "fery <returns>"')

    assert found is not None
    assert "night &quot;<mark>ferry</mark> &lt;returns&gt;&quot;" == found.marked
    assert corpus.answer(SearchRequest(q=found.text, timeout_ms=10_000)).total == found.total == 1


def test_words_are_proposed_as_people_write_them_and_no_stems(corpus: Corpus) -> None:

    assert ("returns", "closed") == (text(corpus, "retuns"), text(corpus, "clozed"))


@pytest.mark.parametrize(
    "q",
    ["ferry", "", "*", "fery*", "f?ry", "fery~", "zzzzzzzz", "section:Citty", "[a TO b]", "2025", "NOT fery", "quince"],
)
def test_no_other_query_is_proposed_for(corpus: Corpus, q: str) -> None:

    assert None is text(corpus, q)


@pytest.mark.parametrize("q", ["quincess", "medlers"])
def test_words_of_hidden_articles_are_not_proposed(corpus: Corpus, q: str) -> None:

    assert None is text(corpus, q)


def test_words_of_an_article_are_proposed_once_it_is_no_longer_hidden(corpus: Corpus) -> None:
    later = NOW.replace(year=2027)
    with corpus.at(later):
        proposed = text(corpus, "quincess", now=later)

    assert "quinces" == proposed


def test_the_other_query_finds_something_under_the_same_filters(corpus: Corpus) -> None:
    in_city, on_stage = ({"section": (name,)} for name in ("City", "Stage"))

    assert ("ferry", None) == (text(corpus, "fery", filters=in_city), text(corpus, "ferrry", filters=on_stage))


def test_a_query_that_finds_little_gets_one_that_finds_ten_times_as_much(corpus: Corpus) -> None:
    """`seperated` stands in one article, `separated` in thirty; `parish` and `parishes` are one to search."""
    found = meant(corpus, "seperated")

    assert ("separated", 30) == (found.text, found.total) if found else found
    assert 1 == corpus.answer(SearchRequest(q="seperated")).total <= FEW_HITS
    assert None is text(corpus, "fairy")


def test_a_search_without_time_for_it_goes_without(corpus: Corpus) -> None:
    view, hidden, now = corpus.reader.view(), hidden_query(0, []), time.monotonic()
    scopes = [SearchScope(hidden=hidden, deadline=deadline) for deadline in (now - 1, now + 600)]
    parsed = parse_request(SearchRequest(q="fery"), 0, SEAL)
    results = [run_query(view, parsed, shipped(), scope, corpus.lexicons) for scope in scopes]
    found = [result.did_you_mean(view, scope) for result, scope in zip(results, scopes, strict=True)]

    assert [None, "ferry"] == [one and one.text for one in found]


def test_where_most_of_the_words_find_something_those_that_find_more_with_all_are_proposed(corpus: Corpus) -> None:
    """`night` and `the` stand in articles, `fery` in none."""
    reply = corpus.answer(SearchRequest(q="the night fery", timeout_ms=10_000))
    found = reply.did_you_mean

    assert ["most_words"] == [note.code for note in reply.interpretation.notes]
    assert reply.total > 0
    assert ("the night ferry", 1) == (found.text, found.total) if found else found


def test_a_page_behind_a_cursor_gets_none(corpus: Corpus) -> None:
    first = corpus.answer(SearchRequest(q="night fery", size=1, timeout_ms=10_000))
    second = corpus.answer(SearchRequest(q="night fery", size=1, timeout_ms=10_000, cursor=first.next_cursor))

    assert ("night ferry", 1, None) == (
        first.did_you_mean and first.did_you_mean.text,
        len(second.hits),
        second.did_you_mean,
    )


def test_words_of_other_languages_are_proposed_and_no_stems(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        texts = {
            "fr": "Les élections législatives",
            "de": "Die Brücken am Hafen",
            "en": "A quiet harbour",
            "zh": "北京日报 kittiwakes",
        }
        corpus.publish(*({"id": code, "title": title, "language": code} for code, title in texts.items()))
        corpus.index()
        found = {
            q: text(corpus, q)
            for q in ("éléctoins", "legislatves elections", "Brüken", "harbuor", "北京日报 kitiwakes")
        }

    assert {
        "éléctoins": "elections",
        "legislatves elections": "legislatives elections",
        "Brüken": "Brucken",
        "harbuor": "harbour",
        "北京日报 kitiwakes": "北京日报 kittiwakes",
    } == found


def test_the_words_of_a_query_are_those_that_it_looks_for() -> None:
    q = 'night "old ferry" -harbour title:mooring AND lam* fuz~ section:City OR it\'s'
    words = [(word.text, q[word.start : word.end]) for word in typed_words(q, parse_query(q).tree)]

    assert [
        ("night", "night"), ("old", "old"), ("ferry", "ferry"), ("mooring", "mooring"),
        ("it", "it's"),
    ] == words  # fmt: skip


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("prices")) as corpus:
        texts = ["Oil prices rise", "Crude oil prices fall", "Wheat prices will fall", "Interest rates will rise"] * 12
        texts += [
            "The minister will praise it",
            "He will win prises and a prise",
            "An ill wind",
            "Sugar beet and sugar",
        ]
        texts += [
            "They will beat us",
            "Bond rate cut",
            "A bound book",
            "Sugar beet grows",
            "Trade deficit grows",
            "Gold mines close",
        ] * 2
        corpus.publish(*({"id": str(number), "title": "T", "body": text} for number, text in enumerate(texts)))
        corpus.index()
        yield corpus


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("oill prises", "oil prices"), ("oil prises", "oil prices"), ("crude oill", "crude oil"),
        ("oill prices", "oil prices"), ("OILL PRISES", "OIL PRICES"), ("wheet prises", "wheat prices"),
        ("intrest raets", "interest rates"), ("intrest rates", "interest rates"), ("bund rate cutt", "bond rate cut"),
        ("treade defisit", "trade deficit"), ("gold mins", "gold mines"), ("sugar beat", "sugar beet"),
        ("crude oill prises", "crude oil prices"),
    ],
)  # fmt: skip
def test_a_correction_is_of_the_whole_query(prices: Corpus, q: str, expected: str) -> None:
    """The nearest spelling of each word by itself makes `will prises` of the first."""

    assert expected == text(prices, q)


@pytest.mark.parametrize("q", ["will prices", "oil rates", "will oil", "prices bound", "wheat deficit", "rise"])
def test_a_right_word_is_not_replaced_by_one_that_finds_less(prices: Corpus, q: str) -> None:
    found = meant(prices, q)
    changed = [(own, other) for own, other in zip(q.split(), found.text.split(), strict=True)] if found else []

    assert [] == [(own, other) for own, other in changed if own != other and of(prices, other) < of(prices, own)]


def of(corpus: Corpus, word: str) -> int:
    return corpus.answer(SearchRequest(q=word, timeout_ms=10_000, repeats="show")).total
