"""A clock that jumps, ours or the broker's, changes no outcome, hides no commit and loses no history."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.scenarios.corpus import NOW, Corpus, stories
from tests.unit.events import ARTICLE_ID, HOUR_US, NOON_US, publishing, withdrawing

from newsdex.index.generations.generations import serving
from newsdex.index.reader import FRESH_NS
from newsdex.ingest.handle import handle_batch
from newsdex.records.events import Delivery
from newsdex_schemas import SearchRequest

JUMPS_US = (NOON_US, NOON_US - 24 * HOUR_US, NOON_US + 24 * HOUR_US, NOON_US - 48 * HOUR_US)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def handle(corpus: Corpus, delivery: Delivery, now_us: int) -> tuple[str, str]:
    (result,) = handle_batch(corpus.writer, [delivery], now_us)
    return result.outcome, result.reason


def test_outcomes_do_not_depend_on_our_clock_and_history_is_told_in_the_order_of_events(corpus: Corpus) -> None:
    events = [publishing(1, version=1), publishing(2, version=2), withdrawing(3, version=2), publishing(4, version=3)]
    outcomes = [handle(corpus, event, now_us) for event, now_us in zip(events, JUMPS_US, strict=True)]

    assert [
        ("accepted", "first_version"),
        ("accepted", "newer_version"),
        ("withdrawn", "withdrawn"),
        ("accepted", "lifts_withdrawal"),
    ] == outcomes
    assert [1, 2, 3, 4] == [entry.stream_sequence for entry in corpus.archive.history(ARTICLE_ID)]


def test_a_redelivery_is_known_whatever_the_clocks_say(corpus: Corpus) -> None:
    """What names a message is the broker's number for it and the moment that it stored it, not when we saw it."""
    for number, now_us in enumerate(JUMPS_US, 1):
        handle(corpus, publishing(number, version=number), now_us)
        again = replace(publishing(number, version=number), deliveries=2)

        assert ("duplicate", "redelivered") == handle(corpus, again, now_us - 72 * HOUR_US)


def test_a_broker_whose_clock_jumps_back_takes_nothing_from_versions(corpus: Corpus) -> None:
    first, second = publishing(1, version=1), publishing(2, version=2)
    later = [handle(corpus, replace(first, stored_us=NOON_US), NOON_US)]
    later.append(handle(corpus, replace(second, stored_us=NOON_US - HOUR_US), NOON_US))

    assert [("accepted", "first_version"), ("accepted", "newer_version")] == later


def test_a_clock_that_jumps_back_makes_the_ledger_forget_nothing(corpus: Corpus) -> None:
    handle(corpus, publishing(1), NOON_US)

    assert corpus.writer.prune_ledger(NOON_US - 1_000 * 24 * HOUR_US, days=1) is None
    assert 1 == len(corpus.archive.history(ARTICLE_ID))


@pytest.mark.parametrize("jump", [-timedelta(hours=1), timedelta(hours=1)], ids=["back", "forward"])
def test_a_commit_is_seen_whatever_time_the_folder_says(corpus: Corpus, jump: timedelta) -> None:
    """The folder's time stamp tells of a commit only because it is another than before, not because it is later."""
    corpus.publish(*stories(1))
    corpus.index()
    folder = serving(corpus.index_root)
    moved = time.time_ns() + int(jump.total_seconds() * 1e9)
    os.utime(folder, ns=(moved, moved))
    before = [corpus.ids("ferry") for _ in range(3)]
    corpus.publish(*stories(2))
    corpus.index()
    moved -= 10 * FRESH_NS
    os.utime(folder, ns=(moved, moved))

    assert [["1"]] * 3 == before
    assert ["1", "2"] == corpus.ids("ferry", sort="oldest")


def test_a_deadline_does_not_depend_on_the_clock_of_the_day(corpus: Corpus) -> None:
    corpus.publish(*stories(1))
    corpus.index()
    jumps = (timedelta(days=-1), timedelta(days=1))
    replies = [corpus.answer(SearchRequest(q="ferry"), now=NOW + jump) for jump in jumps]

    assert [(1, False)] * 2 == [(reply.total, reply.partial) for reply in replies]
