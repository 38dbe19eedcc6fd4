"""What the clock decides: an article enters the index at its hour, leaves it at its end, and its words are purged."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import NOW, Corpus, drain

from newsdex.index.columnar.indexing.merge_policy import MAX_HIDDEN_US
from newsdex.index.generations import generations
from newsdex.index.generations.projector import LOOK_AT_CLOCK_S, Projector
from newsdex.index.generations.verification import Finding, check_documents
from newsdex.index.reader import View, open_view
from newsdex.index.writer import IndexWriter
from newsdex.records.moments import microseconds

HOUR = NOW + timedelta(hours=1)
LATER = NOW + timedelta(hours=2)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def article(id_: str, *, shown: datetime | None = None, until: datetime | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": "Ferry", "embargoed_until": shown, "expires_at": until} | fields


def indexed(corpus: Corpus) -> list[str]:
    """Return the ids of the articles in the index, whoever may see them."""
    return ids_in(corpus.reader.view())


def ids_in(view: View) -> list[str]:
    return sorted(
        segment.data.article_id(document)
        for segment in view.opened
        for document in range(segment.documents)
        if segment.alive is None or segment.alive[document]
    )


def projector(corpus: Corpus) -> Projector:
    """Return the projector of another process, which goes by the corpus' clock."""
    return Projector(corpus.archive, corpus.index_root, lambda: microseconds(corpus.now))


def findings(corpus: Corpus, now: datetime) -> list[Finding]:
    steps = check_documents(corpus.reader.view(), corpus.archive, microseconds(now))
    return [step for step in steps if isinstance(step, Finding)]


@pytest.mark.parametrize(
    ("now", "ids"),
    [
        (NOW, ["always", "brief"]),
        (HOUR - MOMENT, ["always", "brief"]),
        (HOUR, ["always", "between", "later"]),
        (LATER - MOMENT, ["always", "between", "later"]),
        (LATER, ["always", "later"]),
    ],
)
@pytest.mark.parametrize("at_first", [NOW, HOUR, LATER])
def test_the_index_has_what_may_be_shown_at_its_moment_wherever_the_clock_came_from(
    corpus: Corpus, at_first: datetime, now: datetime, ids: list[str]
) -> None:
    corpus.publish(
        article("always"), article("brief", until=HOUR), article("later", shown=HOUR),
        article("between", shown=HOUR, until=LATER), article("over", until=NOW),
    )  # fmt: skip
    corpus.index(now=at_first)
    corpus.index(now=now)

    assert ids == indexed(corpus)
    assert [] == findings(corpus, now)
    corpus.projector.rebuild()
    drain(corpus.projector)

    assert ("generation-000002", ids) == (generations.serving(corpus.index_root).name, indexed(corpus))


def test_what_many_articles_wait_for_is_applied_in_bounded_commits(corpus: Corpus) -> None:
    corpus.publish(*(article(f"a{number}", shown=HOUR) for number in range(7)), article("brief", until=HOUR))
    corpus.index()
    follower = corpus.projector._serving
    assert follower is not None
    corpus.now = HOUR
    commits = []
    while applied := follower.step(3):
        view = open_view(generations.serving(corpus.index_root))
        commits.append((applied, len(ids_in(view)), view.as_of_us == microseconds(HOUR)))

    assert [(3, 4, False), (3, 7, False), (2, 7, True)] == commits


def test_while_commits_are_under_way_to_an_hour_verification_finds_nothing_wrong(corpus: Corpus) -> None:
    corpus.publish(*(article(f"a{number}", shown=HOUR) for number in range(4)), article("brief", until=HOUR))
    corpus.index()
    follower = corpus.projector._serving
    assert follower is not None
    corpus.now = HOUR
    follower.step(2)

    assert 3 == len(indexed(corpus))
    assert [] == findings(corpus, HOUR)


def test_a_projector_that_was_killed_on_the_way_to_an_hour_goes_on(corpus: Corpus) -> None:
    corpus.publish(*(article(f"a{number}", shown=HOUR) for number in range(4)))
    corpus.index()
    follower = corpus.projector._serving
    assert follower is not None
    corpus.now = HOUR
    follower.step(2)
    drain(projector(corpus))

    assert ["a0", "a1", "a2", "a3"] == indexed(corpus)
    assert (microseconds(HOUR), []) == (corpus.reader.view().as_of_us, findings(corpus, HOUR))


def test_a_projector_that_stood_still_over_an_hour_applies_it_when_it_starts(corpus: Corpus) -> None:
    corpus.publish(article("later", shown=HOUR), article("brief", until=HOUR))
    corpus.index()
    corpus.now = LATER
    drain(projector(corpus))

    assert ["later"] == indexed(corpus)


def test_verification_finds_an_article_that_came_before_its_hour_and_one_that_is_missing_after_it(
    corpus: Corpus,
) -> None:
    corpus.publish(article("early", shown=LATER), article("missing", shown=HOUR))
    corpus.index(now=HOUR)
    writer = IndexWriter(generations.serving(corpus.index_root), merges=False)
    early, missing = corpus.archive.changes(0, 10)
    writer.turn([early], microseconds(LATER), last=False)
    writer.turn([missing], microseconds(NOW), last=False)
    texts = sorted(finding.text.partition(" ")[2] for finding in findings(corpus, HOUR))

    assert [
        "has the article early of change 1, which is not to be shown so",
        "lacks the article missing of change 2",
    ] == texts


def test_an_idle_projector_rests_until_the_next_hour_and_looks_at_the_clock_meanwhile(corpus: Corpus) -> None:
    corpus.publish(article("later", shown=NOW + timedelta(seconds=2)), article("brief", until=HOUR))
    corpus.index()
    rests = [corpus.projector.rest_s()]
    corpus.index(now=NOW + timedelta(seconds=2))
    rests.append(corpus.projector.rest_s())
    corpus.now = HOUR
    rests.append(corpus.projector.rest_s())

    assert [2.0, LOOK_AT_CLOCK_S, 0.0] == rests


def test_a_change_that_hides_an_article_for_now_brings_it_back_at_its_hour(corpus: Corpus) -> None:
    corpus.publish(article("a", version=1), article("b"))
    corpus.index()
    corpus.publish(article("a", version=2, shown=HOUR))
    corpus.index()
    hidden = indexed(corpus)
    corpus.index(now=HOUR)

    assert (["b"], ["a", "b"]) == (hidden, indexed(corpus))


# What is shown no more is purged


def documents(corpus: Corpus) -> int:
    """Return how many documents the segments hold, deleted ones included."""
    return sum(segment.documents for segment in corpus.reader.view().opened)


def many(corpus: Corpus) -> None:
    corpus.publish(*(article(f"a{number}") for number in range(20)))
    corpus.index()


@pytest.mark.parametrize("how", ["withdrawn", "expired", "embargoed"])
def test_an_article_that_is_shown_no_more_leaves_the_segments_within_an_hour(corpus: Corpus, how: str) -> None:
    corpus.publish(article("gone", until=NOW + MOMENT, version=1)) if how == "expired" else corpus.publish(
        article("gone", version=1)
    )
    many(corpus)
    corpus.publish(article("gone", version=2, shown=LATER)) if how == "embargoed" else corpus.withdraw("gone")
    corpus.index(now=NOW + MOMENT)
    at_first = documents(corpus)
    due = NOW + MOMENT + timedelta(microseconds=MAX_HIDDEN_US)
    corpus.index(now=due - MOMENT)
    shortly_before = documents(corpus)
    corpus.now = due
    rest_s = corpus.projector.rest_s()
    corpus.index()

    assert (21, 21, 0.0, 20) == (at_first, shortly_before, rest_s, documents(corpus))
    assert MAX_HIDDEN_US < 3_600_000_000
    assert (20, []) == (len(indexed(corpus)), findings(corpus, due))


def test_earlier_versions_of_an_article_that_is_shown_no_more_leave_their_segments_too(corpus: Corpus) -> None:
    corpus.publish(article("gone", version=1), *(article(f"a{number}") for number in range(20)))
    corpus.index()
    corpus.publish(article("gone", version=2), *(article(f"b{number}") for number in range(20)))
    corpus.index()
    corpus.withdraw("gone")
    corpus.index()
    before = documents(corpus)
    corpus.index(now=NOW + timedelta(microseconds=MAX_HIDDEN_US))

    assert (42, 40) == (before, documents(corpus))


def test_an_article_that_was_replaced_brings_no_merge_about(corpus: Corpus) -> None:
    corpus.publish(article("a", version=1))
    many(corpus)
    corpus.publish(article("a", version=2))
    corpus.index()
    before = documents(corpus)
    corpus.index(now=LATER)

    assert before == documents(corpus)


def test_what_has_to_be_purged_is_known_after_a_restart(corpus: Corpus) -> None:
    corpus.publish(article("gone"))
    many(corpus)
    corpus.withdraw("gone")
    corpus.index()
    corpus.now = NOW + timedelta(microseconds=MAX_HIDDEN_US)
    second = projector(corpus)
    drain(second)

    assert 20 == documents(corpus)


def test_a_clock_that_is_set_back_does_not_put_a_purge_off(corpus: Corpus) -> None:
    corpus.publish(article("gone"))
    many(corpus)
    corpus.withdraw("gone")
    corpus.index()
    corpus.index(now=NOW - timedelta(days=400))

    assert 20 == documents(corpus)
