"""Reads the archive: the change feed, texts for search, the ledger and the parked events."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from newsdex_schemas import Article

from newsdex.archive.database import open_for_reading
from newsdex.archive.parked import parked_from_row
from newsdex.records import ArchiveCounts, Change, LedgerEntry, ParkedEvent

LEDGER_COLUMNS = (
    "at_us, source, event_id, type, subject, stream_sequence, deliveries, article_id, outcome, reason, sequence, "
    "parked_id, correlation_id"
)
VISIBLE = "content IS NOT NULL AND coalesce(embargoed_us, 0) <= :now AND (expires_us IS NULL OR expires_us > :now)"


class ArchiveReader:
    """A read-only view. May be used from several threads, one at a time each call."""

    def __init__(self, folder: Path) -> None:
        self._connection = open_for_reading(folder)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def head(self) -> int:
        """Give the highest sequence number of the change feed; 0 when it is empty."""
        return self._connection.execute("SELECT max(sequence) FROM articles").fetchone()[0] or 0

    def changes(self, after: int, limit: int) -> list[Change]:
        """Give the next entries of the change feed, oldest first, each article once."""
        rows = self._connection.execute(
            "SELECT sequence, id, content, correlation_id FROM articles WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (after, limit),
        )
        return [Change(**row) for row in map(dict, rows)]

    def visible(self, ids: Sequence[str], now_us: int) -> dict[str, Article]:
        """Give those of some articles that may be shown now: neither withdrawn nor embargoed nor expired."""
        query = f"SELECT id, content FROM articles WHERE id = :id AND {VISIBLE}"  # noqa: S608 - a constant
        rows = (self._connection.execute(query, {"id": id_, "now": now_us}).fetchone() for id_ in ids)
        return {row["id"]: Article.model_validate_json(row["content"]) for row in rows if row is not None}

    def hidden_since(self, position: int, now_us: int) -> list[str]:
        """Give the articles that an index at some position may still show and must not."""
        query = f"""SELECT id FROM articles WHERE sequence > :position
            AND (content IS NULL OR embargoed_us IS NOT NULL OR expires_us IS NOT NULL) AND NOT ({VISIBLE})"""  # noqa: S608 - a constant
        return [row["id"] for row in self._connection.execute(query, {"position": position, "now": now_us})]

    def history(self, article_id: str) -> list[LedgerEntry]:
        """Give every outcome of an article, oldest first."""
        query = f"SELECT {LEDGER_COLUMNS} FROM ledger WHERE article_id = ? ORDER BY number"  # noqa: S608 - a constant
        return [LedgerEntry(**row) for row in map(dict, self._connection.execute(query, (article_id,)))]

    def outcome_of(self, source: str, event_id: str) -> LedgerEntry | None:
        """Give what an event led to: its first outcome that was more than a duplicate, else its last."""
        query = f"""SELECT {LEDGER_COLUMNS} FROM ledger WHERE event_id = ? AND source = ?
            ORDER BY outcome IN ('duplicate', 'parked'), number DESC LIMIT 1"""  # noqa: S608 - a constant
        row = self._connection.execute(query, (event_id, source)).fetchone()
        return None if row is None else LedgerEntry(**dict(row))

    def parked_place(self, id_: int) -> str | None:
        """Give the place of a parked event's fault."""
        row = self._connection.execute("SELECT place FROM parked WHERE id = ?", (id_,)).fetchone()
        return None if row is None else row["place"]

    def parked(self, *, limit: int, include_closed: bool = False) -> list[ParkedEvent]:
        """Give parked events, newest first."""
        where = "" if include_closed else "WHERE status = 'open'"
        rows = self._connection.execute(f"SELECT * FROM parked {where} ORDER BY id DESC LIMIT ?", (limit,))  # noqa: S608 - constants
        return [parked_from_row(row) for row in rows]

    def parked_event(self, id_: int) -> ParkedEvent | None:
        """Give one parked event."""
        row = self._connection.execute("SELECT * FROM parked WHERE id = ?", (id_,)).fetchone()
        return None if row is None else parked_from_row(row)

    def counts(self) -> ArchiveCounts:
        """Give the archive in numbers; reads every ledger row."""
        one = self._connection.execute(
            """SELECT count(content) AS live, count(*) - count(content) AS tombstones,
                coalesce(max(sequence), 0) AS sequence,
                (SELECT count(*) FROM parked WHERE status = 'open') AS parked FROM articles"""
        ).fetchone()
        outcomes: Iterable[sqlite3.Row] = self._connection.execute(
            "SELECT outcome, count(*) AS number FROM ledger GROUP BY outcome ORDER BY outcome"
        )
        return ArchiveCounts(**dict(one), outcomes={row["outcome"]: row["number"] for row in outcomes})
