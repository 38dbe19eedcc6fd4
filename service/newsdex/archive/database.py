"""Opens the SQLite file: durability, schema version and migrations."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from newsdex.errors import Misconfigured, Unavailable
from newsdex.host.private import private_folder

SCHEMA_VERSION = 10
"""`migrations/N.sql` leads from version N to the next one."""
BUSY_TIMEOUT_S = 10
FILE_NAME = "archive.sqlite3"


_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY = 0xFF
"""The part of an extended result code that says the kind."""


def archive_fault(error: sqlite3.Error) -> Unavailable:
    """Return what is wrong with the archive as a fault with a code, by SQLite's result code (https://sqlite.org/rescode.html)."""
    kind = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if kind in _FULL:
        return Unavailable("archive_disk_full", f"the archive cannot be written: {error}")
    if kind in _LOCKED:
        return Unavailable("archive_locked", f"the archive is locked: {error}")
    if kind in _CORRUPT:
        return Unavailable("archive_corrupt", f"the archive is damaged: {error}; newsdex check --archive says where")
    return Unavailable("archive_failed", f"the archive failed: {error}")


@contextmanager
def faults_with_codes() -> Iterator[None]:
    """Raise `Unavailable` with a code where SQLite fails: its errors do not leave this package. Also a decorator."""
    try:
        yield
    except sqlite3.Error as error:
        raise archive_fault(error) from error


def open_for_writing(folder: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open the archive, creating or migrating it; a commit returns once it is on the disk.

    Raises `Misconfigured` for a file of a newer newsdex or one that is no archive, and `Unavailable` where the disk is
    full or another process keeps it locked for longer than `busy_timeout_s` seconds.
    """
    private_folder(folder)
    try:
        connection = sqlite3.connect(
            folder / FILE_NAME, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise _opening_fault(folder, error) from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # a text that is replaced or withdrawn leaves nothing in free pages, as far as SQLite can see to it
        connection.execute("PRAGMA secure_delete=ON")
        # a larger log between checkpoints: a checkpoint's own fsyncs are paid for by fewer commits
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        _migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        raise _opening_fault(folder, error) from error
    except Misconfigured:
        connection.close()
        raise
    return connection


def _opening_fault(folder: Path, error: sqlite3.Error) -> Misconfigured | Unavailable:
    fault = archive_fault(error)
    if fault.code in {"archive_disk_full", "archive_locked"}:
        return fault
    return Misconfigured("archive_unreadable", f"{folder / FILE_NAME}: {error}")


def open_for_reading(folder: Path) -> sqlite3.Connection:
    """Open the archive read-only.

    Raises `Unavailable` where there is none yet, and `Misconfigured` for a file that is no archive.
    """
    path = folder / FILE_NAME
    if not path.exists():
        raise Unavailable("archive_missing", f"no archive in {folder} yet: start the indexer")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )
    connection.isolation_level = None
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        connection.close()
        raise _opening_fault(folder, error) from error
    if version != SCHEMA_VERSION:
        connection.close()
        raise Unavailable("archive_version", f"the archive has schema {version}, this newsdex needs {SCHEMA_VERSION}")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise Misconfigured("archive_too_new", f"the archive has schema {version}, this newsdex knows {SCHEMA_VERSION}")
    if version == 0:
        _run(connection, "schema.sql", SCHEMA_VERSION)
        return
    for before in range(version, SCHEMA_VERSION):
        _run(connection, f"migrations/{before}.sql", before + 1)


def _run(connection: sqlite3.Connection, script: str, version: int) -> None:
    """Run one of our scripts whole, or without any effect."""
    statements = (files("newsdex.archive") / script).read_text(encoding="utf-8")
    connection.executescript(f"BEGIN;\n{statements}\nPRAGMA user_version={version};\nCOMMIT;")
