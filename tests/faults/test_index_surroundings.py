"""One writer of a data folder at a time, and no trust in the clock."""

import fcntl
import os
import signal
from pathlib import Path

import pytest
from tests.integration.running import Running, Service, until
from tests.scenarios.corpus import Corpus, found_in, stories

from newsdex.apps.lock import lock_data_dir
from newsdex.broker.server import EmbeddedServer
from newsdex.errors import Misconfigured, Unavailable
from newsdex.index.columnar.storage.commits import LOCK_NAME
from newsdex.index.generations.generations import serving
from newsdex.index.reader import IndexReader
from newsdex.index.writer import IndexWriter

HOUR_S = 3_600
STARTED = "index.opened"


# Two at a time


@pytest.mark.long
def test_a_second_indexer_on_a_data_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    broker_folder, data_dir = tmp_path / "broker", tmp_path / "data"
    broker_folder.mkdir()
    with EmbeddedServer(broker_folder) as broker:
        service = Service(data_dir=data_dir, settings={"NEWSDEX_BROKER_URL": broker.url}, logs=tmp_path)
        with service.process("indexer") as first:
            first.wait_until_ready()
            second = service.run("indexer")
            restored = service.run("restore", str(tmp_path))

            assert first.process.poll() is None

    assert (78, True) == (second.returncode, "data_dir_in_use" in second.stdout)
    assert (78, True) == (restored.returncode, "data_dir_in_use" in restored.stderr)


@pytest.mark.long
def test_the_projector_of_a_killed_indexer_ends_before_another_writes(tmp_path: Path) -> None:
    """For a moment there are two: the second waits for the first to let go."""
    broker_folder, data_dir = tmp_path / "broker", tmp_path / "data"
    broker_folder.mkdir()
    with EmbeddedServer(broker_folder) as broker:
        service = Service(data_dir=data_dir, settings={"NEWSDEX_BROKER_URL": broker.url}, logs=tmp_path)
        first = Running.start(service, "indexer").wait_until_ready()
        until(lambda: first.events("index.generation_swapped"), 60, "it has an index")
        projector = next(pid for pid in children(first.process.pid) if holds(pid, data_dir / "projector.lock"))
        os.kill(projector, signal.SIGSTOP)
        first.kill()
        with service.process("indexer") as second:
            second.wait_until_ready()
            waited = not second.events(STARTED)
            with pytest.raises(Misconfigured):
                lock_data_dir(data_dir, "projector")
            os.kill(projector, signal.SIGCONT)
            until(lambda: second.events(STARTED), 60, "the second projector works")

        assert waited
        assert [] == second.events("process.failed")


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        own = [int(child) for child in (task / "children").read_text(encoding="utf-8").split()]
        found += own + [grandchild for child in own for grandchild in children(child)]
    return found


def holds(pid: int, path: Path) -> bool:
    return any(link.resolve() == path.resolve() for link in Path(f"/proc/{pid}/fd").iterdir())


def test_a_commit_while_another_process_writes_the_same_generation_is_refused(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*stories(1))
        corpus.index()
        corpus.publish(*stories(2))
        folder = serving(corpus.index_root)
        writer = IndexWriter(folder)
        lock = (folder / LOCK_NAME).open("a")
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Unavailable) as raised:
            writer.apply(corpus.archive.changes(1, 10), writer.as_of_us)
        lock.close()
        writer.apply(corpus.archive.changes(1, 10), writer.as_of_us)

        assert ("index_commit_failed", 2) == (raised.value.code, writer.position)


# The clock


def test_a_searcher_sees_commits_whose_time_stamps_went_back_or_stand_still(tmp_path: Path) -> None:
    """The folder's time stamp says whether to look; a clock that was set back gives the same one twice."""
    with Corpus(tmp_path) as corpus:
        corpus.publish(*stories(1))
        corpus.index()
        folder = serving(corpus.index_root)
        reader = IndexReader(corpus.index_root)
        stamp = folder.stat().st_mtime_ns - HOUR_S * 1_000_000_000
        os.utime(folder, ns=(stamp, stamp))
        seen = [found_in(reader.view(), "ferry")]
        for number in (2, 3):
            corpus.publish(*stories(number))
            corpus.index()
            os.utime(folder, ns=(stamp, stamp))
            until(lambda number=number: reader.view().position == number, 10, "the commit is seen")  # type: ignore[misc]  # a default binds the loop's value
            seen.append(found_in(reader.view(), "ferry"))

    assert [["1"], ["1", "2"], ["1", "2", "3"]] == seen
