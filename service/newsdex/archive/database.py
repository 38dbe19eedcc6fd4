"""Opens the SQLite file: durability, schema version and migrations."""

import sqlite3
from importlib.resources import files
from pathlib import Path

from newsdex.errors import Misconfigured, Unavailable

SCHEMA_VERSION = 2
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
}
"""Version before → the SQL that leads to the next one."""
BUSY_TIMEOUT_S = 10
FILE_NAME = "archive.sqlite3"


def open_for_writing(folder: Path) -> sqlite3.Connection:
    """Open the archive, creating or migrating it; a commit returns once it is on the disk.

    Raises `Misconfigured` for a file of a newer newsdex or one that is no archive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        folder / FILE_NAME, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # a larger log between checkpoints: a checkpoint's own fsyncs are paid for by fewer commits
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        _migrate(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Misconfigured("archive_unreadable", f"{folder / FILE_NAME}: {error}") from error
    except Misconfigured:
        connection.close()
        raise
    return connection


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
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Misconfigured("archive_unreadable", f"{path}: {error}") from error
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
