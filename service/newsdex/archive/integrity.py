"""Checks the archive: SQLite's pages and indexes, and each article's text against its digest. Changes nothing."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from newsdex.archive.database import FILE_NAME, open_for_reading
from newsdex.archive.erasure import check_erasures

LIMITS = (100, 10, 1)
"""How many faults SQLite is asked for; for fewer where it cannot go on after those."""
ROWS = 100
NOTHING_WRONG = frozenset({"ok", "*** in database main ***"})


def check_archive(folder: Path) -> Iterator[str]:
    """Return what is wrong with the archive, one text each: the page that SQLite names, or the article.

    A whole archive gives nothing. Raises `NewsdexError` where there is none, or it cannot be opened.
    """
    connection = open_for_reading(folder)
    try:
        name = str(folder / FILE_NAME)
        yield from check_connection(connection, name)
        try:
            yield from check_erasures(connection, name)
        except sqlite3.Error as error:  # damaged there, too
            yield f"{name}: {error}"
    finally:
        connection.close()


def check_connection(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    """The same for an archive that is open; `name` is what its findings begin with."""
    try:
        yield from (f"{name}: {line}" for line in _check_pages(connection))
        yield from _check_contents(connection, name)
    except sqlite3.Error as error:
        yield f"{name}: {error}"


def _check_pages(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite finds wrong; raise `sqlite3.Error` where it fails before it has found anything."""
    for limit in LIMITS:
        try:
            rows = connection.execute(f"PRAGMA integrity_check({limit})").fetchall()
        except sqlite3.DatabaseError:
            if limit == LIMITS[-1]:
                raise
            continue  # it failed further on, and what it had found before went with it
        return [line for (text,) in rows for line in text.splitlines() if line not in NOTHING_WRONG]
    raise AssertionError


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
