"""Reads the archive: the change feed, texts for search, the ledger and the parked events."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from newsdex.archive.addresses import articles_at
from newsdex.archive.database import faults_with_codes, open_for_reading
from newsdex.archive.pages import articles_with_pages, kept_pages, page_notes
from newsdex.archive.rows import parked_from_row, state_from_row, unsettled_from_row
from newsdex.order import ArticleEvents
from newsdex.records.events import Fault, KeptPage, PageNote
from newsdex.records.feed import Change, FeedEntry, Turns
from newsdex.records.ledger import ArchiveCounts, Cause, LedgerEntry, Standing
from newsdex.records.parked import ParkedChoice, ParkedCount, ParkedEvent
from newsdex_schemas import Article, channels

Answer = TypeVar("Answer")
LEDGER_COLUMNS = (
    "number, at_us, source, event_id, type, subject, stream_sequence, deliveries, article_id, outcome, reason, "
    "sequence, parked_id, correlation_id, incarnation, other_source, copy_of"
)
LISTED_COLUMNS = (
    "id, subject, headers, x'' AS body, length(body) AS bytes, stream_sequence, stored_us, correlation_id, incarnation,"
    " at_us, code, message, place, source, event_id, status, attempts, resolution, article_id, closed_us"
)
CHANGE_COLUMNS = "sequence, id, content, correlation_id, embargoed_us, expires_us, unseen"
ENTRY_COLUMNS = "sequence, id, content IS NOT NULL, embargoed_us, expires_us"
MAX_FEED_BYTES = 4 * 1024 * 1024
"""Indexing takes a hundred times the memory of texts in which every word is new, a tenth of that of others. One article
of a million characters may have as many bytes."""
VISIBLE = "content IS NOT NULL AND coalesce(embargoed_us, 0) <= ? AND (expires_us IS NULL OR expires_us > ?)"
"""Takes the moment twice."""
EVERY_OPEN = ParkedChoice()


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

    @faults_with_codes()
    def identity(self) -> int:
        """Return what tells an archive from the one that it was restored from; 0 for one that never was restored."""
        identity: int = self._connection.execute("PRAGMA application_id").fetchone()[0]
        return identity

    @faults_with_codes()
    def head(self) -> int:
        """Return the highest sequence number of the change feed; 0 when it is empty."""
        return self._connection.execute("SELECT max(sequence) FROM articles").fetchone()[0] or 0

    @faults_with_codes()
    def changes(self, after: int, limit: int) -> list[Change]:
        """Return the next entries of the change feed, oldest first, each article once.

        At most `limit`, and fewer where their texts are large: several have MAX_FEED_BYTES at most.
        """
        with closing(self._connection.cursor()) as rows:
            query = f"SELECT {CHANGE_COLUMNS} FROM articles WHERE sequence > ? ORDER BY sequence LIMIT ?"  # noqa: S608 - constants
            rows.execute(query, (after, limit))
            return _bounded(rows)

    @faults_with_codes()
    def turning(self, turns: Turns, limit: int) -> list[Change]:
        """Return the articles whose embargo or expiry falls into a span of time, by sequence number.

        At most `limit`, and fewer where their texts are large, as with `changes`.
        """
        query = f"""SELECT {CHANGE_COLUMNS} FROM articles WHERE content IS NOT NULL AND sequence > ? AND sequence <= ?
            AND sequence IN (SELECT sequence FROM articles WHERE embargoed_us > ? AND embargoed_us <= ?
                UNION SELECT sequence FROM articles WHERE expires_us > ? AND expires_us <= ?)
            ORDER BY sequence LIMIT ?"""  # noqa: S608 - constants
        span = (turns.after_us, turns.until_us)
        with closing(self._connection.cursor()) as rows:
            rows.execute(query, (turns.after_sequence, turns.until_sequence, *span, *span, limit))
            return _bounded(rows)

    @faults_with_codes()
    def next_turn_us(self, after_us: int) -> int | None:
        """Return the first moment after another one at which an embargo or an article ends; None for none."""
        query = """SELECT min(turn) FROM (SELECT min(embargoed_us) AS turn FROM articles WHERE embargoed_us > ?
            UNION ALL SELECT min(expires_us) FROM articles WHERE expires_us > ?)"""
        turn: int | None = self._connection.execute(query, (after_us, after_us)).fetchone()[0]
        return turn

    @faults_with_codes()
    def entries(self, after: int, limit: int) -> list[FeedEntry]:
        """Return the next entries of the change feed, oldest first, without their texts."""
        rows = self._connection.execute(
            f"SELECT {ENTRY_COLUMNS} FROM articles WHERE sequence > ? ORDER BY sequence LIMIT ?",  # noqa: S608 - constants
            (after, limit),
        )
        return [_entry(row) for row in rows]

    def visible(self, ids: Sequence[str], now_us: int) -> dict[str, Article]:
        """Return those of some articles that may be shown now: neither withdrawn nor embargoed nor expired."""
        contents = self.visible_contents(ids, now_us)
        return {id_: Article.model_validate_json(content) for id_, content in contents.items()}

    @faults_with_codes()
    def visible_contents(self, ids: Sequence[str], now_us: int) -> dict[str, bytes]:
        """Return the JSON of those of some articles that may be shown now."""
        marks = ",".join("?" * len(ids))
        query = f"SELECT id, content FROM articles WHERE id IN ({marks}) AND {VISIBLE}"  # noqa: S608 - question marks
        rows = self._connection.execute(query, (*ids, now_us, now_us))
        return {row["id"]: row["content"] for row in rows}

    @faults_with_codes()
    def content(self, article_id: str) -> bytes | None:
        """Return the JSON of an article that is not withdrawn, whether it may be shown or not."""
        row = self._connection.execute("SELECT content FROM articles WHERE id = ?", (article_id,)).fetchone()
        return None if row is None else row["content"]

    @faults_with_codes()
    def hidden_since(self, position: int, now_us: int) -> list[str]:
        """Return the articles that an index at some position may still show and must not."""
        query = f"""SELECT id FROM articles WHERE sequence > ?
            AND (content IS NULL OR embargoed_us IS NOT NULL OR expires_us IS NOT NULL) AND NOT ({VISIBLE})"""  # noqa: S608 - a constant
        return [row["id"] for row in self._connection.execute(query, (position, now_us, now_us))]

    @faults_with_codes()
    def history(self, article_id: str) -> list[LedgerEntry]:
        """Return every outcome of an article, oldest first, and the newest takedowns of an address of its page."""
        takedowns = self._takedowns_by_address(article_id)
        query = f"""SELECT {LEDGER_COLUMNS}, (SELECT resolution FROM parked WHERE id = parked_id) AS resolution
            FROM ledger WHERE article_id = ? OR number IN ({_marks(takedowns)}) ORDER BY number"""  # noqa: S608 - a constant
        return [LedgerEntry(**row) for row in map(dict, self._connection.execute(query, (article_id, *takedowns)))]

    def _takedowns_by_address(self, article_id: str) -> list[int]:
        """Return the ledger's rows of the takedowns that an article's state has from the addresses of its page."""
        standing = self.standing(article_id)
        if standing is None:
            return []
        state = standing.state
        bounds = (state.withdrawn, state.withdrawn_by_version, state.withdrawn_this_version)
        query = "SELECT number, article_id FROM ledger WHERE stream_sequence = ? AND incarnation = ? AND subject = ?"
        rows = {
            tuple(row)
            for place in {bound.place for bound in bounds if bound is not None}
            for row in self._connection.execute(query, (place.position, place.incarnation, channels.ARTICLES_WITHDRAWN))
        }
        return [number for number, name in rows if article_id in self.at_address(name)]

    @faults_with_codes()
    def at_address(self, name: str | None) -> set[str]:
        """Return the articles whose page was met at an address, beside the one that has it as its id."""
        return set().union(*articles_at(self._connection, [name]).values()) if name else set()

    @faults_with_codes()
    def outcomes_named(self, id_: str) -> list[LedgerEntry]:
        """Return every outcome of an article, an event or a correlation id, oldest first; reads the whole ledger."""
        takedowns = self._takedowns_by_address(id_)
        query = f"""SELECT {LEDGER_COLUMNS} FROM ledger
            WHERE ? IN (article_id, event_id, correlation_id) OR number IN ({_marks(takedowns)}) ORDER BY number"""  # noqa: S608 - a constant
        return [LedgerEntry(**row) for row in map(dict, self._connection.execute(query, (id_, *takedowns)))]

    @faults_with_codes()
    def outcome_of(self, source: str, event_id: str, stream_sequence: int | None = None) -> LedgerEntry | None:
        """Return what an event led to, however often it came; of events under one name, what the last one led to.

        With its number in the stream, what that message led to.
        """
        query = f"""SELECT {LEDGER_COLUMNS} FROM ledger
            WHERE event_id = ? AND source = ? AND stream_sequence = coalesce(?, stream_sequence)
            ORDER BY outcome = 'duplicate' OR (outcome = 'stale' AND reason = 'reprocessed'), number DESC
            LIMIT 1"""  # noqa: S608 - a constant
        row = self._connection.execute(query, (event_id, source, stream_sequence)).fetchone()
        return None if row is None else LedgerEntry(**dict(row))

    @faults_with_codes()
    def is_current(self, entry: LedgerEntry) -> bool:
        """Tell whether an article is now what the event of an entry says: published with its content, or withdrawn.

        Of a takedown that names a page by an address, every article that the address stands for counts.
        """
        query = """SELECT sequence, content IS NOT NULL AS live,
                (SELECT max(number) FROM ledger
                    WHERE article_id = id AND sequence IS NOT NULL AND reason <> 'reprocessed') AS last_change
            FROM articles WHERE id = ?"""
        row = self._connection.execute(query, (entry.article_id,)).fetchone()
        if row is None or row["live"] == entry.is_withdrawal:
            return False
        if entry.is_withdrawal:
            return not any(self.content(id_) for id_ in self.at_address(entry.article_id))
        if entry.copy_of is not None:
            original = self.outcome_of(entry.source, entry.event_id, entry.copy_of)
            return original is not None and self.is_current(original)
        if entry.outcome == "duplicate":
            return entry.number > (row["last_change"] or 0)
        return entry.outcome == "accepted" and entry.sequence == row["sequence"]

    @faults_with_codes()
    def standing(self, article_id: str) -> Standing | None:
        """Return how an article stands, or None for one that no event changed."""
        row = self._connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
        if row is None:
            return None
        query = "SELECT * FROM unsettled WHERE article_id = ?"
        unsettled = map(unsettled_from_row, self._connection.execute(query, (article_id,)))
        query = "SELECT at_us FROM erasures WHERE article_id = ? AND lifted_us IS NULL"
        erased = self._connection.execute(query, (article_id,)).fetchone()
        return Standing(
            state=ArticleEvents.of(state_from_row(row), unsettled).state,
            sequence=row["sequence"],
            has_content=row["content"] is not None,
            embargoed_us=row["embargoed_us"],
            expires_us=row["expires_us"],
            erased_us=erased["at_us"] if erased else None,
        )

    @faults_with_codes()
    def entry_of(self, article_id: str) -> FeedEntry | None:
        """Return an article's entry in the change feed; None for an article that no event changed."""
        row = self._connection.execute(f"SELECT {ENTRY_COLUMNS} FROM articles WHERE id = ?", (article_id,)).fetchone()  # noqa: S608 - constants
        return None if row is None else _entry(row)

    @faults_with_codes()
    def cause_of(self, article_id: str, sequence: int) -> Cause:
        """Return why an article was changed, as far as the ledger goes back."""
        execute, values = self._connection.execute, (article_id, sequence)
        entry = execute("SELECT reason, at_us FROM ledger WHERE article_id = ? AND sequence = ?", values).fetchone()
        erased = execute("SELECT at_us FROM erasures WHERE article_id = ? AND sequence = ?", values).fetchone()
        reason, at_us = entry or (None, None)
        return Cause(reason, at_us, erased["at_us"] if erased else None)

    @faults_with_codes()
    def pages(self, article_id: str) -> list[KeptPage]:
        """Return the pages that an article was made of, as far as they are kept, in the order of the stream."""
        return kept_pages(self._connection, article_id)

    @faults_with_codes()
    def page_notes(self, article_id: str) -> list[PageNote]:
        """Return what is known of those pages, in the same order, without their texts."""
        return page_notes(self._connection, article_id)

    @faults_with_codes()
    def articles_with_pages(self, not_by: str, after: str, limit: int) -> list[str]:
        """Return the next articles by their ids that have a page which another reader than `not_by` read last."""
        return articles_with_pages(self._connection, not_by, after, limit)

    @faults_with_codes()
    def parked_fault(self, id_: int) -> Fault | None:
        """Return why an event was parked."""
        row = self._connection.execute("SELECT code, message, place FROM parked WHERE id = ?", (id_,)).fetchone()
        return None if row is None else Fault(code=row["code"], message=row["message"], place=row["place"])

    @faults_with_codes()
    def parked(self, choice: ParkedChoice = EVERY_OPEN, *, limit: int) -> list[ParkedEvent]:
        """Return parked events, newest first."""
        where, values = _where(choice)
        query = f"SELECT * FROM parked WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - constants
        rows = self._connection.execute(query, (*values, limit))
        return [parked_from_row(row) for row in rows]

    @faults_with_codes()
    def parked_without_bodies(self, *, limit: int) -> list[tuple[ParkedEvent, int]]:
        """Return open parked events without their messages' bodies, newest first, each with its body's bytes."""
        query = f"SELECT {LISTED_COLUMNS} FROM parked WHERE status = 'open' ORDER BY id DESC LIMIT ?"  # noqa: S608 - constants
        return [(parked_from_row(row), row["bytes"]) for row in self._connection.execute(query, (limit,))]

    @faults_with_codes()
    def parked_ids(self, choice: ParkedChoice = EVERY_OPEN) -> list[int]:
        """Return the numbers of parked events, oldest first."""
        where, values = _where(choice)
        rows = self._connection.execute(f"SELECT id FROM parked WHERE {where} ORDER BY id", values)  # noqa: S608 - constants
        return [row["id"] for row in rows]

    @faults_with_codes()
    def parked_event(self, id_: int) -> ParkedEvent | None:
        """Return one parked event."""
        row = self._connection.execute("SELECT * FROM parked WHERE id = ?", (id_,)).fetchone()
        return None if row is None else parked_from_row(row)

    @faults_with_codes()
    def parked_open(self) -> list[ParkedCount]:
        """Return how many parked events wait for an operator, by code."""
        query = """SELECT code, count(*) AS number, min(at_us) AS oldest_us FROM parked WHERE status = 'open'
            GROUP BY code ORDER BY code"""
        return [ParkedCount(**row) for row in map(dict, self._connection.execute(query))]

    @faults_with_codes()
    def counts(self) -> ArchiveCounts:
        """Return the archive in numbers; reads every ledger row."""
        one = self._connection.execute(
            """SELECT count(content) AS live, count(*) - count(content) AS tombstones,
                coalesce(max(sequence), 0) AS sequence FROM articles"""
        ).fetchone()
        outcomes: Iterable[sqlite3.Row] = self._connection.execute(
            """SELECT outcome, count(*) AS number FROM ledger WHERE reason <> 'reprocessed'
                GROUP BY outcome ORDER BY outcome"""
        )
        return ArchiveCounts(**dict(one), outcomes={row["outcome"]: row["number"] for row in outcomes})


def read_archive(folder: Path, read: Callable[[ArchiveReader], Answer]) -> Answer:
    """Read something with a reader of its own; raise `Unavailable` where there is no archive yet."""
    reader = ArchiveReader(folder)
    try:
        return read(reader)
    finally:
        reader.close()


def _entry(row: sqlite3.Row) -> FeedEntry:
    sequence, id_, live, embargoed_us, expires_us = row
    return FeedEntry(sequence, id_, bool(live), embargoed_us, expires_us)


def _bounded(rows: sqlite3.Cursor) -> list[Change]:
    """Return the changes of some rows, as far as their texts have MAX_FEED_BYTES together; one at least."""
    changes: list[Change] = []
    size = 0
    for row in rows:
        size += len(row["content"] or b"")
        if changes and size > MAX_FEED_BYTES:
            break
        changes.append(Change(**dict(row)))
    return changes


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _where(choice: ParkedChoice) -> tuple[str, list[object]]:
    """Return a choice as a condition of SQL, and its values."""
    conditions: dict[str, list[object]] = {
        f"code IN ({','.join('?' * len(choice.codes))})": list(choice.codes),
        "at_us >= ?": [choice.since_us],
        "at_us < ?": [choice.before_us],
    }
    chosen = {text: values for text, values in conditions.items() if values and values != [None]}
    parts = [*chosen, *([] if choice.include_closed else ["status = 'open'"]), "true"]
    return " AND ".join(parts), [value for values in chosen.values() for value in values]
