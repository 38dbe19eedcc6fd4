"""Reads the archive: the change feed, texts for search, the ledger and the parked events."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from newsdex.archive.database import archive_fault, open_for_reading
from newsdex.archive.rows import parked_from_row, state_from_row, unsettled_from_row
from newsdex.order import ArticleEvents
from newsdex.records import (
    ArchiveCounts,
    Change,
    FeedEntry,
    LastChange,
    LedgerEntry,
    ParkedChoice,
    ParkedCount,
    ParkedEvent,
    Standing,
)
from newsdex_schemas import Article

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
LEDGER_COLUMNS = (
    "at_us, source, event_id, type, subject, stream_sequence, deliveries, article_id, outcome, reason, sequence, "
    "parked_id, correlation_id, incarnation, other_source"
)
MAX_FEED_BYTES = 8 * 1024 * 1024
"""Indexing takes some fifteen times the memory of the texts in one commit."""
VISIBLE = "content IS NOT NULL AND coalesce(embargoed_us, 0) <= ? AND (expires_us IS NULL OR expires_us > ?)"
"""Takes the moment twice."""
EVERY_OPEN = ParkedChoice()


def _with_code(read: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Have a method raise `Unavailable` with a code where SQLite fails."""

    @wraps(read)
    def reading(*arguments: Parameters.args, **options: Parameters.kwargs) -> Answer:
        try:
            return read(*arguments, **options)
        except sqlite3.Error as error:
            raise archive_fault(error) from error

    return reading


class ArchiveReader:
    """A read-only view for any number of threads: each has a connection of its own, as SQLite's statements need."""

    def __init__(self, folder: Path) -> None:
        """Open the archive; raise `Unavailable` where there is none yet."""
        self._folder = folder
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._open()

    def _open(self) -> sqlite3.Connection:
        connection = open_for_reading(self._folder)
        connection.row_factory = sqlite3.Row
        self._local.connection = connection
        self._opened.append(connection)
        return connection

    @property
    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._local, "connection", None)
        return known or self._open()

    def close(self) -> None:
        """Close the file, for every thread."""
        for connection in self._opened:
            connection.close()

    @_with_code
    def head(self) -> int:
        """Give the highest sequence number of the change feed; 0 when it is empty."""
        return self._connection.execute("SELECT max(sequence) FROM articles").fetchone()[0] or 0

    @_with_code
    def changes(self, after: int, limit: int) -> list[Change]:
        """Give the next entries of the change feed, oldest first, each article once.

        At most `limit`, and fewer where their texts are large: none after those that reach MAX_FEED_BYTES.
        """
        changes, size = [], 0
        with closing(self._connection.cursor()) as rows:
            columns = "sequence, id, content, correlation_id"
            query = f"SELECT {columns} FROM articles WHERE sequence > ? ORDER BY sequence LIMIT ?"  # noqa: S608 - a constant
            rows.execute(query, (after, limit))
            for row in rows:
                changes.append(Change(**dict(row)))
                size += len(row["content"] or b"")
                if size >= MAX_FEED_BYTES:
                    break
        return changes

    @_with_code
    def entries(self, after: int, limit: int) -> list[FeedEntry]:
        """Give the next entries of the change feed, oldest first, without their texts."""
        rows = self._connection.execute(
            "SELECT sequence, id, content IS NOT NULL FROM articles WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (after, limit),
        )
        return [FeedEntry(sequence, id_, bool(live)) for sequence, id_, live in rows]

    @_with_code
    def visible(self, ids: Sequence[str], now_us: int) -> dict[str, Article]:
        """Give those of some articles that may be shown now: neither withdrawn nor embargoed nor expired."""
        marks = ",".join("?" * len(ids))
        query = f"SELECT id, content FROM articles WHERE id IN ({marks}) AND {VISIBLE}"  # noqa: S608 - question marks
        rows = self._connection.execute(query, (*ids, now_us, now_us))
        return {row["id"]: Article.model_validate_json(row["content"]) for row in rows}

    @_with_code
    def hidden_since(self, position: int, now_us: int) -> list[str]:
        """Give the articles that an index at some position may still show and must not."""
        query = f"""SELECT id FROM articles WHERE sequence > ?
            AND (content IS NULL OR embargoed_us IS NOT NULL OR expires_us IS NOT NULL) AND NOT ({VISIBLE})"""  # noqa: S608 - a constant
        return [row["id"] for row in self._connection.execute(query, (position, now_us, now_us))]

    @_with_code
    def history(self, article_id: str) -> list[LedgerEntry]:
        """Give every outcome of an article, oldest first."""
        query = f"""SELECT {LEDGER_COLUMNS}, (SELECT resolution FROM parked WHERE id = parked_id) AS resolution
            FROM ledger WHERE article_id = ? ORDER BY number"""  # noqa: S608 - a constant
        return [LedgerEntry(**row) for row in map(dict, self._connection.execute(query, (article_id,)))]

    @_with_code
    def outcome_of(self, source: str, event_id: str) -> LedgerEntry | None:
        """Return what an event led to, however often it came; of events under one name, what the last one led to."""
        query = f"""SELECT {LEDGER_COLUMNS} FROM ledger WHERE event_id = ? AND source = ?
            ORDER BY outcome = 'duplicate', number DESC LIMIT 1"""  # noqa: S608 - a constant
        row = self._connection.execute(query, (event_id, source)).fetchone()
        return None if row is None else LedgerEntry(**dict(row))

    @_with_code
    def standing(self, article_id: str) -> Standing | None:
        """Give how an article stands, or None for one that no event changed."""
        row = self._connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
        if row is None:
            return None
        query = "SELECT * FROM unsettled WHERE article_id = ?"
        unsettled = map(unsettled_from_row, self._connection.execute(query, (article_id,)))
        return Standing(
            state=ArticleEvents.of(state_from_row(row), unsettled).state,
            sequence=row["sequence"],
            has_content=row["content"] is not None,
            embargoed_us=row["embargoed_us"],
            expires_us=row["expires_us"],
        )

    @_with_code
    def last_change(self, article_id: str, now_us: int) -> LastChange:
        """Return the last change of an article, and whether the article may be shown now."""
        query = f"SELECT sequence, {VISIBLE}, content IS NOT NULL FROM articles WHERE id = ?"  # noqa: S608 - a constant
        row = self._connection.execute(query, (now_us, now_us, article_id)).fetchone()
        if row is None:
            return LastChange(0, visible=False, live=False)
        sequence, visible, live = row
        return LastChange(sequence, visible=bool(visible), live=bool(live))

    @_with_code
    def parked_place(self, id_: int) -> str | None:
        """Give the place of a parked event's fault."""
        row = self._connection.execute("SELECT place FROM parked WHERE id = ?", (id_,)).fetchone()
        return None if row is None else row["place"]

    @_with_code
    def parked(self, choice: ParkedChoice = EVERY_OPEN, *, limit: int) -> list[ParkedEvent]:
        """Give parked events, newest first."""
        where, values = _where(choice)
        query = f"SELECT * FROM parked WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - constants
        rows = self._connection.execute(query, (*values, limit))
        return [parked_from_row(row) for row in rows]

    @_with_code
    def parked_ids(self, choice: ParkedChoice = EVERY_OPEN) -> list[int]:
        """Give the numbers of parked events, oldest first."""
        where, values = _where(choice)
        rows = self._connection.execute(f"SELECT id FROM parked WHERE {where} ORDER BY id", values)  # noqa: S608 - constants
        return [row["id"] for row in rows]

    @_with_code
    def parked_event(self, id_: int) -> ParkedEvent | None:
        """Give one parked event."""
        row = self._connection.execute("SELECT * FROM parked WHERE id = ?", (id_,)).fetchone()
        return None if row is None else parked_from_row(row)

    @_with_code
    def parked_open(self) -> list[ParkedCount]:
        """Give how many parked events wait for an operator, by code."""
        query = """SELECT code, count(*) AS number, min(at_us) AS oldest_us FROM parked WHERE status = 'open'
            GROUP BY code ORDER BY code"""
        return [ParkedCount(**row) for row in map(dict, self._connection.execute(query))]

    @_with_code
    def counts(self) -> ArchiveCounts:
        """Give the archive in numbers; reads every ledger row."""
        one = self._connection.execute(
            """SELECT count(content) AS live, count(*) - count(content) AS tombstones,
                coalesce(max(sequence), 0) AS sequence FROM articles"""
        ).fetchone()
        outcomes: Iterable[sqlite3.Row] = self._connection.execute(
            "SELECT outcome, count(*) AS number FROM ledger GROUP BY outcome ORDER BY outcome"
        )
        return ArchiveCounts(**dict(one), outcomes={row["outcome"]: row["number"] for row in outcomes})


def read_archive(folder: Path, read: Callable[[ArchiveReader], Answer]) -> Answer:
    """Read something with a reader of its own; raise `Unavailable` where there is no archive yet."""
    reader = ArchiveReader(folder)
    try:
        return read(reader)
    finally:
        reader.close()


def _where(choice: ParkedChoice) -> tuple[str, list[object]]:
    """Give a choice as a condition of SQL, and its values."""
    conditions: dict[str, list[object]] = {
        f"code IN ({','.join('?' * len(choice.codes))})": list(choice.codes),
        "at_us >= ?": [choice.since_us],
        "at_us < ?": [choice.before_us],
    }
    chosen = {text: values for text, values in conditions.items() if values and values != [None]}
    parts = [*chosen, *([] if choice.include_closed else ["status = 'open'"]), "true"]
    return " AND ".join(parts), [value for values in chosen.values() for value in values]
