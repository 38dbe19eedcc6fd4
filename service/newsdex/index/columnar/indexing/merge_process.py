"""Merges in a process of its own, so that commits and whatever else the writer's process does keep the interpreter.

The process is started for the first merge and waits for the next ones: starting takes as long as many small merges.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from newsdex.errors import Unavailable
from newsdex.host.memory import give_back
from newsdex.index.columnar.indexing.merger import merge_segments
from newsdex.index.columnar.storage.segment import ColumnarSegment, OpenSegment


class Task(NamedTuple):
    """Segments of a folder that become one file."""

    folder: Path
    target: str
    segments: Sequence[ColumnarSegment]

    def done(self) -> int:
        """Write the file durably; give its number of documents. On failure nothing is left."""
        return merge_segments(self.folder / self.target, [OpenSegment(self.folder, one) for one in self.segments])


class MergeProcess:
    """The writer's end; for one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def merge(self, task: Task) -> int:
        """Have segments merged; give the number of documents.

        Raises `Unavailable` where that failed, and `OSError` where no process can be started.
        """
        if self._process is None:
            self._start()
        assert self._connection is not None
        try:
            self._connection.send(task)
            result: int | str = self._connection.recv()
        except (EOFError, OSError) as error:
            if self._process is None:
                raise SystemExit from None  # it was closed meanwhile, as the writer ends: its merging thread ends, too
            self.close()
            raise Unavailable("index_commit_failed", f"the merging process ended: {error!r}") from error
        if isinstance(result, str):
            raise Unavailable("index_commit_failed", result)
        return result

    def _start(self) -> None:
        self._connection, theirs = Pipe()
        command = [sys.executable, "-P", "-m", __name__, str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def close(self) -> None:
        """End the process, whatever it is at; the next merge starts it again."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


def _receive(connection: Connection, tasks: "SimpleQueue[Task]") -> None:
    with suppress(EOFError, OSError):
        while True:
            tasks.put(connection.recv())
    os._exit(0)  # the writer has ended, or was killed: what is half merged is swept when the index is opened


def _result(task: Task) -> int | str:
    try:
        return task.done()
    except Exception as error:  # noqa: BLE001 - whatever it is, the writer hears it and goes on without the merge
        return f"{type(error).__name__}: {error}"


def main() -> None:
    """Merge what the writer asks for, until it ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to all processes of a service; the writer decides
        signal.signal(number, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    tasks: SimpleQueue[Task] = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True).start()
    while True:
        with suppress(OSError):  # the writer has ended; `_receive` hears it, too
            connection.send(_result(tasks.get()))
        give_back()


if __name__ == "__main__":
    main()
