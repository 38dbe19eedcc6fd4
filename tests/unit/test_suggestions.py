"""Suggestions complete what is typed with what may be shown: nothing hidden, and nothing that finds nothing."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from tests.scenarios.corpus import NOW, Corpus

from newsdex.errors import Unavailable
from newsdex.search.plan.curation import shipped
from newsdex.search.suggest.suggester import Suggestions, suggestion_weights
from newsdex.validation import as_invalid
from newsdex_schemas import SearchRequest, SuggestReply, SuggestRequest

ARTICLES: dict[str, dict[str, Any]] = {
    "ferry": {
        "title": "Night ferry returns", "body": "The night ferry crosses the estuary.", "section": "City",
        "authors": ("Perpetua Lindqvist",), "tags": ("Ferries", "Oyster Bank"), "published_at": "2026-11-01T00:00:00Z",
    },
    "fees": {
        "title": "Ferry fees rise", "body": "Mooring fees and ferry fees.", "authors": ("O’Hara, Fen",),
        "tags": ("Ferries",), "published_at": "2026-11-20T00:00:00Z",
    },
    "fees again": {"title": "Ferry fees rise", "body": "Fees.", "published_at": "2026-10-20T00:00:00Z"},
    "tale": {"title": "A fairy tale", "body": "Fairy <lights> glow.", "published_at": "2020-01-01T00:00:00Z"},
    "embargoed": {
        "title": "Ferrule secret", "body": "Ferrules.", "authors": ("Ferdinand Hidden",), "tags": ("Fernweh",),
        "embargoed_until": "2027-01-01T00:00:00Z",
    },
    "expired": {"title": "Fescue", "body": "Fescues.", "tags": ("Fescues",), "expires_at": "2026-01-01T00:00:00Z"},
    "withdrawn": {"title": "Ferrets", "body": "Ferrets.", "authors": ("Ferris Gone",)},
    "chinese": {"title": "北京日报", "body": "北京的天气"},
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("suggestions")) as corpus:
        corpus.publish(*({"id": id_, **fields} for id_, fields in ARTICLES.items()))
        corpus.index()
        corpus.withdraw("withdrawn")
        yield corpus


def texts(reply: SuggestReply) -> dict[str, list[str]]:
    kinds = {"titles": reply.titles, "authors": reply.authors, "tags": reply.tags, "terms": reply.terms}
    return {kind: [one.text for one in found] for kind, found in kinds.items() if found}


def test_every_kind_is_completed(corpus: Corpus) -> None:
    reply = corpus.suggest("fe")

    assert {
        "titles": ["Ferry fees rise", "Night ferry returns"],
        "authors": ["O’Hara, Fen"],
        "tags": ["Ferries"],
        "terms": ["ferry", "fees"],
    } == texts(reply)
    assert (False, 8) == (reply.partial, reply.position)


def test_of_articles_with_one_title_the_newest_is_given(corpus: Corpus) -> None:
    (title,) = corpus.suggest("fees", kinds=("titles",)).titles

    assert ("fees", datetime(2026, 11, 20, tzinfo=UTC)) == (title.id, title.published_at)


def test_only_the_kinds_that_are_asked_for_come_and_at_most_so_many(corpus: Corpus) -> None:

    assert {"terms": ["ferry"]} == texts(corpus.suggest("fe", kinds=("terms",), size=1))


def test_what_was_typed_is_marked_and_all_else_escaped(corpus: Corpus) -> None:
    reply = corpus.suggest("oyster b")
    (term,) = corpus.suggest("fairy <li", kinds=("terms",)).terms

    assert ["<mark>Oyster</mark> <mark>B</mark>ank"] == [tag.marked for tag in reply.tags]
    assert ("fairy <lights", "<mark>fairy</mark> &lt;<mark>li</mark>ghts") == (term.text, term.marked)


def test_a_name_is_found_from_any_of_its_words_on_and_shown_as_it_is_written(corpus: Corpus) -> None:
    found = {typed: texts(corpus.suggest(typed, kinds=("authors", "tags"))) for typed in ("lind", "ohara f", "bank")}

    assert {
        "lind": {"authors": ["Perpetua Lindqvist"]},
        "ohara f": {"authors": ["O’Hara, Fen"]},
        "bank": {"tags": ["Oyster Bank"]},
    } == found


def test_a_term_completes_the_last_word_by_what_stands_with_the_others(corpus: Corpus) -> None:

    assert {"titles": ["Night ferry returns"], "terms": ["night ferry"]} == texts(corpus.suggest("night fe"))


@pytest.mark.parametrize("typed", ["ferr", "fern", "ferd", "hidden", "fesc", "ferre", "ferri", "gone", "secret"])
def test_nothing_of_a_hidden_article_is_suggested(corpus: Corpus, typed: str) -> None:
    shown = str(texts(corpus.suggest(typed, size=20))).lower()

    assert [] == [
        word for word in ("ferrule", "fernweh", "hidden", "fescue", "ferret", "gone", "secret") if word in shown
    ]


def test_an_article_is_suggested_once_it_is_no_longer_hidden(corpus: Corpus) -> None:
    later = NOW.replace(year=2027, month=6)
    with corpus.at(later):
        reply = corpus.suggest("ferd", now=later)

    assert ["Ferdinand Hidden"] == texts(reply)["authors"]


def test_every_term_finds_as_many_articles_as_it_says(corpus: Corpus) -> None:
    terms = [one for typed in ("f", "n", "m", "e", "li") for one in corpus.suggest(typed, size=20).terms]

    assert len(terms) > 5
    for term in terms:
        assert term.total == corpus.answer(SearchRequest(q=term.text, size=0)).total > 0


@pytest.mark.parametrize(
    ("typed", "kind", "expected"),
    [
        ("ferr", "terms", ("ferry", False)),
        ("feery", "terms", ("ferry", True)),
        ("freey", "terms", ("ferry", True)),
        ("estaur", "terms", ("estuary", True)),
        ("mooirng fes", "terms", ("mooring fees", True)),
        ("feery", "titles", ("Ferry fees rise", True)),
        ("lindqivst", "authors", ("Perpetua Lindqvist", True)),
        ("oystre b", "tags", ("Oyster Bank", True)),
    ],
)
def test_typing_errors_are_seen_through(corpus: Corpus, typed: str, kind: str, expected: tuple[str, bool]) -> None:
    found = getattr(corpus.suggest(typed), kind)

    assert expected == (found[0].text, found[0].corrected)


def test_exact_completions_come_before_corrected_ones(corpus: Corpus) -> None:
    flags = [one.corrected for one in corpus.suggest("fair", size=20).terms]

    assert sorted(flags) == flags
    assert [False] == flags[:1]


def test_more_recent_articles_go_before_as_many_old_ones(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Corpus(tmp_path_factory.mktemp("recent")) as corpus:
        for number, (tag, date) in enumerate([("plum", "2001-01-01"), ("pear", "2026-11-01"), ("peach", None)] * 2):
            dated = {"published_at": f"{date}T00:00:00Z"} if date else {}
            corpus.publish({"id": str(number), "title": "Fruit", "body": f"a {tag}", "tags": (tag,), **dated})
        corpus.publish(*({"id": f"p{n}", "title": "Fruit", "body": "a pomelo", "tags": ("pomelo",)} for n in range(9)))
        corpus.index()
        reply = corpus.suggest("p")

    assert ["pear", "pomelo"] == [tag.text for tag in reply.tags][:2]
    assert ["pear", "pomelo"] == [term.text for term in reply.terms][:2]


@pytest.mark.parametrize("typed", [" ", "…", "2026 !", "«", "qqqq", "北京"])
def test_whatever_is_typed_is_answered(corpus: Corpus, typed: str) -> None:
    reply = corpus.suggest(typed)

    assert [] == [*reply.authors, *reply.tags, *reply.terms]


def test_titles_without_spaces_are_found_by_their_beginning(corpus: Corpus) -> None:

    assert {"titles": ["北京日报"]} == texts(corpus.suggest("北")) == texts(corpus.suggest("北京日"))


def test_a_new_article_is_suggested_with_the_next_commit(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Corpus(tmp_path_factory.mktemp("new")) as corpus:
        corpus.publish({"id": "a", "title": "Heron"})
        corpus.index()
        before = texts(corpus.suggest("plo"))
        corpus.publish({"id": "b", "title": "Plover", "tags": ("Plovers",)})
        corpus.index()
        after = texts(corpus.suggest("plo"))

    assert ({}, {"titles": ["Plover"], "tags": ["Plovers"], "terms": ["plover"]}) == (before, after)


def test_without_an_index_the_answer_is_that_it_is_being_built(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Corpus(tmp_path_factory.mktemp("none")) as empty, pytest.raises(Unavailable) as raised:
        empty.suggest("fe")

    assert "index_rebuilding" == raised.value.code


def test_a_request_that_waited_too_long_is_refused(corpus: Corpus) -> None:
    suggestions = Suggestions(
        index=corpus.reader,
        texts=corpus.archive,
        clock_us=lambda: 0,
        lexicons=corpus.lexicons,
        recency=suggestion_weights(shipped().recency),
    )
    with pytest.raises(Unavailable) as raised:
        suggestions.answer(SuggestRequest(q="fe", timeout_ms=1), time.monotonic() - 60)

    assert "deadline_exceeded" == raised.value.code


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ({}, "missing_field", "q"),
        ({"q": ""}, "empty_text", "q"),
        ({"q": "x" * 201}, "too_long", "q"),
        ({"q": "a\0"}, "control_character", "q"),
        ({"q": "a", "kinds": []}, "too_few", "kinds"),
        ({"q": "a", "kinds": ["bodies"]}, "not_allowed", "kinds.0"),
        ({"q": "a", "size": 0}, "out_of_range", "size"),
        ({"q": "a", "timeout_ms": 10_001}, "out_of_range", "timeout_ms"),
    ],
)
def test_a_malformed_request_is_refused_with_its_place(body: dict[str, Any], code: str, place: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SuggestRequest.from_json(json.dumps(body))
    fault = as_invalid(raised.value)

    assert (code, place) == (fault.code, fault.place)


@pytest.mark.parametrize(
    ("typed", "right", "wrong"),
    [
        ("goverm", "government", "goverment"), ("new goverm", "new government", "new goverment"),
        ("recie", "received", "recieved"), ("seper", "separate", "seperate"), ("minst", "minister", "minster"),
        ("comitt", "committee", "comittee"), ("enviro", "environment", "enviroment"), ("intre", "interest", "intrest"),
        ("harbuo", "harbour", "harbuor"), ("neccess", "necessary", "neccessary"),
    ],
)  # fmt: skip
def test_a_typing_error_of_the_texts_does_not_go_before_the_right_word(
    tmp_path_factory: pytest.TempPathFactory, typed: str, right: str, wrong: str
) -> None:
    with Corpus(tmp_path_factory.mktemp("errors")) as corpus:
        times = {right: 25, wrong: 2}
        texts = [f"A new {term.rpartition(' ')[2]} came." for term, number in times.items() for _ in range(number)]
        corpus.publish(*({"id": str(number), "title": "T", "body": text} for number, text in enumerate(texts)))
        corpus.index()
        found = texts_of(corpus.suggest(typed, kinds=["terms"]))

        assert found.index(right) < (found.index(wrong) if wrong in found else len(found))


def test_a_rare_word_that_is_no_error_goes_before_others(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Corpus(tmp_path_factory.mktemp("rare")) as corpus:
        texts = ["The committee met."] * 25 + ["The comet passed."]
        corpus.publish(*({"id": str(number), "title": "T", "body": text} for number, text in enumerate(texts)))
        corpus.index()

        assert "comet" == texts_of(corpus.suggest("comet", kinds=["terms"]))[0]


def texts_of(reply: SuggestReply) -> list[str]:
    return [one.text for one in reply.terms]
