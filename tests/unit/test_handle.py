"""Each delivery ends in exactly one outcome, durable with what it changed."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.events import ARTICLE_ID, HOUR_US, NOON_US, delivery, publishing, withdrawing

from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveTransaction, ArchiveWriter
from newsdex.errors import Unavailable
from newsdex.ingest.handle import drop_parked, handle_batch, retry_parked
from newsdex.ingest.identity import NO_CLAIM
from newsdex.order import Place
from newsdex.records.events import Delivery, Fault, Result
from newsdex.records.parked import ParkedChoice

NOW_US = NOON_US + HOUR_US
EVERY = ParkedChoice(include_closed=True)
EVERY_BYTE = bytes(range(256))


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


def handle(archive: ArchiveWriter, *deliveries: Delivery) -> list[Result]:
    return handle_batch(archive, deliveries, NOW_US)


def outcomes(results: Sequence[Result]) -> list[tuple[str, str]]:
    return [(result.outcome, result.reason) for result in results]


def again(first: Delivery) -> Delivery:
    """Return the same message as the broker delivers it once more."""
    return replace(first, deliveries=first.deliveries + 1)


def broken(number: int = 1, body: bytes = b"{") -> Delivery:
    return delivery(body, number=number)


def dump(archive: ArchiveWriter, *tables: str) -> list[list[tuple[object, ...]]]:
    """Return all rows of some tables."""
    connection = archive._connection
    return [[tuple(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")] for table in tables]


def park_a_defect(archive: ArchiveWriter, cause: Delivery) -> int:
    """Park a valid event, as for a defect of ours that has been mended since."""
    result = Result(
        delivery=cause,
        place=Place(1, cause.stream_sequence),
        outcome="parked",
        reason="internal_error",
        source="nats",
        event_id="ARTICLES:1",
        correlation_id="ARTICLES:1",
        fault=Fault(code="internal_error", message="newsdex failed on this event"),
    )
    with archive.transaction() as transaction:
        return transaction.park(result, NO_CLAIM, NOW_US)


def test_outcomes_come_in_the_order_of_the_deliveries(archive: ArchiveWriter) -> None:
    newer, later = publishing(3, version=2), withdrawing(5, at="2024-06-12T00:00:00Z")
    results = handle(archive, publishing(1, version=1), broken(2), newer, publishing(4, version=1), later)

    assert [1, 2, 3, 4, 5] == [result.delivery.stream_sequence for result in results]
    assert outcomes(results) == [
        ("accepted", "first_version"),
        ("parked", "invalid_json"),
        ("accepted", "newer_version"),
        ("stale", "older_version"),
        ("withdrawn", "withdrawn"),
    ]
    assert [1, None, 2, None, 3] == [result.sequence for result in results]


def test_the_ledger_has_one_line_for_each_delivery(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(archive, publishing(1), broken(2), again(publishing(1)))

    assert {"accepted": 1, "duplicate": 1, "parked": 1} == reader.counts().outcomes


def test_batches_see_what_the_batches_before_left(archive: ArchiveWriter) -> None:
    assert [("accepted", "first_version")] == outcomes(handle(archive, publishing(1, version=1)))
    assert [("stale", "older_version")] == outcomes(handle(archive, publishing(2, version=0)))
    assert [("accepted", "newer_version")] == outcomes(handle(archive, publishing(3, version=2)))


def test_an_empty_batch_has_no_effect(archive: ArchiveWriter) -> None:
    assert [] == handle(archive)
    assert [[], [], []] == dump(archive, "articles", "ledger", "parked")


def test_an_invalid_message_is_parked_with_its_very_bytes(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    headers = {"Nats-Msg-Id": "é\n100%", "ce-": "\x7f"}
    cause = delivery(EVERY_BYTE, "articles.burnt", 9, headers=headers, correlation_id="desk-9")
    (result,) = handle(archive, cause)
    (parked,) = reader.parked(limit=2)

    assert replace(cause, parked_id=result.parked_id, incarnation=1) == parked.delivery
    assert ("invalid_utf8", "byte 128") == (parked.fault.code, parked.fault.place)
    assert ("nats", "é\n100%", "desk-9") == (parked.source, parked.event_id, parked.correlation_id)
    assert ("open", 1, NOW_US) == (parked.status, parked.attempts, parked.at_us)


def test_what_a_parked_event_calls_itself_is_kept_where_it_can_be_read(
    archive: ArchiveWriter, reader: ArchiveReader
) -> None:
    handle(archive, publishing(7, title=""))
    (parked,) = reader.parked(limit=2)

    assert ("evt-7", ARTICLE_ID) == (parked.event_id, parked.article_id)
    assert ["parked"] == [entry.outcome for entry in reader.history(ARTICLE_ID)]


@pytest.mark.parametrize("first", [publishing(1), broken(1), withdrawing(1)], ids=["valid", "invalid", "withdrawal"])
def test_a_redelivered_message_is_a_duplicate_and_changes_nothing(archive: ArchiveWriter, first: Delivery) -> None:
    """The outcome was durable, but its acknowledgement was lost."""
    handle(archive, first)
    before = dump(archive, "articles", "parked")

    assert [("duplicate", "redelivered")] == outcomes(handle(archive, again(first)))
    assert before == dump(archive, "articles", "parked")


@pytest.mark.parametrize("first", [publishing(1), broken(1)], ids=["valid", "invalid"])
def test_a_message_twice_in_one_batch_is_handled_once(archive: ArchiveWriter, first: Delivery) -> None:
    """A batch that waits longer than the broker does meets the redelivery of its own messages."""
    one, two = handle(archive, first, again(first))

    assert "duplicate" != one.outcome
    assert "duplicate" == two.outcome
    assert 1 == sum(len(rows) for rows in dump(archive, "articles", "parked"))


@pytest.mark.parametrize("first", [publishing(1), broken(1), withdrawing(1)], ids=["valid", "invalid", "withdrawal"])
def test_a_redelivery_that_the_broker_calls_the_first_delivery_is_known(
    archive: ArchiveWriter, first: Delivery
) -> None:
    """A broker that was killed has forgotten that it delivered it, and so has a consumer that was made anew."""
    handle(archive, first)
    before = dump(archive, "articles", "parked")

    assert [("duplicate", "redelivered")] == outcomes(handle(archive, first))
    assert before == dump(archive, "articles", "parked")


def test_a_redelivered_message_without_an_outcome_is_handled(archive: ArchiveWriter) -> None:
    """Its first delivery met a failing archive."""
    assert [("accepted", "first_version")] == outcomes(handle(archive, again(publishing(1))))


def test_the_same_place_in_a_stream_made_anew_is_another_message(archive: ArchiveWriter) -> None:
    handle(archive, publishing(1))
    other = replace(again(broken(1)), stored_us=NOON_US + HOUR_US)

    assert [("parked", "invalid_json")] == outcomes(handle(archive, other))


class FailingAtTheEnd:
    """An archive whose disk fails once everything is written."""

    def __init__(self, archive: ArchiveWriter) -> None:
        self._archive = archive

    @contextmanager
    def transaction(self) -> Iterator[ArchiveTransaction]:
        with self._archive.transaction() as transaction:
            yield transaction
            transaction.write()
            raise sqlite3.OperationalError("disk I/O error")


def test_a_failing_transaction_leaves_nothing_behind(archive: ArchiveWriter) -> None:
    parked = park_a_defect(archive, publishing(1))
    before = dump(archive, "articles", "ledger", "parked")
    failing = FailingAtTheEnd(archive)
    for attempt in (
        lambda: handle_batch(failing, [publishing(2), broken(3)], NOW_US),
        lambda: retry_parked(failing, [parked], NOW_US),
        lambda: drop_parked(failing, [parked], "of no use", NOW_US),
    ):
        with pytest.raises(Unavailable):
            attempt()

    assert before == dump(archive, "articles", "ledger", "parked")
    assert [("accepted", "first_version")] == outcomes(handle(archive, publishing(2)))


def test_trying_a_parked_event_again_once_the_cause_is_gone_handles_and_closes_it(
    archive: ArchiveWriter, reader: ArchiveReader
) -> None:
    number = park_a_defect(archive, publishing(4))
    results = retry_parked(archive, [number, number, 99], NOW_US).results
    parked = reader.parked_event(number)

    assert {number: ("accepted", "first_version")} == {
        id_: (result.outcome, result.reason) for id_, result in results.items()
    }
    assert parked is not None
    assert ("resolved", "accepted: first_version") == (parked.status, parked.resolution)
    assert [(number, 4)] == [(line.parked_id, line.stream_sequence) for line in reader.history(ARTICLE_ID)]
    again_redriven = retry_parked(archive, [number], NOW_US)
    assert ({}, {number: "resolved: accepted: first_version"}) == (again_redriven.results, again_redriven.closed)


def test_trying_a_parked_event_again_while_the_cause_is_there_keeps_it_parked(
    archive: ArchiveWriter, reader: ArchiveReader
) -> None:
    number = park_a_defect(archive, publishing(1, title=""))
    (result,) = retry_parked(archive, [number], NOW_US).results.values()
    (parked,) = reader.parked(limit=2)

    assert ("parked", "empty_text", number) == (result.outcome, result.reason, result.parked_id)
    assert ("open", 2, "empty_text", "data.title") == (
        parked.status, parked.attempts, parked.fault.code, parked.fault.place,
    )  # fmt: skip


def test_a_parked_event_that_waited_does_not_undo_what_came_since(
    archive: ArchiveWriter, reader: ArchiveReader
) -> None:
    number = park_a_defect(archive, publishing(1, version=1, title="Old"))
    handle(archive, publishing(2, version=2, title="New"))
    (result,) = retry_parked(archive, [number], NOW_US).results.values()

    assert ("stale", "older_version") == (result.outcome, result.reason)
    assert "New" == reader.visible([ARTICLE_ID], NOW_US)[ARTICLE_ID].title
    assert [] == reader.parked_open()


def test_a_dropped_event_is_closed_with_its_reason(archive: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(archive, broken(1), broken(2), broken(3))

    dropped, closed_before = drop_parked(archive, [1, 3, 99], "of no use", NOW_US)
    assert ([1, 3], {}) == ([event.id for event in dropped], closed_before)
    dropped, closed_before = drop_parked(archive, [1, 2], "", NOW_US)
    assert ([2], {1: "dropped: of no use"}) == ([event.id for event in dropped], closed_before)
    closed = [(event.id, event.status, event.resolution) for event in reader.parked(EVERY, limit=9)]
    assert closed == [
        (3, "dropped", "of no use"),
        (2, "dropped", "dropped by an operator"),
        (1, "dropped", "of no use"),
    ]
    assert {} == retry_parked(archive, [1, 2, 3], NOW_US).results


EVENTS = st.one_of(
    st.builds(
        publishing,
        st.integers(1, 10**6),
        id_=st.sampled_from(["ebb", "flood"]),
        at=st.sampled_from(["2024-06-11T08:30:00Z", "2024-06-12T08:30:00Z", "2024-06-13T08:30:00Z"]),
        version=st.sampled_from([None, 1, 2]),
        title=st.sampled_from(["Ebb", "Flood"]),
        expires_at=st.sampled_from([None, "2034-06-11T00:00:00Z"]),
    ),
    st.builds(
        withdrawing,
        st.integers(1, 10**6),
        id_=st.sampled_from(["ebb", "flood"]),
        at=st.sampled_from(["2024-06-11T08:30:00Z", "2024-06-12T08:30:00Z"]),
        version=st.sampled_from([None, 1, 2]),
    ),
    st.builds(broken, st.integers(1, 10**6)),
)


def kept_articles(archive: ArchiveWriter, folder: Path) -> list[tuple[object, ...]]:
    """Return all that the archive keeps of each article, besides when it changed, and whether it is settled yet."""
    reader = ArchiveReader(folder)
    rows = archive._connection.execute("SELECT id, content, digest, embargoed_us, expires_us FROM articles ORDER BY id")
    kept = [(*row, standing.state) for row in rows if (standing := reader.standing(row["id"]))]
    reader.close()
    return kept


def end_state(batches: Sequence[Sequence[Delivery]]) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return what the archive keeps of the articles, and the events that are parked."""
    with tempfile.TemporaryDirectory() as folder:
        archive = ArchiveWriter(Path(folder))
        for batch in batches:
            assert list(batch) == [result.delivery for result in handle(archive, *batch)]
        articles = kept_articles(archive, Path(folder))
        parked = [tuple(row) for row in archive._connection.execute("SELECT body, subject, stored_us FROM parked")]
        archive.close()
    return articles, sorted(parked)


def as_the_broker_counts(order: Sequence[Delivery]) -> list[Delivery]:
    """Return messages as delivered once more wherever they come once more."""
    return [again(one) if one in order[:at] else one for at, one in enumerate(order)]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_end_state_depends_neither_on_order_nor_on_repetition_nor_on_batches(data: st.DataObject) -> None:
    events = data.draw(st.lists(EVENTS, min_size=1, max_size=8, unique_by=lambda event: event.stream_sequence))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=3))
    order = as_the_broker_counts(data.draw(st.permutations([*events, *repeated])))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    batches = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]

    assert end_state([events]) == end_state(batches)
