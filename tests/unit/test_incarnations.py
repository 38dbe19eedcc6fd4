"""Places go on over streams: what is stored later stands later, whoever made the stream and whatever it has lost."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.events import ARTICLE_ID, HOUR_US, NOON_US, article, delivery, publishing, withdrawing

from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.incarnations import Incarnation, KnownStream, SeenStream, incarnation_of
from newsdex.ingest.handle import handle_batch, retry_parked
from newsdex.records.events import Delivery

KNOWN = KnownStream(created="monday", incarnation=2, last_sequence=50, last_stored_us=NOON_US)
SEEN = SeenStream(
    created="monday", first_sequence=1, last_sequence=60, marked=Incarnation(2, 10), stored_us=NOON_US + 1
)
CASES: dict[str, tuple[KnownStream, SeenStream, Incarnation | None]] = {
    "the same stream": (KNOWN, SEEN, None),
    "the same stream, whose metadata somebody has overwritten": (KNOWN, replace(SEEN, marked=None), None),
    "the same stream, seen for the first time by an archive that was migrated": (
        replace(KNOWN, created=None, incarnation=1), replace(SEEN, marked=None), None,
    ),
    "the same stream, purged": (KNOWN, replace(SEEN, first_sequence=55, stored_us=None), None),
    "a stream that we made anew above our places": (
        KNOWN, replace(SEEN, created="tuesday", first_sequence=51, last_sequence=50, stored_us=None), None,
    ),
    "the first stream of a new archive": (
        replace(KNOWN, created=None, incarnation=1, last_sequence=0), replace(SEEN, marked=None, stored_us=None), None,
    ),
    "a stream that outlived its archive": (replace(KNOWN, incarnation=1, last_sequence=0), SEEN, Incarnation(2, 10)),
    "a stream that is newer than a restored archive": (replace(KNOWN, incarnation=1), SEEN, Incarnation(2, 10)),
    "a stream that somebody else made": (
        KNOWN, SeenStream(created="tuesday", first_sequence=1, last_sequence=3, marked=None, stored_us=None),
        Incarnation(3, 0),
    ),
    "a stream that somebody else made and filled": (
        KNOWN, replace(SEEN, created="tuesday", marked=None, stored_us=NOON_US + HOUR_US), Incarnation(3, 0),
    ),
    "a stream that was restored from a backup, or lost its end": (
        KNOWN, replace(SEEN, last_sequence=40, stored_us=None), Incarnation(3, 41),
    ),
    "a stream that was restored, and filled again": (
        KNOWN, replace(SEEN, stored_us=NOON_US + HOUR_US), Incarnation(3, 50),
    ),
    "a stream of an older incarnation that was restored": (
        KNOWN, replace(SEEN, marked=Incarnation(1, 0), last_sequence=40, stored_us=None), Incarnation(3, 41),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_stream_goes_on_or_an_incarnation_begins(case: tuple[KnownStream, SeenStream, Incarnation | None]) -> None:
    known, seen, expected = case

    assert expected == incarnation_of(known, seen)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[ArchiveWriter]:
    writer = ArchiveWriter(tmp_path)
    yield writer
    writer.close()


def outcomes(archive: ArchiveWriter, *deliveries: Delivery) -> list[tuple[str, str]]:
    return [(one.outcome, one.reason) for one in handle_batch(archive, deliveries, NOON_US)]


def seen_by(archive: ArchiveWriter, **fields: object) -> SeenStream:
    """Return the archive's own stream, but for some of what the broker says of it."""
    known = archive.stream()
    same = SeenStream(
        created=known.created or "monday",
        first_sequence=1,
        last_sequence=known.last_sequence,
        marked=archive.incarnation(),
        stored_us=known.last_stored_us,
    )
    return replace(same, **fields)  # type: ignore[arg-type]  # as they are named


def test_what_a_stream_of_somebody_else_brings_stands_behind_all_that_was_handled(archive: ArchiveWriter) -> None:
    """Its numbers begin at 1 again, and one of its takedowns must cover what the old stream brought."""
    outcomes(archive, publishing(40, version=3, at="2024-06-11T11:00:00Z"))
    begun = archive.adopt(seen_by(archive, created="tuesday", marked=None, last_sequence=2, stored_us=None))
    down = replace(withdrawing(1, at="2024-06-11T09:00:00Z"), stored_us=NOON_US + HOUR_US)
    up = replace(publishing(2, version=3, at="2024-06-11T12:30:00Z", title="Again"), stored_us=NOON_US + HOUR_US)

    assert Incarnation(2, 0) == begun == archive.incarnation()
    assert [("withdrawn", "withdrawn"), ("accepted", "lifts_withdrawal")] == outcomes(archive, down, up)


def test_a_message_under_the_number_of_another_one_begins_an_incarnation_by_itself(
    archive: ArchiveWriter, tmp_path: Path
) -> None:
    """The broker was restored while we ran: nobody told us, and its numbers come again."""
    outcomes(archive, publishing(1), publishing(2, id_="b"), withdrawing(3), publishing(4, id_="c"))
    again = [
        replace(publishing(number, at="2024-06-11T12:00:00Z", title="Again"), stored_us=NOON_US + HOUR_US + number)
        for number in (2, 3)
    ]
    reader = ArchiveReader(tmp_path)

    assert ("accepted", "lifts_withdrawal") == outcomes(archive, *again)[0]
    assert Incarnation(2, 2) == archive.incarnation()
    assert [("duplicate", "redelivered")] == outcomes(archive, publishing(1)), "the stream has it from before"
    assert [1, 1, 2, 2, 1] == [entry.incarnation for entry in reader.history(ARTICLE_ID)]
    reader.close()


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_messages_of_a_restored_broker_keep_their_order_whichever_comes_first(
    archive: ArchiveWriter, tmp_path: Path, batches: int
) -> None:
    """Its takedown is handled before the publication that it covers, which was delayed."""
    outcomes(archive, *(publishing(number, at="2024-06-11T08:00:00Z") for number in range(1, 9)))
    up, down = (
        replace(one, stored_us=NOON_US + HOUR_US + one.stream_sequence)
        for one in (publishing(5, at="2024-06-11T12:30:00Z"), withdrawing(7, at="2024-06-11T12:00:00Z"))
    )
    between = replace(publishing(6, id_="b"), stored_us=NOON_US + HOUR_US + 6)
    order = {1: [[down, up, between]], 2: [[down], [between, up]], 3: [[down], [up], [between]]}[batches]
    for batch in order:
        outcomes(archive, *batch)
    with closing(ArchiveReader(tmp_path)) as reader:
        places = {(one.incarnation, one.stream_sequence) for one in reader.history(ARTICLE_ID) if one.incarnation > 1}

        assert Incarnation(2, 5) == archive.incarnation()
        assert {(2, 5), (2, 7)} == places
        assert {} == reader.visible([ARTICLE_ID], NOON_US + 2 * HOUR_US)


def test_where_a_message_is_missing_a_batch_costs_as_much_behind_a_long_history_as_behind_a_short_one(
    archive: ArchiveWriter,
) -> None:
    execute = archive._connection.execute
    outcomes(archive, publishing(2))
    columns = [row["name"] for row in execute("PRAGMA table_info(ledger)") if row["name"] != "number"]
    others = ", ".join(f"{name} + value" if name == "stream_sequence" else name for name in columns)
    steps = []
    for last in (1_000, 20_000):
        execute(
            f"""WITH RECURSIVE
            numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < {last})
            INSERT INTO ledger ({", ".join(columns)}) SELECT {others} FROM ledger, numbers WHERE ledger.number = 1"""
        )
        execute("UPDATE stream SET last_sequence = ?", (last + 2,))
        taken: list[int] = []
        archive._connection.set_progress_handler(lambda taken=taken: taken.append(1), 100)  # type: ignore[misc]
        outcomes(archive, publishing(last + 3))
        archive._connection.set_progress_handler(None, 0)
        steps.append(len(taken))

    assert steps[1] < 2 * steps[0], steps


@pytest.mark.parametrize("number", [1, 3])
def test_a_bare_article_without_a_message_id_is_no_copy_of_what_had_its_number_in_another_stream(
    archive: ArchiveWriter, number: int
) -> None:
    """Also where messages before the first one are still missing."""
    up = delivery(article(), number=number)
    outcomes(archive, up, withdrawing(number + 1))

    assert [("accepted", "lifts_withdrawal")] == outcomes(archive, replace(up, stored_us=NOON_US + HOUR_US))


def test_a_stream_that_lost_its_end_goes_on_behind_what_it_lost(archive: ArchiveWriter) -> None:
    outcomes(archive, publishing(1), publishing(2, id_="b"), withdrawing(3))
    begun = archive.adopt(seen_by(archive, last_sequence=1, stored_us=None))
    again = replace(publishing(2, at="2024-06-11T12:00:00Z"), stored_us=NOON_US + HOUR_US)

    assert Incarnation(2, 2) == begun
    assert [("accepted", "lifts_withdrawal")] == outcomes(archive, again)
    assert archive.adopt(seen_by(archive)) is None


def test_a_parked_event_keeps_the_place_it_had_in_another_stream(archive: ArchiveWriter) -> None:
    """Tried again after a takedown in a new stream, it does not lift it."""
    outcomes(archive, publishing(9, title=["no text"]))
    archive.adopt(seen_by(archive, created="tuesday", marked=None, last_sequence=0, stored_us=None))
    outcomes(archive, replace(withdrawing(1, at="2024-06-11T07:00:00Z"), stored_us=NOON_US + HOUR_US))
    archive._connection.execute("UPDATE parked SET body = ?", (publishing(9).body,))
    (retried,) = retry_parked(archive, [1], NOON_US).results.values()

    assert ("stale", "withdrawn_since") == (retried.outcome, retried.reason)
