"""Writes the archive: one transaction for many events. Only the indexer has one."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from newsdex.archive.database import BUSY_TIMEOUT_S, open_for_writing
from newsdex.archive.rows import parked_from_row, state_from_row, waiting_from_row
from newsdex.records import (
    ArticleState,
    Claim,
    Delivery,
    ParkedEvent,
    ReceivedEvent,
    Result,
    WaitingEvent,
    microseconds,
)

IDS_PER_SELECT = 500
PRUNED_AT_ONCE = 10_000


class ArchiveWriter:
    """The one writer of the archive. Not thread-safe: its callers take turns."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._connection = open_for_writing(folder, busy_timeout_s=busy_timeout_s)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator["ArchiveTransaction"]:
        """Give a transaction: committed and on the disk at the end, or without any effect after an exception.

        Raises `sqlite3.Error` where the disk is full or the file is locked.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            transaction = ArchiveTransaction(self._connection)
            yield transaction
            transaction.write()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def prune_ledger(self, now_us: int, days: int) -> int:
        """Forget outcomes older than some days, a bounded number at once; give how many went."""
        before = now_us - int(timedelta(days=days).total_seconds()) * 1_000_000
        statement = "DELETE FROM ledger WHERE number IN (SELECT number FROM ledger WHERE at_us < ? LIMIT ?)"
        return self._connection.execute(statement, (before, PRUNED_AT_ONCE)).rowcount


class ArchiveTransaction:
    """What is read and written within one commit; writes are gathered and go in together at its end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._next_sequence = self._number("SELECT max(sequence) FROM articles") + 1
        self._next_parked = self._number("SELECT seq FROM sqlite_sequence WHERE name = 'parked'") + 1
        self._articles: dict[str, tuple[object, ...]] = {}
        self._states: dict[str, tuple[object, ...]] = {}
        self._ledger: list[tuple[object, ...]] = []
        self._parked: list[tuple[object, ...]] = []
        self._parked_again: list[tuple[object, ...]] = []
        self._parked_closed: list[tuple[object, ...]] = []

    def _number(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return (row[0] or 0) if row else 0

    def states(self, ids: Iterable[str]) -> dict[str, ArticleState]:
        """Give what is known of some articles; unknown ones are absent."""
        found: dict[str, ArticleState] = {}
        wanted = list(set(ids))
        columns = "id, version, time_us, digest, withdrawn_version, withdrawn_us"
        for start in range(0, len(wanted), IDS_PER_SELECT):
            part = wanted[start : start + IDS_PER_SELECT]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(f"SELECT {columns} FROM articles WHERE id IN ({marks})", part)  # noqa: S608 - question marks only
            found |= {row["id"]: state_from_row(row) for row in rows}
        return found

    def handled_before(self, deliveries: Sequence[Delivery]) -> set[tuple[int, int]]:
        """Give the (stream_sequence, stored_us) of those that already have an outcome.

        The second number tells a message from one with the same number in a stream that was deleted and made again.
        """
        query = "SELECT 1 FROM ledger WHERE stream_sequence = ? AND stored_us = ? LIMIT 1"
        keys = {(delivery.stream_sequence, delivery.stored_us) for delivery in deliveries}
        return {key for key in keys if self._connection.execute(query, key).fetchone()}

    def parked(self, ids: Sequence[int]) -> dict[int, ParkedEvent]:
        """Give the parked events among some ids, closed ones too."""
        query = "SELECT * FROM parked WHERE id = ?"
        rows = (self._connection.execute(query, (id_,)).fetchone() for id_ in ids)
        return {row["id"]: parked_from_row(row) for row in rows if row is not None}

    def waiting(self, events: Iterable[ReceivedEvent]) -> list[WaitingEvent]:
        """Give the open parked events with the names or the articles of some events."""
        execute = self._connection.execute
        if not execute("SELECT 1 FROM parked WHERE status = 'open' LIMIT 1").fetchone():
            return []
        columns = "id, subject, stored_us, source, event_id, article_id, claimed_version, claimed_us"
        query = f"""SELECT {columns} FROM parked WHERE status = 'open' AND article_id = ?
            UNION SELECT {columns} FROM parked WHERE status = 'open' AND event_id = ? AND source = ?"""  # noqa: S608 - fixed names
        wanted = {(event.article_id, event.id, event.source) for event in events}
        found = {row["id"]: waiting_from_row(row) for key in wanted for row in execute(query, key)}
        return list(found.values())

    def change(self, event: ReceivedEvent, state: ArticleState) -> int:
        """Make the event's article, or a tombstone, what search sees; give the change's sequence number."""
        sequence, self._next_sequence = self._next_sequence, self._next_sequence + 1
        article = event.article if state.live else None
        self._states.pop(event.article_id, None)
        self._articles[event.article_id] = (
            event.article_id,
            sequence,
            *_state_columns(state),
            event.content if article else None,
            microseconds(article.embargoed_until) if article and article.embargoed_until else None,
            microseconds(article.expires_at) if article and article.expires_at else None,
            event.correlation_id,
        )
        return sequence

    def note(self, event: ReceivedEvent, state: ArticleState) -> None:
        """Keep a new state of an article whose content stays as it is."""
        written = self._articles.get(event.article_id)
        if written is not None:
            self._articles[event.article_id] = (*written[:2], *_state_columns(state), *written[7:])
        else:
            self._states[event.article_id] = (*_state_columns(state), event.article_id)

    def park(self, result: Result, claim: Claim, now_us: int) -> int:
        """Keep an event that could not be handled, whole; give the number it is parked under."""
        delivery, fault = result.delivery, result.fault
        if fault is None:
            raise ValueError("a parked event has a fault")
        if delivery.parked_id is not None:
            again = (fault.code, fault.message, fault.place, result.article_id, *claim, delivery.parked_id)
            self._parked_again.append(again)
            return delivery.parked_id
        number, self._next_parked = self._next_parked, self._next_parked + 1
        self._parked.append((
            number, now_us, delivery.subject, json.dumps(dict(delivery.headers)), delivery.body,
            delivery.stream_sequence, delivery.stored_us, fault.code, fault.message, fault.place,
            result.source, result.event_id, result.correlation_id, result.article_id, *claim,
        ))  # fmt: skip
        return number

    def close_parked(self, id_: int, status: str, resolution: str, now_us: int, *, tried: bool = False) -> None:
        """Close a parked event: `resolved` or `dropped`, with the reason."""
        self._parked_closed.append((status, resolution, now_us, int(tried), id_))

    def enter(self, results: Iterable[Result], now_us: int) -> None:
        """Enter outcomes into the ledger."""
        self._ledger += [
            (
                now_us, r.source, r.event_id, r.type, r.delivery.subject, r.delivery.stream_sequence,
                r.delivery.stored_us, r.delivery.deliveries, r.article_id, r.outcome, r.reason, r.sequence,
                r.parked_id, r.correlation_id,
            )
            for r in results
        ]  # fmt: skip

    def write(self) -> None:
        """Send everything gathered to SQLite; called once, before the commit."""
        many = self._connection.executemany
        many(f"INSERT OR REPLACE INTO articles VALUES ({_marks(11)})", self._articles.values())  # noqa: S608 - question marks only
        many(
            "UPDATE articles SET version=?, time_us=?, digest=?, withdrawn_version=?, withdrawn_us=? WHERE id=?",
            self._states.values(),
        )
        many(f"INSERT INTO ledger VALUES (NULL,{_marks(14)})", self._ledger)  # noqa: S608 - question marks only
        columns = (
            "id, at_us, subject, headers, body, stream_sequence, stored_us, code, message, place, source, event_id, "
            "correlation_id, article_id, claimed_version, claimed_us"
        )
        many(f"INSERT INTO parked ({columns}) VALUES ({_marks(16)})", self._parked)  # noqa: S608 - fixed names
        many(
            "UPDATE parked SET attempts=attempts+1, code=?, message=?, place=?, article_id=?, claimed_version=?, "
            "claimed_us=? WHERE id=?",
            self._parked_again,
        )
        many(
            "UPDATE parked SET status=?, resolution=?, closed_us=?, attempts=attempts+? WHERE id=?", self._parked_closed
        )


def _marks(number: int) -> str:
    return ",".join("?" * number)


def _state_columns(state: ArticleState) -> tuple[object, ...]:
    version, time_us, digest = state.published or (None, None, None)
    return version, time_us, digest, state.withdrawn_version, state.withdrawn_us
