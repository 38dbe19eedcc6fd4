"""Opens the SQLite file: durability, schema version and migrations."""

import sqlite3
from importlib.resources import files
from pathlib import Path

from newsdex.errors import Misconfigured, Unavailable

SCHEMA_VERSION = 3
MIGRATIONS: dict[int, str] = {
    1: """
        ALTER TABLE parked ADD COLUMN claimed_version INTEGER;
        ALTER TABLE parked ADD COLUMN claimed_us INTEGER;
        ALTER TABLE parked ADD COLUMN closed_us INTEGER;
        DROP INDEX parked_open;
        CREATE INDEX parked_open ON parked (code, at_us) WHERE status = 'open';
        CREATE INDEX parked_article ON parked (article_id) WHERE status = 'open';
        CREATE INDEX parked_event ON parked (event_id, source) WHERE status = 'open';
    """,
    2: """
        CREATE INDEX articles_embargoed ON articles (embargoed_us) WHERE embargoed_us IS NOT NULL;
        CREATE INDEX articles_expiring ON articles (expires_us) WHERE expires_us IS NOT NULL;
    """,
}
"""Version before → the SQL that leads to the next one."""
BUSY_TIMEOUT_S = 10
FILE_NAME = "archive.sqlite3"


_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY = 0xFF
"""The part of an extended result code that says the kind."""


def archive_fault(error: sqlite3.Error) -> Unavailable:
    """Give what is wrong with the archive as a fault with a code, by SQLite's result code (https://sqlite.org/rescode.html)."""
    kind = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if kind in _FULL:
        return Unavailable("archive_disk_full", f"the archive cannot be written: {error}")
    if kind in _LOCKED:
        return Unavailable("archive_locked", f"the archive is locked: {error}")
    if kind in _CORRUPT:
        return Unavailable("archive_corrupt", f"the archive is damaged: {error}; newsdex check --archive says where")
    return Unavailable("archive_failed", f"the archive failed: {error}")


def open_for_writing(folder: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
    """Open the archive, creating or migrating it; a commit returns once it is on the disk.

    Raises `Misconfigured` for a file of a newer newsdex or one that is no archive, and `Unavailable` where the disk is
    full or another process keeps it locked for longer than `busy_timeout_s` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        connection = sqlite3.connect(
            folder / FILE_NAME, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise _opening_fault(folder, error) from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
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
        schema = (files("newsdex.archive") / "schema.sql").read_text(encoding="utf-8")
        connection.executescript(f"BEGIN;\n{schema}\nPRAGMA user_version={SCHEMA_VERSION};\nCOMMIT;")
        return
    for before in range(version, SCHEMA_VERSION):
        connection.executescript(f"BEGIN;\n{MIGRATIONS[before]}\nPRAGMA user_version={before + 1};\nCOMMIT;")
