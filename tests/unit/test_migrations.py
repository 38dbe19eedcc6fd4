"""An archive of an older newsdex opens, keeps what it has, and orders new events by what it knows of the old ones."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.unit.events import HOUR_US, NOON_US, delivery, event, publishing, withdrawing, without

from newsdex.archive.database import FILE_NAME, SCHEMA_VERSION
from newsdex.archive.integrity import check_archive
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.ingest.handle import handle_batch
from newsdex.records.events import Delivery

SCRIPTS = Path(__file__).parent / "archives"
LATER = "2024-06-11T09:00:00Z"
TIME_US = NOON_US - 3 * HOUR_US - HOUR_US // 2
"""2024-06-11T08:30Z, what the builders' events state."""
TITLE = b'{"id":"%s","title":"Tide tables for the estuary"%s}'
ARTICLES: tuple[tuple[Any, ...], ...] = (
    # id, sequence, version, time_us, digest, withdrawn_version, withdrawn_us, content, position in the stream
    ("plain", 1, 0, TIME_US, None, None, b"", 1),
    ("numbered", 2, 7, TIME_US, None, None, b',"version":7', 2),
    ("lifted", 6, 3, TIME_US, 2, TIME_US - 1, b',"version":3', 6),
    ("withdrawn", 7, 0, TIME_US, None, TIME_US + 60_000_000, None, 7),
    ("version-withdrawn", 8, 5, TIME_US, 5, None, None, 8),
    ("never-published", 9, None, None, None, TIME_US, None, 9),
    ("fast-clock", 11, 0, TIME_US, None, NOON_US + 400 * 24 * HOUR_US, None, 10),
    ("forgotten", 10, 4, TIME_US, 4, None, None, None),
)


def old_archive(folder: Path, version: int) -> None:
    """Make an archive of an older version with some articles, their outcomes, and parked events."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE_NAME)) as old:
        old.executescript((SCRIPTS / f"version_{version}.sql").read_text(encoding="utf-8"))
        old.execute(f"PRAGMA user_version={version}")
        for id_, sequence, number, time_us, up_to, withdrawn_us, rest, position in ARTICLES:
            content = None if rest is None else TITLE % (id_.encode(), rest)
            row = (id_, sequence, number, time_us, digest(content), up_to, withdrawn_us, content, None, None, "c")
            old.execute(f"INSERT INTO articles VALUES ({marks(11)})", row)
            if position is not None:
                subject = "articles.published" if rest is not None else "articles.withdrawn"
                ledger = (
                    1, "https://old.example", f"e-{position}", None, subject, position, NOON_US + position, 1, id_,
                    "accepted", "first_version", sequence, None, "c",
                )  # fmt: skip
                old.execute(f"INSERT INTO ledger VALUES (NULL,{marks(14)})", ledger)
        claims = (0, NOON_US + 5, None) if version > 1 else ()
        parked = (
            None, 1, "articles.published", "{}", b'{"id": "plain"}', 5, NOON_US + 5, "missing_field", "?", None,
            "nats", "ARTICLES:5", "c", "plain", "open", 1, None, *claims,
        )  # fmt: skip
        old.execute(f"INSERT INTO parked VALUES ({marks(len(parked))})", parked)
        old.commit()


def digest(content: bytes | None) -> str:
    return hashlib.sha256(content or b"?").hexdigest()


def marks(number: int) -> str:
    return ",".join("?" * number)


@pytest.fixture(params=[1, 2, 3])
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def folder(tmp_path: Path, version: int) -> Path:
    old_archive(tmp_path / "old", version)
    return tmp_path / "old"


@pytest.fixture
def archive(folder: Path) -> Iterator[ArchiveWriter]:
    writer = ArchiveWriter(folder)
    yield writer
    writer.close()


@pytest.fixture
def reader(archive: ArchiveWriter, folder: Path) -> Iterator[ArchiveReader]:
    assert archive
    reader = ArchiveReader(folder)
    yield reader
    reader.close()


def outcomes(archive: ArchiveWriter, *deliveries: Delivery) -> Sequence[tuple[str, str]]:
    return [(result.outcome, result.reason) for result in handle_batch(archive, deliveries, NOON_US)]


def test_each_older_version_has_a_migration_and_an_archive_to_try_it_with() -> None:
    migrations = {path.name for path in (files("newsdex.archive") / "migrations").iterdir()}

    assert {f"{version}.sql" for version in range(1, SCHEMA_VERSION)} == migrations
    assert {f"version_{version}.sql" for version in range(1, SCHEMA_VERSION)} == {one.name for one in SCRIPTS.iterdir()}


def test_a_migrated_archive_has_the_shape_of_a_new_one(archive: ArchiveWriter, tmp_path: Path) -> None:
    fresh = ArchiveWriter(tmp_path / "new")
    shapes = [_shape(one) for one in (archive, fresh)]
    fresh.close()

    assert shapes[1] == shapes[0]


def _shape(archive: ArchiveWriter) -> dict[str, list[tuple[object, ...]]]:
    execute = archive._connection.execute
    names = [row[0] for row in execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()]
    columns = {name: execute(f"PRAGMA table_info({name})").fetchall() for name in names}
    indexes = {name: [tuple(row) for row in execute(f"PRAGMA index_info({name})")] for name in names}
    return {
        name: sorted((one["name"], one["type"], one["notnull"]) for one in columns[name]) or indexes[name]
        for name in names
    }


def test_what_was_shown_is_shown_and_what_was_withdrawn_is_withdrawn(reader: ArchiveReader, folder: Path) -> None:
    standings = {id_: reader.standing(id_) for id_, *_ in ARTICLES}

    assert {"plain", "numbered", "lifted"} == set(reader.visible([id_ for id_, *_ in ARTICLES], NOON_US))
    for id_, sequence, *_ in ARTICLES:
        standing = standings[id_]
        assert standing is not None
        assert (sequence, standing.has_content) == (standing.sequence, standing.state.shown is not None), id_
    assert [1, 2, 6, 7, 8, 9, 10, 11] == [change.sequence for change in reader.changes(0, 99)]
    assert [] == list(check_archive(folder))


def test_a_withdrawal_of_the_old_archive_holds_and_is_lifted_by_what_comes_after_it(archive: ArchiveWriter) -> None:
    assert [
        ("stale", "earlier_than_withdrawal"),
        ("accepted", "lifts_withdrawal"),
        ("stale", "version_withdrawn"),
        ("accepted", "lifts_withdrawal"),
        ("stale", "version_withdrawn"),
        ("accepted", "lifts_withdrawal"),
    ] == outcomes(
        archive,
        publishing(21, id_="withdrawn"),
        publishing(22, id_="withdrawn", at=LATER),
        publishing(23, id_="version-withdrawn", version=5),
        publishing(24, id_="version-withdrawn", version=6),
        publishing(25, id_="forgotten", version=4),
        publishing(26, id_="forgotten", version=5),
    )


def test_a_withdrawal_that_an_old_archive_has_from_a_fast_clock_holds_until_the_broker_stored_it(
    archive: ArchiveWriter,
) -> None:
    assert [("stale", "earlier_than_withdrawal"), ("accepted", "lifts_withdrawal")] == outcomes(
        archive,
        publishing(21, id_="fast-clock", at="2024-06-11T11:59:59Z"),
        publishing(22, id_="fast-clock", at="2024-06-11T12:00:01Z"),
    )


def test_a_copy_without_a_time_of_what_was_published_before_the_upgrade_lifts_no_takedown(
    archive: ArchiveWriter,
) -> None:
    """The old archive kept names without contents; only where nothing tells, the name alone makes it a copy."""
    copy = delivery(without(event({"id": "plain", "title": "Tides"}, id="e-1", source="https://old.example"), "time"))
    late, new = (
        replace(copy, stream_sequence=22),
        replace(copy, stream_sequence=23, body=copy.body.replace(b"e-1", b"e")),
    )

    assert [
        ("withdrawn", "withdrawn"),
        ("duplicate", "copy"),
        ("duplicate", "copy"),
        ("accepted", "lifts_withdrawal"),
    ] == (outcomes(archive, withdrawing(21, id_="plain"), late, replace(late, stream_sequence=24), new))


def test_what_the_old_archive_shows_is_replaced_and_withdrawn_as_always(archive: ArchiveWriter) -> None:
    assert [
        ("accepted", "newer_version"),
        ("stale", "older_version"),
        ("accepted", "newer_version"),
        ("withdrawn", "withdrawn"),
        ("withdrawn", "withdrawn"),
    ] == outcomes(
        archive,
        publishing(21, id_="plain", title="Corrected", at=LATER),
        publishing(22, id_="numbered", version=6),
        publishing(23, id_="numbered", version=8),
        withdrawing(24, id_="plain"),
        withdrawing(25, id_="lifted", version=3),
    )


def test_a_message_that_the_old_archive_handled_is_known(archive: ArchiveWriter) -> None:
    assert [("duplicate", "redelivered")] == outcomes(archive, delivery(event(), number=2))


def test_a_parked_event_keeps_its_place_and_closes_once_it_is_pointless(
    archive: ArchiveWriter, reader: ArchiveReader, version: int
) -> None:
    """What it was to bring is known since version 2 only."""
    later = delivery({"id": "plain", "title": "Later"}, number=11, stored_us=NOON_US + HOUR_US)

    assert [("accepted", "newer_version")] == outcomes(archive, later)
    assert ([5] if version == 1 else []) == [one.delivery.stream_sequence for one in reader.parked(limit=2)]


def test_an_archive_of_before_erasures_can_have_articles_erased(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as old:
        old.executescript((SCRIPTS / "version_4.sql").read_text(encoding="utf-8"))
        old.execute("PRAGMA user_version=4")
    with closing(ArchiveWriter(tmp_path)) as writer:
        writer.erasures.erase(["plain"], NOON_US)
        pending = [one.pending for one in writer.erasures.pending()]

    assert [("archive", "stream", "index")] == pending


def test_an_erasure_of_an_older_newsdex_ends_with_what_was_handled_by_then(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as old:
        old.executescript((SCRIPTS / "version_5.sql").read_text(encoding="utf-8"))
        old.execute("UPDATE stream SET last_sequence=7")
        old.execute("INSERT INTO erasures (article_id, at_us, sequence) VALUES ('plain', 1, 1)")
        old.execute("PRAGMA user_version=5")
        old.commit()
    with closing(ArchiveWriter(tmp_path)) as writer:
        last_numbers = [one.last_number for one in writer.erasures.pending()]

    assert [7] == last_numbers
