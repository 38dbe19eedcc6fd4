"""Reads the archive as it is at one moment, whatever is written meanwhile: for those who copy it elsewhere."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsdex.archive.database import faults_with_codes, open_for_reading
from newsdex.archive.reader import CHANGE_COLUMNS
from newsdex.records.feed import Change, FeedPosition

SINCE = """sequence > ? OR sequence IN (SELECT sequence FROM articles WHERE embargoed_us > ? AND embargoed_us <= ?
    UNION SELECT sequence FROM articles WHERE expires_us > ? AND expires_us <= ?)"""


class Snapshot:
    """One view of the articles. While it is open, the archive's log of writes cannot become shorter."""

    def __init__(self, connection: sqlite3.Connection, moment_us: int) -> None:
        self._connection = connection
        self._moment_us = moment_us
        head = connection.execute("SELECT max(sequence) FROM articles").fetchone()[0]
        self.position = FeedPosition(head or 0, moment_us)

    def changes(self, since: FeedPosition | None = None) -> Iterator[Change]:
        """Return articles and tombstones by sequence number, one in memory at a time.

        With a position, only what has changed since then, or began or ceased to be shown.
        """
        condition, values = "true", list[int]()
        if since is not None:
            span = sorted((since.moment_us, self._moment_us))
            condition, values = SINCE, [since.sequence, *span, *span]
        query = f"SELECT {CHANGE_COLUMNS} FROM articles WHERE {condition} ORDER BY sequence"  # noqa: S608 - constants
        with faults_with_codes():
            for row in self._connection.execute(query, values):
                yield Change(**dict(row))


@contextmanager
def open_snapshot(folder: Path, moment_us: int) -> Iterator[Snapshot]:
    """Open the archive as it is now; `moment_us` is the moment up to which embargoes and expiries count.

    Raises `Unavailable` where there is no archive yet.
    """
    connection = open_for_reading(folder)
    connection.row_factory = sqlite3.Row
    try:
        with faults_with_codes():
            connection.execute("BEGIN")
            snapshot = Snapshot(connection, moment_us)
        yield snapshot
    finally:
        connection.close()
