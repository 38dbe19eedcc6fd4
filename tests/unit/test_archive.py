"""The archive keeps what it was given, refuses what it cannot read, and tells what changed."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.events import ARTICLE_ID, HOUR_US, NOON_US, article, delivery, event, publishing, withdrawing, without

from newsdex.archive.database import FILE_NAME, SCHEMA_VERSION
from newsdex.archive.reader import MAX_FEED_BYTES, ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.errors import Misconfigured, NewsdexError, Unavailable
from newsdex.ingest.handle import handle_batch, retry_parked
from newsdex.records.events import Delivery
from newsdex.records.feed import Change, FeedEntry
from newsdex.records.ledger import LedgerEntry

NOW_US = NOON_US
DAY_US = 24 * HOUR_US
AFTER_TIME = "2024-06-12T00:00:00Z"
"""Later than the events of the builders."""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[ArchiveWriter]:
    writer = ArchiveWriter(tmp_path)
    yield writer
    writer.close()


@pytest.fixture
def reader(writer: ArchiveWriter, tmp_path: Path) -> Iterator[ArchiveReader]:
    assert writer
    reader = ArchiveReader(tmp_path)
    yield reader
    reader.close()


def handle(writer: ArchiveWriter, *deliveries: Delivery, at_us: int = NOW_US) -> None:
    handle_batch(writer, deliveries, at_us)


def pragma(writer: ArchiveWriter, name: str) -> object:
    return writer._connection.execute(f"PRAGMA {name}").fetchone()[0]


def moment(us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)).isoformat()


def feed(reader: ArchiveReader, after: int = 0, limit: int = 100) -> list[tuple[int, str]]:
    return [(change.sequence, change.id) for change in reader.changes(after, limit)]


# The file


def test_a_commit_waits_for_the_disk(writer: ArchiveWriter) -> None:
    assert (2, "wal") == (pragma(writer, "synchronous"), pragma(writer, "journal_mode"))


def test_a_new_archive_has_the_schemas_version_and_is_empty(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    assert SCHEMA_VERSION == pragma(writer, "user_version")
    assert (0, [], []) == (reader.head(), feed(reader), reader.parked_open())


def test_what_was_committed_is_there_after_opening_again(tmp_path: Path) -> None:
    for number in (1, 2):
        writer = ArchiveWriter(tmp_path / "a" / "b")
        handle(writer, publishing(number, id_=f"a-{number}"))
        writer.close()
    reader = ArchiveReader(tmp_path / "a" / "b")

    assert [(1, "a-1"), (2, "a-2")] == feed(reader)
    reader.close()


def test_an_archive_of_a_newer_newsdex_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as newer:
        newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    newer.close()

    with pytest.raises(Misconfigured) as to_writer:
        ArchiveWriter(tmp_path)
    with pytest.raises(Unavailable) as to_reader:
        ArchiveReader(tmp_path)
    assert ["archive_too_new", "archive_version"] == [to_writer.value.code, to_reader.value.code]


def test_a_file_that_is_no_archive_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(b"tide tables\n" * 1_000)

    with pytest.raises(Misconfigured) as to_writer:
        ArchiveWriter(tmp_path)
    with pytest.raises(NewsdexError):
        ArchiveReader(tmp_path)
    assert "archive_unreadable" == to_writer.value.code
    assert b"tide tables\n" * 1_000 == file.read_bytes()


def test_a_missing_archive_is_unavailable_to_a_reader_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as fault:
        ArchiveReader(tmp_path)

    assert "archive_missing" == fault.value.code
    assert [] == list(tmp_path.iterdir())


def test_a_reader_cannot_write(reader: ArchiveReader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM articles")


def test_a_full_disk_fails_the_transaction_whole_and_writing_goes_on_once_there_is_room(
    writer: ArchiveWriter, reader: ArchiveReader
) -> None:
    handle(writer, publishing(1, id_="a"))
    writer._connection.execute(f"PRAGMA max_page_count={pragma(writer, 'page_count')}")
    with pytest.raises(Unavailable, match="full") as raised:
        handle(writer, publishing(2, id_="b"), publishing(3, id_="c", body="x" * 100_000))
    assert "archive_disk_full" == raised.value.code
    assert ([(1, "a")], {"accepted": 1}) == (feed(reader), reader.counts().outcomes)
    writer._connection.execute("PRAGMA max_page_count=1000000")
    handle(writer, publishing(2, id_="b"))

    assert [(1, "a"), (2, "b")] == feed(reader)


def test_readers_see_whole_commits_and_do_not_wait_for_a_writer(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, publishing(1, id_="a"))
    with writer.transaction():
        writer._connection.execute("DELETE FROM articles")

        assert [(1, "a")] == feed(reader)
    assert [] == feed(reader)


# The change feed


def test_the_feed_has_each_article_once_at_its_last_change(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, publishing(1, id_="a"), publishing(2, id_="b"), publishing(3, id_="a", version=1))
    handle(writer, publishing(4, id_="c"), publishing(5, id_="b", version=1))

    assert [(3, "a"), (4, "c"), (5, "b")] == feed(reader)
    assert (5, FeedEntry(3, "a", live=True), None) == (reader.head(), reader.entry_of("a"), reader.entry_of("unknown"))


def test_the_feed_goes_on_after_a_position_and_is_bounded(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, *(publishing(number, id_=f"a-{number}") for number in range(1, 6)))

    assert [(3, "a-3"), (4, "a-4")] == feed(reader, after=2, limit=2)
    assert [] == feed(reader, after=5)


def test_the_feed_is_bounded_by_the_size_of_its_texts_and_goes_on_behind_a_large_one(
    writer: ArchiveWriter, reader: ArchiveReader
) -> None:
    bodies = {"a-1": "short", **{f"a-{n}": "y" * 900_000 for n in range(2, 8)}}
    for number, (id_, body) in enumerate(bodies.items(), 1):
        handle(writer, publishing(number, id_=id_, body=body))
    first = reader.changes(0, 100)
    second = reader.changes(first[-1].sequence, 100)

    assert list(bodies) == [change.id for change in (*first, *second)]
    assert MAX_FEED_BYTES - 1_000_000 < sum(len(change.content or b"") for change in first) <= MAX_FEED_BYTES


def test_what_changes_nothing_for_search_is_not_in_the_feed(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(
        writer, publishing(1, version=2), publishing(2, version=1), withdrawing(3, version=1), delivery(b"", number=4)
    )

    assert [(1, ARTICLE_ID)] == feed(reader)
    standing = reader.standing(ARTICLE_ID)
    assert standing is not None
    assert (1, 1, True) == (standing.state.withdrawn_version, standing.sequence, standing.has_content)


def test_a_withdrawal_leaves_a_tombstone(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, publishing(1), withdrawing(2, at=AFTER_TIME))
    (change,) = reader.changes(0, 9)

    assert Change(sequence=2, id=ARTICLE_ID, content=None, correlation_id="evt-2") == change
    assert change.article() is None
    assert (0, 1) == (reader.counts().live, reader.counts().tombstones)


def test_the_feed_gives_the_article_as_it_was_published(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, publishing(1, body="Ebb at noon.", tags=["tides"], version=7))
    article = reader.changes(0, 9)[0].article()

    assert article is not None
    assert ("Ebb at noon.", ("tides",), 7) == (article.body, article.tags, article.version)


# What may be shown


def test_embargoed_expired_and_withdrawn_articles_are_not_visible(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    """An embargo ends, and an article expires, at the very moment that it names."""
    handle(
        writer,
        publishing(1, id_="plain"),
        publishing(2, id_="embargoed", embargoed_until=moment(NOW_US + 1)),
        publishing(3, id_="free", embargoed_until=moment(NOW_US)),
        publishing(4, id_="expired", expires_at=moment(NOW_US)),
        publishing(5, id_="expiring", expires_at=moment(NOW_US + 1)),
        publishing(6, id_="withdrawn"),
        withdrawing(7, id_="withdrawn", at=AFTER_TIME),
    )
    ids = ["expiring", "withdrawn", "plain", "embargoed", "free", "expired", "unknown"]

    assert {"expiring", "plain", "free"} == set(reader.visible(ids, NOW_US))
    assert {"plain", "embargoed", "free"} == set(reader.visible(ids, NOW_US + 1))
    assert ["embargoed", "expired", "withdrawn"] == reader.hidden_since(0, NOW_US)


def test_an_index_hears_of_what_was_hidden_after_its_position_only(
    writer: ArchiveWriter, reader: ArchiveReader
) -> None:
    handle(writer, publishing(1, id_="a"), publishing(2, id_="b"), publishing(3, id_="c"))
    handle(writer, withdrawing(4, id_="b", at=AFTER_TIME), withdrawing(5, id_="a", at=AFTER_TIME))

    assert [["b", "a"], ["a"], []] == [reader.hidden_since(position, NOW_US) for position in (3, 4, 5)]


def test_the_dates_of_the_newest_version_count(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, publishing(1, version=1, embargoed_until=moment(NOW_US + HOUR_US)), publishing(2, version=2))

    assert [ARTICLE_ID] == list(reader.visible([ARTICLE_ID], NOW_US))


def test_the_dates_stay_when_the_same_content_comes_again_in_one_batch(
    writer: ArchiveWriter, reader: ArchiveReader
) -> None:
    dates = {"embargoed_until": moment(NOW_US - 1), "expires_at": moment(NOW_US)}
    handle(writer, publishing(1, **dates), publishing(2, at=AFTER_TIME, **dates))
    standing = reader.standing(ARTICLE_ID)

    assert standing is not None
    assert (1, NOW_US - 1, NOW_US) == (standing.sequence, standing.embargoed_us, standing.expires_us)


# The ledger


def test_the_history_of_an_article_is_told_in_order(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, publishing(1, version=1), publishing(2, id_="other"), publishing(3, title=""))
    handle(writer, withdrawing(4, version=1), at_us=NOW_US + 1)

    assert [("accepted", 1, NOW_US), ("parked", 3, NOW_US), ("withdrawn", 4, NOW_US + 1)] == [
        (entry.outcome, entry.stream_sequence, entry.at_us) for entry in reader.history(ARTICLE_ID)
    ]
    assert [] == reader.history("unknown")


def outcome_of(reader: ArchiveReader, event_id: str) -> tuple[str, str] | None:
    entry: LedgerEntry | None = reader.outcome_of("https://courier.example/newsroom", event_id)
    return None if entry is None else (entry.outcome, entry.reason)


def test_an_event_led_to_what_it_did_first_however_often_it_came(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    first, newer = publishing(1, version=1), publishing(2, version=2)
    resent = delivery(first.body, number=3)
    handle(writer, first)
    handle(writer, delivery(first.body, number=4), newer, resent)

    assert ["accepted", "duplicate", "accepted", "duplicate"] == [e.outcome for e in reader.history(ARTICLE_ID)]
    assert ("accepted", "first_version") == outcome_of(reader, "evt-1")


def test_an_event_that_was_only_ever_a_duplicate_is_one(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    handle(writer, publishing(1))
    same = publishing(1).body.replace(b'"evt-1"', b'"evt-2"')
    handle(writer, delivery(same, number=2))

    assert ("duplicate", "same_content") == outcome_of(reader, "evt-2")
    assert outcome_of(reader, "evt-3") is None


def test_a_parked_event_stays_parked_however_often_it_came(writer: ArchiveWriter, reader: ArchiveReader) -> None:
    broken = publishing(1, title="")
    handle(writer, broken)
    handle(writer, delivery(broken.body, number=1, deliveries=2))
    handle(writer, delivery(broken.body, number=1, deliveries=3))

    assert ("parked", "empty_text") == outcome_of(reader, "evt-1")


def test_an_event_that_was_handled_after_all_is_not_parked_any_more(
    writer: ArchiveWriter, reader: ArchiveReader
) -> None:
    """Here it comes anew, mended, under the name it had."""
    handle(writer, publishing(1, title=""), delivery(publishing(1).body, number=2))
    retry_parked(writer, [1], NOW_US)

    assert ("accepted", "first_version") == outcome_of(reader, "evt-1")


def test_old_outcomes_are_forgotten_and_articles_and_their_publications_are_not(
    writer: ArchiveWriter, reader: ArchiveReader
) -> None:
    for number, at_us in enumerate([NOW_US - 3 * DAY_US, NOW_US - 2 * DAY_US, NOW_US - DAY_US], 1):
        handle(
            writer, published := publishing(number, id_=f"a-{number}"), replace(published, deliveries=2), at_us=at_us
        )

    assert [1, None] == [writer.prune_ledger(NOW_US, days=2) for _ in range(2)]
    assert [1, 2, 2] == [len(reader.history(f"a-{number}")) for number in (1, 2, 3)]
    assert 3 == reader.counts().live
    assert 1 == writer.prune_ledger(NOW_US + 1, days=2)


@pytest.mark.parametrize("published", [1, 2, 3], ids=["the first one", "the one between", "the last one"])
def test_a_copy_of_an_old_publication_lifts_no_takedown_of_today(writer: ArchiveWriter, published: int) -> None:
    """Also of one that was corrected, long before the takedown; an outbox sends it without a time."""
    texts = [
        delivery(without(event(article(title=f"Draft {number}"), id=f"evt-{number}"), "time"), number=number)
        for number in (1, 2, 3)
    ]
    handle(writer, *texts, at_us=NOW_US - 100 * DAY_US)
    writer.prune_ledger(NOW_US, days=90)
    handle(writer, withdrawing(4))
    (result,) = handle_batch(writer, [replace(texts[published - 1], stream_sequence=5, stored_us=NOW_US)], NOW_US)

    assert ("duplicate", "copy") == (result.outcome, result.reason)


# Export


@pytest.mark.parametrize(
    ("text", "number", "code"),
    [
        ("database or disk is full", sqlite3.SQLITE_FULL, "archive_disk_full"),
        ("disk I/O error", sqlite3.SQLITE_IOERR_WRITE, "archive_disk_full"),
        ("database is locked", sqlite3.SQLITE_BUSY_SNAPSHOT, "archive_locked"),
        ("database disk image is malformed", sqlite3.SQLITE_CORRUPT_INDEX, "archive_corrupt"),
        ("attempt to write a readonly database", sqlite3.SQLITE_READONLY, "archive_failed"),
    ],
)
def test_a_fault_in_a_transaction_has_its_code_and_no_effect(
    writer: ArchiveWriter, reader: ArchiveReader, text: str, number: int, code: str
) -> None:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = number
    with pytest.raises(Unavailable, match=text) as raised, writer.transaction():
        raise error

    assert (code, 0) == (raised.value.code, reader.head())


@pytest.mark.parametrize(
    "ask",
    [
        lambda archive: archive.stream(),
        lambda archive: archive.incarnation(),
        lambda archive: archive.settle_up_to(1),
        lambda archive: archive.prune_ledger(NOW_US, 1),
        lambda archive: archive.prune_pages(NOW_US, 1),
        lambda archive: archive.erasures.erase(["a"], NOW_US),
        lambda archive: archive.erasures.pending(),
        lambda archive: archive.erasures.messages_about("a"),
        lambda archive: archive.erasures.compact(),
    ],
)
def test_no_error_of_sqlite_leaves_the_archive(writer: ArchiveWriter, ask: Callable[[ArchiveWriter], object]) -> None:
    writer._connection.close()
    with pytest.raises(Unavailable) as raised:
        ask(writer)

    assert "archive_failed" == raised.value.code
