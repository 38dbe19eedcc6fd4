"""Best bets: read from YAML, shown until they end, never what must not be shown; a bad file changes nothing."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.scenarios.corpus import Corpus, stories

from newsdex.editors.best_bets import BestBets, read_best_bets, watched_best_bets
from newsdex.editors.watched import Watched
from newsdex.editors.wordlists import WordList
from newsdex.errors import Misconfigured
from newsdex.records.moments import microseconds
from newsdex.search.plan.curation import Curation, shipped
from newsdex_schemas import Recency, SearchReply, SearchRequest

WORDLIST = WordList(stop_words=frozenset({"the"}))
BETS = "- {queries: [spring budget, Haushalt], articles: [a, b], until: 2026-04-30}"


@pytest.fixture
def bets(tmp_path: Path) -> Path:
    return tmp_path / "best-bets.yaml"


def read(path: Path, text: str) -> BestBets:
    path.write_text(text, encoding="utf-8")
    return read_best_bets([path])


def promoted(read_bets: BestBets, text: str, now: datetime) -> tuple[str, ...]:
    return read_bets.promoted(text, WORDLIST, microseconds(now))


APRIL = datetime(2026, 4, 30, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize("text", ["spring budget", "The Spring Budgets!", "haushalt", '"spring budget"'])
def test_a_query_of_the_same_words_in_any_form_is_promoted(bets: Path, text: str) -> None:
    assert ("a", "b") == promoted(read(bets, BETS), text, APRIL)


@pytest.mark.parametrize("text", ["budget", "budget spring", "spring budget speech", "", "the"])
def test_another_query_is_not(bets: Path, text: str) -> None:
    assert () == promoted(read(bets, BETS), text, APRIL)


def test_it_ends_with_its_last_day(bets: Path) -> None:
    assert () == promoted(read(bets, BETS), "haushalt", datetime(2026, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize("until", ["2026-04-30T12:00:00Z", "2026-04-30T14:00:00+02:00", "2026-04-30T12:00:00"])
def test_it_may_end_at_a_moment(bets: Path, until: str) -> None:
    own = read(bets, f"- {{queries: [x], articles: [a], until: {until}}}")

    assert ("a",) == promoted(own, "x", datetime(2026, 4, 30, 11, 59, tzinfo=UTC))
    assert () == promoted(own, "x", datetime(2026, 4, 30, 12, tzinfo=UTC))


def test_several_entries_for_one_query_add_up_each_article_once(bets: Path) -> None:
    own = read(bets, BETS + "\n- {queries: [haushalt], articles: [b, c], until: 2026-12-31}")

    assert ("a", "b", "c") == promoted(own, "haushalt", APRIL)


def test_an_empty_file_promotes_nothing(bets: Path) -> None:
    assert {} == read(bets, "# nothing yet\n").by_query


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("queries: [x]", "must be a list"),
        ("- {queries: [x], articles: [a]}", "entry 1, until"),
        ("- {queries: [x], articles: [], until: 2026-01-01}", "entry 1, articles"),
        ("- {queries: [], articles: [a], until: 2026-01-01}", "entry 1, queries"),
        ("- {queries: ['!?'], articles: [a], until: 2026-01-01}", "entry 1: the query"),
        ("- {queries: [x], articles: [a], until: soon}", "entry 1, until"),
        ("- {queries: [x], articles: [a], until: 2026}", "entry 1, until"),
        ("- {queries: [x], articles: [a], until: 2026-02-30}", "YAML"),
        ("- {queries: [x], articles: [a], until: 2026-01-01, typo: 1}", "entry 1, typo"),
        ("- just text", "entry 1"),
        ("- {", "not YAML"),
        ("- !!python/object:os.system {}", "not YAML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(bets: Path, text: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said) as refused:
        read(bets, text)

    assert "invalid_best_bets" == refused.value.code


# In replies


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*stories(0, 1, 2))
        corpus.publish({"id": "other", "title": "Timetable", "body": "All crossings.", "section": "Transport"})
        corpus.publish({"id": "later", "title": "Later", "embargoed_until": "2027-01-01T00:00:00Z"})
        corpus.index()
        yield corpus


@pytest.fixture
def curation(bets: Path) -> Curation:
    bets.write_text("- {queries: [ferry], articles: [other, later, gone, '1'], until: 2027-01-01}", encoding="utf-8")
    return replace(shipped(), best_bets=watched_best_bets(bets, look_every_s=0), recency=Recency(weight=0))


def answer(corpus: Corpus, curation: Curation, **fields: Any) -> SearchReply:
    return corpus.answer(SearchRequest.model_validate({"q": "ferry", "timeout_ms": 10_000} | fields), curation=curation)


def ids(reply: SearchReply) -> list[str]:
    return [hit.id for hit in reply.promoted]


def test_promoted_articles_stand_apart_in_the_editors_order_without_what_must_not_be_shown(
    corpus: Corpus, curation: Curation
) -> None:
    reply = answer(corpus, curation)

    assert (["other", "1"], 3) == (ids(reply), reply.total)


def test_a_withdrawn_article_is_promoted_no_more_even_before_the_index_knows(
    corpus: Corpus, curation: Curation
) -> None:
    corpus.withdraw("other")

    assert ["1"] == ids(answer(corpus, curation))


def test_filters_hold_for_promoted_articles(corpus: Corpus, curation: Curation) -> None:
    assert ["other"] == ids(answer(corpus, curation, filters={"section": ["transport"]}))


def test_further_pages_have_none(corpus: Corpus, curation: Curation) -> None:
    first = answer(corpus, curation, size=1)

    assert [] == ids(answer(corpus, curation, offset=1))
    assert [] == ids(answer(corpus, curation, cursor=first.next_cursor))


def test_a_changed_file_is_read_without_a_restart(corpus: Corpus, curation: Curation, bets: Path) -> None:
    before = ids(answer(corpus, curation))
    _write(bets, "- {queries: [ferry], articles: ['2'], until: 2027-01-01}")

    assert (["other", "1"], ["2"]) == (before, ids(answer(corpus, curation)))


def test_a_bad_file_keeps_what_was_read_before_and_is_logged_once(
    corpus: Corpus, curation: Curation, bets: Path
) -> None:
    answer(corpus, curation)
    _write(bets, "- {queries: [ferry]")
    with capture_logs() as logs:
        kept = [ids(answer(corpus, curation)) for _ in range(2)]
    refused = [(log["kind"], log["code"]) for log in logs if log["event"] == "files.refused"]

    assert [["other", "1"]] * 2 == kept
    assert [("best_bets", "invalid_best_bets")] == refused


def test_a_file_that_is_removed_promotes_nothing(corpus: Corpus, curation: Curation, bets: Path) -> None:
    answer(corpus, curation)
    bets.unlink()

    assert [] == ids(answer(corpus, curation))


@pytest.mark.parametrize("started_at", [0.0, 5.0, 1e9])
def test_files_are_looked_at_once_in_a_while_not_for_every_request(bets: Path, started_at: float) -> None:
    """However long ago the machine was started: its clock counts from then."""
    bets.write_text(BETS, encoding="utf-8")
    now, looks = started_at, 0

    def paths() -> list[Path]:
        nonlocal looks
        looks += 1
        return [bets]

    seldom = Watched("best bets", paths, read_best_bets, BestBets(), look_every_s=60, clock=lambda: now)
    looked = []
    for passed_s in (0, 59, 60):
        now = started_at + passed_s
        same = [seldom.value() for _ in range(3)]
        looked.append(looks)

        assert [read_best_bets([bets])] * 3 == same

    assert [1, 1, 2] == looked


def _write(path: Path, text: str) -> None:
    """Change a file so that its time stamp tells of it, however fast the test is."""
    newer = path.stat().st_mtime_ns + 1_000_000_000
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(newer, newer))


def test_a_promotion_may_last_until_the_last_day_there_is(bets: Path) -> None:
    read_bets = read(bets, "- {queries: [budget], articles: [a], until: 9999-12-31}")

    assert ("a",) == promoted(read_bets, "budget", APRIL)


@pytest.mark.parametrize("until", ["!!bool maybe", "!!timestamp soon", "!!int ''"])
def test_a_value_that_is_not_as_its_tag_says_is_refused(bets: Path, until: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read(bets, f"- {{queries: [budget], articles: [a], until: {until}}}")

    assert "invalid_best_bets" == refused.value.code
