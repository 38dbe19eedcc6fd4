"""An archive that is locked or damaged: nothing is acknowledged, nothing is guessed, and what is wrong is named."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.faults.test_disk_full import everything, not_ready, publish, waiting
from tests.integration.running import Running, Service, until
from tests.scenarios.corpus import Corpus, stories

from newsdex.archive.database import FILE_NAME
from newsdex.archive.integrity import check_archive
from newsdex.archive.writer import ArchiveWriter
from newsdex.broker.server import EmbeddedServer
from newsdex.errors import Misconfigured, Unavailable
from newsdex.host.children import free_port
from newsdex.settings import Settings

EVENTS = 30
LEAF = 0x0D
"""First byte of a leaf page of a table (https://sqlite.org/fileformat.html)."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with a closed archive of some articles."""
    with Corpus(tmp_path) as corpus:
        corpus.publish(*({**story, "body": "The ferry left. " * 400} for story in stories(*range(28))))
        corpus.withdraw("3")
    assert not (tmp_path / f"{FILE_NAME}-wal").exists()
    return tmp_path


def page_size(folder: Path) -> int:
    with closing(sqlite3.connect(folder / FILE_NAME)) as archive:
        size: int = archive.execute("PRAGMA page_size").fetchone()[0]
        return size


def leaf_pages(folder: Path) -> list[int]:
    """Return the numbers of pages, from 1, whose damage SQLite can tell: leaves of tables, but those of the schema.

    Without its schema an archive cannot be opened at all.
    """
    size, content = page_size(folder), (folder / FILE_NAME).read_bytes()
    pages = {at // size + 1: content[at : at + size] for at in range(size, len(content), size)}
    return [number for number, page in pages.items() if page[0] == LEAF and b"CREATE " not in page]


def overwrite(folder: Path, page: int, at: int, data: bytes) -> None:
    with (folder / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * page_size(folder) + at)
        file.write(data)


def test_a_whole_archive_has_no_findings(folder: Path) -> None:
    assert [] == list(check_archive(folder))


def test_a_damaged_page_is_named(folder: Path) -> None:
    pages = leaf_pages(folder)
    damaged = pages[len(pages) // 2]
    overwrite(folder, damaged, 0, b"\xff" * 64)
    found = list(check_archive(folder))

    assert any(f"page {damaged}" in text.lower() for text in found), found


def test_a_changed_letter_of_a_text_is_noticed_and_its_article_named(folder: Path) -> None:
    """SQLite itself sees nothing wrong with it."""
    content = bytearray((folder / FILE_NAME).read_bytes())
    content[content.index(b"The ferry left. The ferry") + 4] ^= 1
    (folder / FILE_NAME).write_bytes(content)
    found = list(check_archive(folder))

    assert 1 == len(found)
    assert "the text of the article" in found[0]


def test_a_check_changes_nothing(folder: Path) -> None:
    before = (folder / FILE_NAME).read_bytes()
    list(check_archive(folder))

    assert before == (folder / FILE_NAME).read_bytes()


def test_an_archive_that_another_process_has_locked_is_not_taken_for_a_damaged_one(
    folder: Path,
) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable) as raised:
            ArchiveWriter(folder, busy_timeout_s=0.1)

    assert "archive_locked" == raised.value.code


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_what_is_no_archive_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(Misconfigured) as raised:
        ArchiveWriter(tmp_path)

    assert ("archive_unreadable", content) == (raised.value.code, (tmp_path / FILE_NAME).read_bytes())


# The running service


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Service, Settings, Running, int]]:
    """Return an indexer with a broker beside it, the first events handled."""
    broker_folder, data_dir, port = tmp_path / "broker", tmp_path / "data", free_port()
    broker_folder.mkdir()
    data_dir.mkdir()
    with EmbeddedServer(broker_folder) as broker:
        service = Service(data_dir=data_dir, settings={"NEWSDEX_BROKER_URL": broker.url}, logs=tmp_path)
        settings = Settings(data_dir=data_dir, broker_url=broker.url)
        indexer = Running.start(service, "indexer", http_port=port).wait_until_ready()
        asyncio.run(publish(settings, range(EVENTS)))
        until(lambda: everything(data_dir)[1] == EVENTS, 30, "the first events have outcomes")
        try:
            yield service, settings, indexer, port
        finally:
            indexer.stop()


@pytest.mark.long
def test_events_wait_while_the_archive_is_locked(served: tuple[Service, Settings, Running, int]) -> None:
    service, settings, indexer, port = served
    with closing(sqlite3.connect(service.data_dir / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.run(publish(settings, range(EVENTS, 2 * EVENTS)))
        until(lambda: indexer.events("event.delayed"), 60, "events are sent back")
        said = until(lambda: not_ready(port), 10, "it is not ready")
        unacknowledged = asyncio.run(waiting(settings))
        other.execute("ROLLBACK")
    until(lambda: everything(service.data_dir)[1] >= 2 * EVENTS, 90, "all events have outcomes")
    until(lambda: not not_ready(port), 30, "it is ready again")

    assert {"archive_locked"} == {line["code"] for line in indexer.events("event.delayed")}
    assert (EVENTS, True) == (unacknowledged, "archive: the archive is locked" in said)
    assert [2 * EVENTS, 2 * EVENTS, 0] == everything(service.data_dir)


@pytest.mark.long
def test_events_wait_while_the_archive_is_damaged_and_are_handled_once_it_is_mended(
    served: tuple[Service, Settings, Running, int],
) -> None:
    """Nothing is made up in place of what cannot be read; here a copy of the file from before puts it right."""
    service, settings, indexer, _ = served
    indexer.stop()
    whole = (service.data_dir / FILE_NAME).read_bytes()
    for page in leaf_pages(service.data_dir):
        overwrite(service.data_dir, page, 0, b"\xff" * 64)
    with service.process("indexer") as second:
        asyncio.run(publish(settings, range(EVENTS, 2 * EVENTS)))
        until(lambda: second.events("event.delayed") or second.process.poll() is not None, 60, "it says so")
        codes = {line["code"] for line in second.events("event.delayed")}
        unacknowledged = asyncio.run(waiting(settings))
        until(lambda: second.events("index.commit_failed"), 30, "the projector waits too")
        ended = second.events("process.failed"), second.process.poll()
    found = service.run("check", "--archive")
    for name in (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
        (service.data_dir / name).unlink(missing_ok=True)
    (service.data_dir / FILE_NAME).write_bytes(whole)
    with service.process("indexer") as third:
        third.wait_until_ready()
        until(lambda: everything(service.data_dir)[1] >= 2 * EVENTS, 90, "all events have outcomes")

    assert ({"archive_corrupt"}, EVENTS, ([], None)) == (codes, unacknowledged, ended)
    assert (65, True) == (found.returncode, "page" in found.stdout.lower())
    assert [2 * EVENTS, 2 * EVENTS, 0] == everything(service.data_dir)
