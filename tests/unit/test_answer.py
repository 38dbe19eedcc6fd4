"""What an answer promises: within its deadline, exact or marked partial, and a Problem for all that goes wrong."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from tests.scenarios.corpus import NOW, SEAL, Corpus
from whoosh import query as whoosh_query

from newsdex.apps.problems import problem_of
from newsdex.errors import Invalid, Misconfigured, NewsdexError, Unavailable
from newsdex.index.scope import SearchScope
from newsdex.records.moments import microseconds
from newsdex.search.request import MAX_NOTES
from newsdex.search.service import Search
from newsdex.validation import read_request
from newsdex_schemas import Article, Hit, Place, Problem, SearchReply, SearchRequest

NUMBER = 2_000
SYLLABLES = ("ba", "co", "di", "fu", "ge", "ha", "ki", "lo", "mu", "ne")
GENEROUS_TIME_S = 1
"""For queries with a deadline of milliseconds: whatever cannot be stopped must end within this."""
SECRET = "a text that nobody may see"


def words_of(number: int) -> str:
    """Return a few words of each article: some that all have, some that few have, one that it has alone."""
    tens, ones = divmod(number, 10)
    rare = "".join(SYLLABLES[int(digit)] for digit in f"{number:04}")
    return f"common river {SYLLABLES[ones]}common {SYLLABLES[tens % 10]}river {rare} common {rare}s river again"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("large")) as corpus:
        numbers = range(NUMBER)
        corpus.publish(*({"id": str(n), "title": f"Story {n}", "body": words_of(n)} for n in numbers))
        corpus.index()
        yield corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def request(q: str = "", **fields: Any) -> SearchRequest:
    return SearchRequest(q=q, **({"timeout_ms": 10_000} | fields))


def outcome(answer: Callable[[], SearchReply]) -> SearchReply | str:
    try:
        return answer()
    except NewsdexError as error:
        return error.code


# Deadlines

EXPENSIVE = [
    "common",
    "NOT nothing",
    "common OR river OR again",
    '"common river" OR "river again" OR "again common"',
    "b* OR c* OR d* OR f*",
    "*a* *o* *i*",
    "ba?o* *x",
    "bacodifu~2 OR gehakilo~2",
    "bacodifu~9",
    "[a TO z]",
    " OR ".join(f"{a}{b}*" for a in SYLLABLES for b in SYLLABLES),
    " OR ".join(f'"common {a}common river"' for a in SYLLABLES * 5),
    " OR ".join(f"zzzzz{a}{b}~2" for a in SYLLABLES[:3] for b in SYLLABLES),
    " ".join(f"*z{a}{b}z*" for a in SYLLABLES for b in SYLLABLES),
]


def test_a_request_that_waited_too_long_is_refused(corpus: Corpus) -> None:
    corpus.index()
    search = Search(
        index=corpus.reader,
        texts=corpus.archive,
        clock_us=lambda: microseconds(NOW),
        seal=SEAL,
        lexicons=corpus.lexicons,
    )
    with pytest.raises(Unavailable) as raised:
        search.answer(request(timeout_ms=1), time.monotonic() - 0.002)

    assert "deadline_exceeded" == raised.value.code


@pytest.mark.parametrize("timeout_ms", [1, 20])
@pytest.mark.parametrize("q", EXPENSIVE, ids=lambda q: q[:30])
def test_an_expensive_query_ends_at_its_deadline(large: Corpus, q: str, timeout_ms: int) -> None:
    """The reply is whole, or marked partial, or says that the deadline is over; and it comes."""
    large.answer(request(size=0))
    start = time.monotonic()
    reply = outcome(lambda: large.answer(request(q, timeout_ms=timeout_ms)))
    took_s = time.monotonic() - start

    assert took_s < timeout_ms / 1e3 + GENEROUS_TIME_S
    assert reply == "deadline_exceeded" or (isinstance(reply, SearchReply) and reply.total <= NUMBER)


@pytest.mark.parametrize("q", ["common", "NOT nothing", '"common river"'])
def test_a_search_that_was_cut_off_is_partial_and_its_total_a_lower_bound(large: Corpus, q: str) -> None:
    replies = [outcome(lambda ms=ms: large.answer(request(q, timeout_ms=ms))) for ms in (1, 2, 3, 5, 8, 10_000)]
    totals = [(reply.partial, reply.total) for reply in replies if isinstance(reply, SearchReply)]

    assert (False, NUMBER) == totals[-1]
    assert [] == [(partial, total) for partial, total in totals if (not partial and total != NUMBER) or total > NUMBER]


SEVERAL_SEARCHES = {
    "most of the words": ("common bacodifu bacodige absent", 0),
    "as words": ("bacodifu -common", 1),
    "quotations as words": ('bacodifu "river common"', 1),
    "a spelling": ("bacodiffu", 1),
}
"""Queries that are answered by one search after another, and what each finds at least."""


class Clock:
    """A clock that stands until it was looked at some number of times, and is a day later from then on."""

    def __init__(self, looks: float) -> None:
        self.looks = looks
        self._now = time.monotonic()

    def monotonic(self) -> float:
        self.looks -= 1
        return self._now if self.looks >= 0 else self._now + 86_400


@pytest.mark.parametrize(("q", "least"), SEVERAL_SEARCHES.values(), ids=SEVERAL_SEARCHES)
def test_a_reply_that_had_no_time_for_another_search_is_partial(
    large: Corpus, monkeypatch: pytest.MonkeyPatch, q: str, least: int
) -> None:
    """Whenever the time is over, a reply that is not partial is the one that is given with plenty of time."""

    def answered(clock: Clock) -> SearchReply | None:
        monkeypatch.setattr("newsdex.index.columnar.query.evaluator.time", clock)
        monkeypatch.setattr("newsdex.search.plan.pinned_vocabulary.time", clock)
        monkeypatch.setattr("newsdex.search.spelling.speller.time", clock)
        search = Search(
            index=large.reader, texts=large.archive, clock_us=lambda: microseconds(NOW), seal=SEAL,
            lexicons=large.lexicons,
        )  # fmt: skip
        try:
            return search.answer(request(q, timeout_ms=10_000), time.monotonic())
        except Unavailable:
            return None

    def told(reply: SearchReply) -> tuple[Any, ...]:
        return reply.total, reply.words, reply.interpretation.query, [hit.id for hit in reply.hits]

    plenty = Clock(1e9)
    whole = answered(plenty)
    assert whole is not None
    assert whole.total >= least
    looks = int(1e9 - plenty.looks)
    replies = [answered(Clock(number)) for number in range(looks)]

    assert any(reply is not None and reply.partial for reply in replies)
    assert [] == [told(reply) for reply in replies if reply and not reply.partial and told(reply) != told(whole)]


def test_a_search_without_any_time_left_is_partial_and_finds_nothing(large: Corpus) -> None:
    scope = SearchScope(deadline=time.monotonic() - 1)
    found = large.reader.view().find(whoosh_query.Every(), scope, sort="relevance", size=1)

    assert (True, 0) == (found.partial, found.total)


def test_a_pattern_of_too_many_words_gives_a_partial_result(large: Corpus) -> None:
    reply = large.answer(request("body:*b*"))

    assert (True, True) == (reply.partial, 0 < reply.total < NUMBER)


def test_a_reply_says_what_it_took(large: Corpus) -> None:
    reply = large.answer(request("common"))

    assert 0 < reply.index_ms <= reply.took_ms < 10_000
    assert reply.position == NUMBER


# Counts and pages


@pytest.mark.parametrize(("q", "total"), [("common", NUMBER), ("bacommon", NUMBER // 10), ("bababaco", 1), ("zz", 0)])
@pytest.mark.parametrize("size", [0, 1, 10, 100])
@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_the_total_does_not_depend_on_the_page(large: Corpus, q: str, total: int, size: int, sort: str) -> None:
    reply = large.answer(request(q, size=size, sort=sort))

    assert (total, False, min(size, total)) == (reply.total, reply.partial, len(reply.hits))


def test_pages_one_after_the_other_give_every_hit_once(large: Corpus) -> None:
    pages = [large.ids("bacommon", size=30, offset=offset, timeout_ms=10_000) for offset in range(0, 210, 30)]

    assert sorted(str(number) for number in range(0, NUMBER, 10)) == sorted(id_ for page in pages for id_ in page)


@dataclass(frozen=True)
class WithdrawnMeanwhile:
    """An archive in which an article was withdrawn after the index was asked."""

    articles: dict[str, Article]

    def visible(self, ids: Sequence[str], now_us: int) -> dict[str, Article]:  # noqa: ARG002 - the protocol's
        return {id_: self.articles[id_] for id_ in ids if id_ in self.articles}

    def visible_contents(self, ids: Sequence[str], now_us: int) -> dict[str, bytes]:
        return {id_: article.to_json() for id_, article in self.visible(ids, now_us).items()}

    def hidden_since(self, position: int, now_us: int) -> list[str]:  # noqa: ARG002 - the protocol's
        return []


def test_an_article_withdrawn_after_the_index_was_asked_is_neither_shown_nor_counted(corpus: Corpus) -> None:
    corpus.publish({"id": "a", "title": "Ferry"}, {"id": "b", "title": "Ferry"})
    corpus.index()
    texts = WithdrawnMeanwhile({"b": Article(id="b", title="Ferry")})
    reply = Search(index=corpus.reader, texts=texts, clock_us=lambda: 0, seal=SEAL, lexicons=corpus.lexicons).answer(
        request("ferry"), time.monotonic()
    )

    assert (["b"], 1) == ([hit.id for hit in reply.hits], reply.total)


# Hits


def test_a_hit_has_the_articles_fields_and_never_its_body(corpus: Corpus) -> None:
    fields = {
        "id": "a", "title": "Ferry <returns>", "summary": "A summary", "section": "City", "authors": ("Doe, Jane",),
        "tags": ("boats",), "agency": "Reuters", "dateline": "RIVERTON", "language": "en", "version": 4,
        "url": "https://news.example/a",
    }  # fmt: skip
    corpus.publish(fields | {"body": f"The ferry left. {'More. ' * 100}{SECRET}"})
    corpus.index()
    reply = corpus.answer(request("ferry"))
    (hit,) = reply.hits

    assert fields == {name: getattr(hit, name) for name in fields}
    assert "body" not in Hit.model_fields
    assert SECRET.encode() not in reply.to_json()
    assert hit == SearchReply.from_json(reply.to_json()).hits[0]


def test_a_hit_without_a_body_shows_its_summary(corpus: Corpus) -> None:
    corpus.publish({"id": "a", "title": "Boats", "summary": "A ferry left."}, {"id": "b", "title": "Ferry"})
    corpus.index()
    shown = {hit.id: hit.snippets for hit in corpus.answer(request("ferry")).hits}

    assert {"a": ("A <mark>ferry</mark> left.",), "b": ()} == shown


def test_a_hit_has_a_score_by_relevance_and_none_by_date(large: Corpus) -> None:
    scores = [hit.score for hit in large.answer(request("bababaco OR common")).hits]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] > 0
    assert {0.0} == {hit.score for hit in large.answer(request("common", sort="newest")).hits}


# What goes wrong


def test_without_an_index_the_answer_is_that_it_is_being_built(corpus: Corpus) -> None:

    assert "index_rebuilding" == outcome(lambda: corpus.answer(request("ferry")))


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b"\xff", "invalid_json", None),
        (b"{", "invalid_json", None),
        (b"[]", "wrong_type", None),
        (b"null", "wrong_type", None),
        (b'"q"', "wrong_type", None),
        (b"[" * 100_000, "too_deep", None),
        (b'{"q": 1}', "wrong_type", "q"),
        (b'{"q": "\\u0000"}', "control_character", "q"),
        (b'{"q": "\\ud800"}', "invalid_json", None),
        (json.dumps({"q": "x" * 50_001}).encode(), "too_long", "q"),
        (b'{"size": 101}', "out_of_range", "size"),
        (b'{"size": "10"}', "wrong_type", "size"),
        (b'{"size": 1.5}', "wrong_type", "size"),
        (b'{"size": NaN}', "wrong_type", "size"),
        (b'{"offset": -1}', "out_of_range", "offset"),
        (b'{"timeout_ms": 0}', "out_of_range", "timeout_ms"),
        (b'{"sort": "best"}', "not_allowed", "sort"),
        (b'{"filters": []}', "wrong_type", "filters"),
        (b'{"filters": {"section": "City"}}', "wrong_type", "filters.section"),
        (b'{"filters": {"section": ["City", ""]}}', "empty_text", "filters.section.1"),
        (b'{"filters": {"language": ["e n"]}}', "malformed_text", "filters.language.0"),
        (b'{"filters": {"published_to": 5}}', "invalid_datetime", "filters.published_to"),
        (b'{"filters": {"published_to": "2026-01-01T00:00:00"}}', "naive_datetime", "filters.published_to"),
    ],
)  # fmt: skip
def test_a_malformed_request_is_refused_with_its_place(body: bytes, code: str, place: str | None) -> None:
    with pytest.raises(Invalid) as raised:
        read_request(SearchRequest, body)

    assert (code, place) == (raised.value.code, raised.value.place)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"q": "", "cursor": null, "timezone": ""}'])
def test_what_a_request_leaves_out_has_a_default(body: bytes) -> None:

    assert SearchRequest() == read_request(SearchRequest, body)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (Invalid("too_long", "q: too long", "q"), {"retryable": False, "place": Place(field="q")}),
        (Invalid("query_too_deep", "too deep", "60-61"), {"place": Place(field="q", start=60, end=61)}),
        (Invalid("invalid_json", "not JSON"), {"place": None}),
        (Unavailable("deadline_exceeded", "too late"), {"retryable": True, "place": None}),
        (Misconfigured("no_disk", "no disk"), {"retryable": False}),
    ],
)
def test_a_failure_of_a_known_kind_becomes_a_problem(error: NewsdexError, problem: dict[str, Any]) -> None:
    expected = {"code": error.code, "message": error.message, "retryable": False, "correlation_id": "c"} | problem

    assert Problem(**expected) == problem_of(error, "c")


@pytest.mark.parametrize("error", [ValueError(SECRET), KeyError(SECRET), RecursionError(SECRET), Exception()])
def test_an_unexpected_failure_leaks_nothing_of_itself(error: Exception) -> None:
    problem = problem_of(error, None)

    assert ("internal_error", False, None) == (problem.code, problem.retryable, problem.place)
    assert SECRET.encode() not in problem.to_json()


SIGNS_WITH_SPACES = [
    sign for sign in map(chr, range(0x110000)) if " " in normalize("NFKC", sign) and normalize("NFKC", sign).strip()
]
"""Arabic ligatures of several words, and marks that stand on a space."""


def test_a_sign_that_has_a_space_may_stand_anywhere(corpus: Corpus) -> None:
    corpus.publish({"id": "1", "title": "Night ferry"})
    corpus.index()
    written = ["night {}", "{0} {0} ferry", "ab{0} night{0}cd", "nig{0}ht ferry"]
    texts = [one.format(sign) for sign in SIGNS_WITH_SPACES for one in written]
    outcomes = {q: outcome(partial(corpus.answer, request(q))) for q in texts}

    assert len(SIGNS_WITH_SPACES) > 50
    assert [] == [ascii(q) for q, reply in outcomes.items() if not isinstance(reply, SearchReply)]


def test_of_a_text_with_very_many_faults_the_first_are_told(corpus: Corpus) -> None:
    corpus.publish({"id": "1", "title": "T"})
    corpus.index()
    notes = corpus.answer(request(")" * 1_000)).interpretation.notes

    assert MAX_NOTES == len(notes)
    assert list(range(MAX_NOTES)) == [note.start for note in notes]
