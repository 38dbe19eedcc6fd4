"""Where log lines are read from: files, folders of them, standard input and journald, each more than once."""

import errno
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from newsdex.errors import Invalid, Unavailable

STANDARD_INPUT = "-"
JOURNAL = ("journalctl", "--no-pager", "--output=cat", "--unit=newsdex*")
Lines = Callable[[], Iterator[bytes]]
"""Begins anew with each call: what a line is about may be known only after a later one."""
OnFault = Callable[[str], None]


@contextmanager
def log_lines(sources: Sequence[str], *, journal: bool, on_fault: OnFault) -> Iterator[Lines]:
    """Return the raw lines of every source; standard input is kept in a temporary file meanwhile.

    Raises `Invalid` for a named file that is not there or may not be read, and `Unavailable` without journald. Of one
    that turns out to be damaged the lines before that count; `on_fault` hears of it once.
    """
    paths = [path for source in sources if source != STANDARD_INPUT for path in _files(Path(source))]
    faults: set[str] = set()

    def tell(fault: str) -> None:
        if fault not in faults:
            faults.add(fault)
            on_fault(fault)

    with tempfile.TemporaryFile() as spool:
        if STANDARD_INPUT in sources:
            shutil.copyfileobj(sys.stdin.buffer, spool)

        def lines() -> Iterator[bytes]:
            spool.seek(0)
            yield from spool
            for path in paths:
                yield from _lines_of(path, tell)
            if journal:
                yield from _journal()

        yield lines


def read_line(line: bytes) -> dict[str, Any] | None:
    """Return the values of a log line, or None for what is no line of newsdex.

    What stands before the JSON is left out (`docker compose logs`), and what journald put around it in JSON, too.
    """
    start = line.find(b"{")
    if start < 0:
        return None
    try:
        found = json.loads(line[start:])
        message = found.get("MESSAGE")
        found = json.loads(message) if isinstance(message, str) else found
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, dict) and {"timestamp", "process", "event"} <= found.keys() else None


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(path for path in source.iterdir() if path.is_file())
    if not source.exists():
        raise Invalid("no_such_log", f"{source.absolute()}: there is no such file or folder")
    if not os.access(source, os.R_OK):
        raise Invalid("no_such_log", f"{source.absolute()}: {os.strerror(errno.EACCES)}")
    return [source]


def _lines_of(path: Path, on_fault: OnFault) -> Iterator[bytes]:
    """Return a file's lines, up to where it is damaged: a log that is being rotated may be half a gzip file."""
    try:
        with _opened(path) as file:
            yield from file
    except (OSError, EOFError, zlib.error) as error:
        on_fault(f"{path.absolute()}: {getattr(error, 'strerror', None) or error}")


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]  # bytes, both


def _journal() -> Iterator[bytes]:
    if shutil.which(JOURNAL[0]) is None:
        raise Unavailable("no_journal", "journalctl is not installed: name the files of the log instead")
    with subprocess.Popen(JOURNAL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield from process.stdout
