"""A full disk at any write in turn: nothing is acknowledged that is not on it, and all goes on when there is room."""

import asyncio
import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.faults.disks import FILLER, Disk, small_disk
from tests.integration.running import Running, Service, until
from tests.scenarios.corpus import Corpus, drain, found_in, stories

from newsdex.apps.client import connected
from newsdex.archive.backup import back_up, verify_backup
from newsdex.archive.database import FILE_NAME
from newsdex.broker.client import connect
from newsdex.broker.server import EmbeddedServer
from newsdex.broker.streams import consumer_states
from newsdex.errors import Unavailable
from newsdex.host.children import free_port
from newsdex.index.generations.generations import serving
from newsdex.index.generations.verification import check_documents, check_files, first_finding
from newsdex.index.reader import IndexReader, open_view
from newsdex.index.writer import IndexWriter
from newsdex.records.moments import microseconds
from newsdex.settings import Settings
from newsdex_schemas import EventRef, channels
from newsdex_schemas.client import Message

ENOUGH = 400
"""More pages than any commit of these tests writes."""
EVENTS = 30
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", 24) as disk:
        yield disk


def faults_until_there_is_room(
    disk: Disk, attempt: Callable[[], object], unharmed: Callable[[], bool]
) -> list[Unavailable | OSError]:
    """Try with no page, one, two and so on until it works; give each fault. After each, all must be `unharmed`."""
    faults: list[Unavailable | OSError] = []
    for pages in range(ENOUGH):
        disk.leave(pages)
        try:
            attempt()
        except (Unavailable, OSError) as fault:
            faults.append(fault)
            if not unharmed():
                pytest.fail(f"harmed with {pages} pages: {fault}")
        else:
            disk.empty()
            return faults
    raise AssertionError("it did not work with all the room there was")


def wordy(*numbers: int) -> list[dict[str, Any]]:
    """Return stories with many words of their own, so that an index of them takes many pages."""
    return [
        {**story, "body": " ".join(f"word{story['id']}x{number}" for number in range(300))}
        for story in stories(*numbers)
    ]


def codes(faults: Sequence[Exception]) -> set[str]:
    return {fault.code if isinstance(fault, Unavailable) else type(fault).__name__ for fault in faults}


def test_a_commit_of_the_index_that_has_no_room_at_any_of_its_writes_changes_nothing(disk: Disk) -> None:
    """Segment, deletions and list of segments: each of them is the first without room at some turn."""
    with Corpus(disk.folder) as corpus:
        for number in range(8):
            corpus.publish(*stories(number))
            corpus.index()
        folder = serving(corpus.index_root)
        writer = IndexWriter(folder, merges=False)
        corpus.publish(*wordy(*range(8, 28), 2))
        changes = corpus.archive.changes(writer.position, 100)
        before = found_in(open_view(folder), "story")

        def unharmed() -> bool:
            whole = first_finding(check_files(folder)) is None
            return whole and (before, 8) == (found_in(open_view(folder), "story"), writer.position)

        faults = faults_until_there_is_room(disk, lambda: writer.apply(changes, writer.as_of_us), unharmed)

        assert ({"index_commit_failed"}, True) == (codes(faults), len(faults) > 5)
        assert (29, 28) == (writer.position, len(found_in(open_view(folder), "story")))
        assert [] == [path.name for path in folder.iterdir() if path.suffix == ".new" or ".toc." in path.name]


def test_an_index_that_loses_its_last_article_on_a_full_disk_changes_nothing(disk: Disk) -> None:
    """The only commit that writes the state."""
    with Corpus(disk.folder) as corpus:
        corpus.publish(*stories(1))
        corpus.index()
        folder = serving(corpus.index_root)
        writer = IndexWriter(folder, merges=False)
        corpus.withdraw("1")
        changes = corpus.archive.changes(writer.position, 100)

        def unharmed() -> bool:
            return IndexReader(corpus.index_root).view().position in {1, 2} and IndexWriter(folder).position in {1, 2}

        faults = faults_until_there_is_room(disk, lambda: writer.apply(changes, writer.as_of_us), unharmed)

        assert {"index_commit_failed"} == codes(faults)
        assert ([], 2, 2) == (found_in(open_view(folder), "*"), writer.position, IndexWriter(folder).position)


def test_a_merge_without_room_leaves_what_it_would_have_merged(disk: Disk) -> None:
    with Corpus(disk.folder) as corpus:
        for number in range(7):
            corpus.publish(*wordy(*range(4 * number, 4 * number + 4)))
            corpus.index()
        folder = serving(corpus.index_root)
        before = found_in(open_view(folder), "story")

        def unharmed() -> bool:
            return before == found_in(open_view(folder), "story") and first_finding(check_files(folder)) is None

        faults = faults_until_there_is_room(
            disk, lambda: IndexWriter(folder, merges=False).merge_everything(), unharmed
        )

        assert len(faults) > 3
        assert (1, before) == (len(list(folder.glob("*.cols"))), found_in(open_view(folder), "story"))


def test_a_rebuild_without_room_is_gone_on_with_and_the_old_generation_serves(disk: Disk) -> None:
    """Folder, note of what is built, segments, lists and pointer: each is the first without room at some turn."""
    with Corpus(disk.folder) as corpus:
        corpus.publish(*wordy(*range(28)))
        corpus.index()
        before = found_in(corpus.reader.view(), "story")
        corpus.projector.rebuild()

        def attempt() -> None:
            corpus.projector._build_paused_until = 0.0  # the pause that grows with every failure
            for _ in range(3):
                corpus.projector.step()
            if corpus.projector.busy:
                raise Unavailable("still_building", corpus.projector.status.fault or "")

        def unharmed() -> bool:
            return before == found_in(IndexReader(corpus.index_root).view(), "story")

        faults = faults_until_there_is_room(disk, attempt, unharmed)

        assert len(faults) > 5
        assert "generation-000002" == serving(corpus.index_root).name
        assert first_finding(check_documents(corpus.reader.view(), corpus.archive, microseconds(NOW))) is None


def test_a_first_index_without_room_is_built_when_there_is(disk: Disk) -> None:
    with Corpus(disk.folder) as corpus:
        corpus.publish(*wordy(1, 2))

        def attempt() -> None:
            for _ in range(3):
                corpus.projector.step()

        def unharmed() -> bool:
            try:
                return bool(IndexReader(corpus.index_root).view().position)
            except Unavailable as fault:
                return fault.code in {"index_rebuilding", "index_unreadable"}

        faults = faults_until_there_is_room(disk, attempt, unharmed)
        drain(corpus.projector)

        assert len(faults) > 3
        assert ["1", "2"] == corpus.ids("story", sort="oldest")


def test_a_transaction_of_the_archive_without_room_at_any_of_its_writes_has_no_effect(disk: Disk) -> None:
    """Articles, ledger, parked events and the log before them."""
    with Corpus(disk.folder) as corpus:
        corpus.publish(*stories(*range(20)))
        batch = [corpus.event(channels.ARTICLES_PUBLISHED, story) for story in stories(*range(20, 28))]
        batch += [corpus.delivery(channels.ARTICLES_PUBLISHED, b"{" + bytes(100_000))]
        before = everything(disk.folder)
        faults = faults_until_there_is_room(
            disk, lambda: corpus.handle(*batch), lambda: before == everything(disk.folder)
        )

        assert ({"archive_disk_full"}, True) == (
            {fault.code for fault in faults if isinstance(fault, Unavailable)},
            len(faults) > 3,
        )
        assert ([28, 29, 1], "ok") == (everything(disk.folder), integrity(disk.folder))


def everything(folder: Path) -> list[int]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as archive:
        return [
            archive.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("articles", "ledger", "parked")
        ]


def integrity(folder: Path) -> str:
    with closing(sqlite3.connect(folder / FILE_NAME)) as archive:
        text: str = archive.execute("PRAGMA integrity_check").fetchone()[0]
        return text


def test_a_backup_without_room_leaves_nothing_half_made(disk: Disk, tmp_path: Path) -> None:
    target = disk.folder / "backup"
    with Corpus(tmp_path / "data") as corpus:
        corpus.publish(*stories(*range(28)))
        faults = faults_until_there_is_room(
            disk,
            lambda: back_up(tmp_path / "data", target, NOW, lambda _, __: None),
            lambda: [FILLER] == [path.name for path in disk.folder.iterdir()],
        )

    assert ({"backup_failed"}, True) == (codes(faults), len(faults) > 3)
    assert 28 == verify_backup(target).articles


# The running service


@pytest.mark.long
def test_an_indexer_on_a_full_disk_acknowledges_nothing_says_so_and_goes_on(disk: Disk, tmp_path: Path) -> None:
    broker_folder, port = tmp_path / "broker", free_port()
    broker_folder.mkdir()
    with EmbeddedServer(broker_folder) as broker:
        service = Service(data_dir=disk.folder, settings={"NEWSDEX_BROKER_URL": broker.url}, logs=tmp_path)
        settings = Settings(data_dir=disk.folder, broker_url=broker.url)
        indexer = Running.start(service, "indexer", http_port=port).wait_until_ready()
        try:
            until(lambda: indexer.events("index.generation_swapped"), 60, "an index serves")
            asyncio.run(publish(settings, range(EVENTS)))
            until(lambda: everything(disk.folder)[1] == EVENTS, 30, "the first events have outcomes")
            until(lambda: position_of(indexer) == EVENTS, 30, "they are in the index")
            disk.leave(0)
            asyncio.run(publish(settings, range(EVENTS, 2 * EVENTS)))
            until(lambda: indexer.events("event.delayed"), 30, "events are sent back")
            said = until(lambda: not_ready(port), 10, "it is not ready")
            unacknowledged = asyncio.run(waiting(settings))
            handled = everything(disk.folder)[1]
            disk.empty()
            until(lambda: everything(disk.folder)[1] >= 2 * EVENTS, 90, "all events have outcomes")
            until(lambda: not not_ready(port), 30, "it is ready again")
            until(lambda: position_of(indexer) == 2 * EVENTS, 90, "the index has caught up")
        finally:
            indexer.stop()

        assert {"archive_disk_full"} == {line["code"] for line in indexer.events("event.delayed")}
        assert ("archive: " in said, "full" in said) == (True, True)
        assert (EVENTS, EVENTS) == (handled, unacknowledged)
        assert [2 * EVENTS, 2 * EVENTS, 0] == everything(disk.folder)
        assert [] == indexer.events("process.failed")


@pytest.mark.long
def test_an_index_on_a_full_disk_says_so_while_events_are_acknowledged_and_catches_up(tmp_path: Path) -> None:
    broker_folder, data_dir, port = tmp_path / "broker", tmp_path / "data", free_port()
    broker_folder.mkdir()
    with small_disk(data_dir / "index", 8) as disk, EmbeddedServer(broker_folder) as broker:
        service = Service(data_dir=data_dir, settings={"NEWSDEX_BROKER_URL": broker.url}, logs=tmp_path)
        settings = Settings(data_dir=data_dir, broker_url=broker.url)
        indexer = Running.start(service, "indexer", http_port=port).wait_until_ready()
        try:
            until(lambda: indexer.events("index.generation_swapped"), 60, "an index serves")
            asyncio.run(publish(settings, range(EVENTS)))
            until(lambda: position_of(indexer) == EVENTS, 30, "they are in the index")
            disk.leave(0)
            asyncio.run(publish(settings, range(EVENTS, 2 * EVENTS)))
            until(lambda: everything(data_dir)[1] == 2 * EVENTS, 30, "all events have outcomes")
            said = until(lambda: not_ready(port), 30, "it is not ready")
            view = IndexReader(data_dir / "index").view()
            seen = len(found_in(view, "shared")), view.position
            disk.empty()
            until(lambda: position_of(indexer) == 2 * EVENTS, 90, "the index has caught up")
            until(lambda: not not_ready(port), 30, "it is ready again")
        finally:
            indexer.stop()
        left = len(found_in(IndexReader(data_dir / "index").view(), "shared"))

        assert ("index: " in said, (EVENTS, EVENTS)) == (True, seen)
        assert 2 * EVENTS == left
        assert [] == indexer.events("process.failed")


def position_of(indexer: Running) -> int:
    return max((line["position"] for line in indexer.events("index.committed")), default=0)


def not_ready(port: int) -> str | None:
    """Return what `/ready` says where it is not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


async def publish(settings: Settings, numbers: range) -> None:
    names = {number: f"m-{number}" for number in numbers}
    messages = [
        Message(
            channel=channels.ARTICLES_PUBLISHED,
            body=json.dumps({"id": f"a-{number}", "title": f"Article {number}", "body": "shared " * 400}).encode(),
            ref=EventRef(source="nats", id=name),
            message_id=name,
            origin=name,
        )
        for number, name in names.items()
    ]
    async with connected(settings) as client:
        await client.publish(messages, lambda _: None)


async def waiting(settings: Settings) -> int:
    """Return how many events are not acknowledged."""
    connection = await connect(settings, name="test")
    states = await consumer_states(connection.jetstream())
    await connection.close()
    return sum((state.num_pending or 0) + (state.num_ack_pending or 0) for state in states)
