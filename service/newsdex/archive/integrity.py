"""Checks the archive: SQLite's pages and indexes, and each article's text against its digest. Changes nothing."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from newsdex.archive.database import FILE_NAME, archive_fault, open_for_reading

MAX_FINDINGS = 100
ROWS = 100
NOTHING_WRONG = frozenset({"ok", "*** in database main ***"})


def check_archive(folder: Path) -> Iterator[str]:
    """Give what is wrong with the archive, one text each: the page that SQLite names, or the article.

    A whole archive gives nothing. Raises `NewsdexError` where there is none, or it cannot be opened.
    """
    connection = open_for_reading(folder)
    try:
        yield from check_connection(connection, str(folder / FILE_NAME))
    finally:
        connection.close()


def check_connection(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    """The same for an archive that is open; `name` is what its findings begin with."""
    try:
        for (text,) in connection.execute(f"PRAGMA integrity_check({MAX_FINDINGS})"):
            yield from (f"{name}: {line}" for line in text.splitlines() if line not in NOTHING_WRONG)
        yield from _check_contents(connection, name)
    except sqlite3.Error as error:
        yield f"{name}: {archive_fault(error).message}"


def _check_contents(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    """SQLite's pages have no checksums: a text with another letter is noticed only here."""
    columns = "sequence, id, digest, content"
    query = f"SELECT {columns} FROM articles WHERE sequence > ? AND content IS NOT NULL ORDER BY sequence LIMIT ?"  # noqa: S608 - a constant
    after = 0
    while rows := connection.execute(query, (after, ROWS)).fetchall():
        for sequence, id_, digest, content in rows:
            if hashlib.sha256(content).hexdigest() != digest:
                yield f"{name}: the text of the article {id_}, change {sequence}, is not what was written"
        after = rows[-1][0]
