"""Merging is a process beside the writer: what happens to one of them never harms what the other has made."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import structlog
from tests.columnar.corpus import change
from tests.faults.test_index_surroundings import children
from tests.integration.running import until

from newsdex.index.columnar.indexing import merge_process
from newsdex.index.columnar.indexing.merge_policy import MERGE_FACTOR
from newsdex.index.reader import open_view
from newsdex.index.writer import IndexWriter

WRITES_AND_WAITS = """
import sys
from pathlib import Path
from tests.faults.test_merge_process import write
from newsdex.index.writer import IndexWriter
writer = IndexWriter.create(Path(sys.argv[1]), 0)
write(writer, 8)
print("written", flush=True)
sys.stdin.read()
"""


def write(writer: IndexWriter, commits: int) -> None:
    """Make commits of a new article and a new version of the first one each."""
    for _ in range(commits):
        number = writer.position
        texts = [{"id": id_, "title": f"number{number}", "body": "text"} for id_ in ("first", f"a{number}")]
        writer.apply([change(number + 1, texts[0]), change(number + 2, texts[1])], 0)


def merging(writer: int) -> list[int]:
    """Return the merging processes of a writer's process."""
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children(writer)}
    return [pid for pid, command in commands.items() if merge_process.__name__.encode() in command]


def segments_and_documents(folder: Path) -> tuple[int, int]:
    opened = open_view(folder).opened
    return len(opened), sum(segment.documents - segment.deleted for segment in opened)


def test_commits_that_delete_from_what_is_being_merged_do_not_make_the_merge_fail(tmp_path: Path) -> None:
    writer = IndexWriter.create(tmp_path, 0)
    with structlog.testing.capture_logs() as logs:
        write(writer, 60)
        writer.finish_merging()
    segments, documents = segments_and_documents(tmp_path)

    assert [] == [line for line in logs if line["event"] == "index.merge_failed"]
    assert 61 == documents
    assert segments < MERGE_FACTOR


def test_a_merge_whose_process_was_killed_is_made_by_the_next_one(tmp_path: Path) -> None:
    writer = IndexWriter.create(tmp_path, 0)
    write(writer, MERGE_FACTOR)
    until(lambda: merging(os.getpid()), 30, "the merging process is there")
    for process in merging(os.getpid()):
        os.kill(process, signal.SIGKILL)
    writer.finish_merging()
    segments = segments_and_documents(tmp_path)[0]
    writer.finish_merging()

    assert MERGE_FACTOR == segments
    assert (1, MERGE_FACTOR + 1) == segments_and_documents(tmp_path)


def test_the_merging_process_ends_with_a_writer_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES_AND_WAITS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        until(lambda: merging(process.pid), 30, "the merging process is there")
        (pid,) = merging(process.pid)
        process.kill()

    until(lambda: not Path(f"/proc/{pid}").exists(), 30, "the merging process has ended")
    write(IndexWriter(tmp_path, merges=False), 1)

    assert 10 == segments_and_documents(tmp_path)[1]


def test_a_writer_that_ends_while_a_merge_goes_on_says_nothing_of_a_failure(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES_AND_WAITS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        until(lambda: merging(process.pid), 30, "the merging process is there")
        said = process.communicate()[0]

    assert (0, b"") == (process.returncode, said)
