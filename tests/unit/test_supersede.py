"""A parked event closes by itself exactly where it would change nothing any more."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit import order_model as model
from tests.unit.events import (
    ARTICLE_ID,
    NOON_US,
    article,
    delivery,
    event,
    page,
    publishing,
    withdrawing,
)

from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.ingest.handle import handle_batch, retry_parked
from newsdex.ingest.identity import claim, identity
from newsdex.ingest.supersede import is_pointless
from newsdex.order import ArticleEvents, ArticleState, OrderedEvent
from newsdex.records.events import Delivery
from newsdex.records.parked import NONE_STATED, Claim, WaitingEvent
from newsdex_schemas import channels

EARLIER, TIME, LATER = "2024-06-10T08:30:00Z", "2024-06-11T08:30:00Z", "2024-06-12T08:30:00Z"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[ArchiveWriter]:
    writer = ArchiveWriter(tmp_path)
    yield writer
    writer.close()


@pytest.fixture
def reader(archive: ArchiveWriter, tmp_path: Path) -> Iterator[ArchiveReader]:
    assert archive
    reader = ArchiveReader(tmp_path)
    yield reader
    reader.close()


def broken(number: int = 1, at: str = TIME, **fields: Any) -> Delivery:
    """Return a publication without a title; its version and time can be read."""
    return publishing(number, at=at, title="", **fields)


def broken_withdrawal(number: int = 1, *, at: str = TIME, **data: Any) -> Delivery:
    channel = channels.ARTICLES_WITHDRAWN
    data = {"id": ARTICLE_ID, "reason": 7, **data}
    return delivery(event(data, channel, id=f"evt-{number}", time=at), channel, number)


def bare(number: int = 1, **fields: Any) -> Delivery:
    return delivery(article(**fields), number=number)


def status_after(archive: ArchiveWriter, reader: ArchiveReader, *deliveries: Delivery) -> tuple[str, str | None]:
    """Handle some deliveries, one batch each, the first of which is parked; tell what became of that one."""
    for one in deliveries:
        handle_batch(archive, [one], NOON_US)
    parked = reader.parked_event(1)
    assert parked is not None
    return parked.status, parked.resolution


CLOSES: dict[str, list[Delivery]] = {
    "a higher version": [broken(version=1), publishing(2, version=2)],
    "a later time": [broken(), publishing(2, at=LATER)],
    "the same version and time, mended": [broken(version=3), publishing(2, version=3)],
    "a higher version with an earlier time": [broken(version=1), publishing(2, at=EARLIER, version=2)],
    "a bare article, mended": [bare(1, published_at="2024-06-30T02:58:00"), bare(2, published_at=EARLIER)],
    "a later withdrawal": [broken(), withdrawing(2, at=LATER)],
    "a mended withdrawal": [broken_withdrawal(version=4), withdrawing(2, version=4)],
    "a page that was fetched again": [
        delivery(event(page(text=" "), channels.ARTICLES_SCRAPED, id="evt-1"), channels.ARTICLES_SCRAPED, 1),
        delivery(
            event(page(), channels.ARTICLES_SCRAPED, id="evt-2", time=LATER), channels.ARTICLES_SCRAPED, 2
        ),
    ],
}  # fmt: skip
STAYS_OPEN: dict[str, list[Delivery]] = {
    "a lower version": [broken(version=2), publishing(2, version=1)],
    "an earlier time": [broken(), publishing(2, at=EARLIER)],
    "another article": [broken(), publishing(2, id_="another", at=LATER)],
    "a version that cannot be read": [broken(version="7"), publishing(2, at=LATER, version=3)],
    "an unreadable time of an event that was stored later": [
        bare(9, published_at="yesterday"), bare(2, published_at=LATER),
    ],
    "a withdrawal of its version": [broken(version=1), publishing(3, version=0), withdrawing(2, version=1)],
    "a withdrawal of a lower version": [broken(version=3), withdrawing(2, version=1)],
    "a takedown without version or time": [broken_withdrawal(at="soon"), publishing(2, at=LATER)],
    "a takedown that covers what was published since": [broken_withdrawal(version=9), publishing(2, version=5)],
    "a version above a broken withdrawal": [broken_withdrawal(version=4), publishing(2, version=5)],
    "a publication after a broken withdrawal": [broken_withdrawal(), publishing(2, at=LATER)],
    "a correction that loses to the other candidate only": [
        publishing(1, version=1, at=EARLIER), broken(2), publishing(3, version=2, at=LATER),
    ],
    "a version that would hide lower ones after the takedown": [broken(version=5), withdrawing(2, at=LATER)],
    "a message that cannot be read at all": [delivery(b"{"), publishing(2, at=LATER)],
}  # fmt: skip


@pytest.mark.parametrize("deliveries", CLOSES.values(), ids=CLOSES)
def test_a_parked_event_that_would_change_nothing_closes_by_itself(
    archive: ArchiveWriter, reader: ArchiveReader, deliveries: list[Delivery]
) -> None:
    status, resolution = status_after(archive, reader, *deliveries)

    assert ("resolved", "superseded") == (status, (resolution or "").partition(":")[0])
    assert [] == reader.parked_open()


@pytest.mark.parametrize("deliveries", STAYS_OPEN.values(), ids=STAYS_OPEN)
def test_a_parked_event_that_may_still_matter_stays_open(
    archive: ArchiveWriter, reader: ArchiveReader, deliveries: list[Delivery]
) -> None:
    assert ("open", None) == status_after(archive, reader, *deliveries)


@pytest.mark.parametrize("version", [None, 1])
def test_a_parked_takedown_is_not_closed_while_an_older_text_could_be_shown_again(
    archive: ArchiveWriter, reader: ArchiveReader, version: int | None
) -> None:
    """A numbered publication is shown for a while; a higher one that states an early time loses to the old text."""
    first, third = "2024-06-11T08:00:00Z", "2024-06-11T08:20:00Z"
    takedown = broken_withdrawal(5, at=TIME) if version is None else broken_withdrawal(5, at=TIME, version=version)
    start = [delivery({"id": f"other-{n}", "title": "Other"}, number=n) for n in (1, 2, 4)]
    handle_batch(archive, [*start, publishing(3, at=third)], NOON_US)
    handle_batch(archive, [takedown], NOON_US)
    handle_batch(archive, [publishing(6, version=1 if version is None else 2, at=LATER)], NOON_US)
    handle_batch(archive, [publishing(7, version=3, at=first)], NOON_US)

    assert [5] == [one.delivery.stream_sequence for one in reader.parked(limit=2)]


@pytest.mark.parametrize("part", range(4))
def test_what_closed_by_itself_would_have_changed_nothing_that_is_shown_later(part: int) -> None:
    """One event of a drawn stream is parked and closed as soon as that is said to be pointless; the model has it."""
    draw, closed = random.Random(part), 0
    for _ in range(1500):
        stored = model.history(draw)
        one = draw.choice(stored)
        rest = [event for event in stored if event.name != one.name]
        clock_goes_on = all(a.key.stored_us <= b.key.stored_us for a, b in pairwise(stored))
        if len(model.distinct(stored)) < len(stored) or not (one.withdrawal or clock_goes_on):
            continue  # copies move; a clock that is set back can make what follows a takedown older than what it covers
        draw.shuffle(rest)
        parked = waiting(one)
        for handled in range(len(rest)):
            if is_pointless(parked, ArticleEvents.of(ArticleState(), model.distinct(rest[:handled])).state):
                closed += 1
                later = [model.shown([*rest[:end], one]) for end in range(handled, len(rest) + 1)]

                assert later == [model.shown(rest[:end]) for end in range(handled, len(rest) + 1)], (one, rest)
                break

    assert closed > 20


def waiting(event: OrderedEvent) -> WaitingEvent:
    """Return an event as one that is parked, of which version and time can be read."""
    version, stated_us, stored_us, place = event.key
    told = Claim(NONE_STATED if version is None else version, NONE_STATED if stated_us is None else stated_us)
    return WaitingEvent(
        id=1,
        subject=channels.ARTICLES_WITHDRAWN if event.withdrawal else channels.ARTICLES_PUBLISHED,
        place=place,
        stored_us=stored_us,
        source=event.name.source,
        event_id=event.name.id,
        article_id=ARTICLE_ID,
        claim=told,
    )


def test_an_event_that_comes_again_mended_closes_what_it_was(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    """Whatever cannot be read of it: the publisher says that it is the same event."""
    cause = delivery(event(id="evt-7", time="soon", data={"id": "x", "version": "1"}))
    again = delivery(event(id="evt-7", data=article(id="y")), number=2)
    status = status_after(archive, reader, cause, again)

    assert status == (
        "resolved",
        "superseded: the event came again and could be handled, evt-7 from https://courier.example/newsroom",
    )


def test_the_place_in_a_stream_made_anew_names_another_message(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    other = replace(delivery(article(id="other"), number=1), stored_us=NOON_US + 99)

    assert ("open", None) == status_after(archive, reader, delivery({"title": "no id"}, number=1), other)


def test_both_in_one_batch_is_the_same(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    _, second = handle_batch(archive, [broken(version=1), publishing(2, version=2)], NOON_US)

    assert (1,) == second.superseded
    assert [] == reader.parked_open()
    assert [True, False] == [entry.resolution is not None for entry in reader.history(ARTICLE_ID)]


def test_a_superseded_event_was_not_tried_again(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    status_after(archive, reader, broken(version=1), publishing(2, version=2))
    parked = reader.parked_event(1)

    assert parked is not None
    assert (1, NOON_US) == (parked.attempts, parked.closed_us)
    assert {1: f"resolved: {parked.resolution}"} == retry_parked(archive, [1], NOON_US).closed


def test_a_retried_event_supersedes_others_and_not_itself(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle_batch(archive, [broken(1, version=1), broken(2, version=2)], NOON_US)
    mended = publishing(2, version=2).body
    archive._connection.execute("UPDATE parked SET body = ? WHERE id = 2", (mended,))
    (result,) = retry_parked(archive, [2], NOON_US).results.values()
    closed = [reader.parked_event(id_) for id_ in (1, 2)]

    assert ("accepted", (1,)) == (result.outcome, result.superseded)
    assert ["superseded", "accepted"] == [(one.resolution or "").partition(":")[0] for one in closed if one]


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from([TIME, "2024-13-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "source", "specversion", "time", "data", "version", "published_at", "url", "x"]),
        inner, max_size=6,
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()), st.sampled_from(channels.EVENT_CHANNELS))  # fmt: skip
def test_any_bytes_have_a_name_and_at_most_a_claim(body: bytes, channel: str) -> None:
    cause = delivery(body, channel, headers={"ce-time": "%zz", "ce-id": "%00"})
    name, told = identity(cause), claim(cause)

    assert name.source
    assert name.id
    assert told.version in {None, NONE_STATED} or told.version >= 0
