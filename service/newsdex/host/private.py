"""Keeps what newsdex writes from other users of the machine, since it holds articles that are not published yet."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

UMASK = 0o077
OWNER_ONLY = 0o700
OWNER_ONLY_FILE = 0o600
OURS = (
    "archive.sqlite3*",
    "index",
    "nats",
    "cursor.key*",
    "broker.json*",
    "broker.key*",
    "gateway.json*",
    "ports.json*",
    "api-keys.json*",
    "stream-*.json*",
    "backed-up",
    "indexer.lock",
    "projector.lock",
    "up.lock",
)
"""What newsdex makes in its data folder; whatever else lies there is somebody else's."""


def write_for_owner_only() -> None:
    """Let this process and its children, the broker too, make files that nobody but their owner may open."""
    os.umask(UMASK)


def private_folder(path: Path) -> None:
    """Make a folder, where there is none, that nobody but its owner may enter, whatever the umask is."""
    path.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)


def private_file(path: Path) -> None:
    """Make an empty file, where there is none, for another's code that would make it as open as the umask lets it."""
    path.touch(mode=OWNER_ONLY_FILE)


def tighten(data_dir: Path) -> tuple[int, list[Path]]:
    """Take from a data folder, and from what newsdex made in it, the rights that others have.

    Returns how many were open and are no more, and which still are: they belong to another user, the file system is
    read-only, or the folder is one that all users share, such as `/tmp`.
    """
    closed, still_open = 0, []
    for path in _of_newsdex(data_dir):
        try:
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode) or not mode & UMASK:
                continue
            if mode & stat.S_ISVTX:
                still_open.append(path)
                continue
            path.chmod(stat.S_IMODE(mode) & ~UMASK)
            closed += 1
        except FileNotFoundError:  # the archive's log, say, ended with its last reader
            continue
        except OSError:
            still_open.append(path)
    return closed, still_open


def _of_newsdex(data_dir: Path) -> Iterator[Path]:
    """Return the data folder, before what is in it: once it is closed, nobody exchanges a file for a link."""
    folder = data_dir.resolve()
    yield folder
    for path in sorted({found for pattern in OURS for found in folder.glob(pattern)}):
        yield path
        if path.is_symlink():
            continue  # what it leads to is somebody else's
        for parent, folders, files in os.walk(path):
            yield from (Path(parent, name) for name in (*folders, *files))
