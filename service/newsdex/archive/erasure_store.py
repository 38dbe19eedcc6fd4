"""The erasures that the indexer works on: each method is a transaction of its own."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from newsdex.archive import erasure
from newsdex.archive.addresses import articles_at
from newsdex.archive.database import faults_with_codes
from newsdex.archive.erasure import RESOLUTION, Doubts, Erasure

Answer = TypeVar("Answer")


class ErasureStore:
    """Writes on the connection of the one writer; raises `Unavailable` where the archive fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _transaction(self, work: Callable[[], Answer]) -> Answer:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            answer = work()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return answer

    @faults_with_codes()
    def erase(self, article_ids: Iterable[str], now_us: int) -> dict[str, Doubts]:
        """Make articles tombstones without a text; where their text still is, `pending` says.

        So are the articles whose page was met at an address that is one of the ids. Returns, for each, what is left for
        an operator to look at.
        """

        def work() -> dict[str, Doubts]:
            sequence = self._connection.execute("SELECT max(sequence) FROM articles").fetchone()[0] or 0
            parked = {
                article_id: erasure.erase(self._connection, article_id, sequence + at, now_us)
                for at, article_id in enumerate(self._with_addresses(article_ids), 1)
            }
            return {id_: Doubts(found, erasure.holders(self._connection, id_)) for id_, found in parked.items()}

        return self._transaction(work)

    @faults_with_codes()
    def lift(self, article_ids: Iterable[str], now_us: int) -> list[str]:
        """Let articles be published again; return those that were erased."""
        return self._transaction(
            lambda: [id_ for id_ in self._with_addresses(article_ids) if erasure.lift(self._connection, id_, now_us)]
        )

    def _with_addresses(self, article_ids: Iterable[str]) -> list[str]:
        """Return articles, and those whose page was met at an address that is the id of one of them."""
        named = list(dict.fromkeys(article_ids))
        others = articles_at(self._connection, named).values()
        return list(dict.fromkeys([*named, *sorted(set().union(*others))]))

    @faults_with_codes()
    def erasures(self, article_ids: Sequence[str] = ()) -> list[Erasure]:
        """Return the erasures of some articles, or all of them."""
        return erasure.erasures(self._connection, article_ids)

    @faults_with_codes()
    def pending(self) -> list[Erasure]:
        """Return the erasures that are not finished."""
        return [one for one in self.erasures() if one.pending]

    @faults_with_codes()
    def finish(self, stage: str, article_ids: Sequence[str], now_us: int) -> None:
        """Note that the text of some articles has left a stage."""
        self._transaction(lambda: erasure.finish_stage(self._connection, stage, article_ids, now_us))

    @faults_with_codes()
    def remember(self, article_id: str, contents: Sequence[bytes]) -> None:
        """Keep the digests of further texts of an erased article."""
        self._transaction(lambda: erasure.remember_texts(self._connection, article_id, contents))

    @faults_with_codes()
    def compact(self) -> None:
        """Write the file anew; raise `Unavailable` where a reader keeps the log from being emptied."""
        erasure.compact(self._connection)

    @faults_with_codes()
    def messages_about(self, article_id: str) -> set[tuple[int, int]]:
        """Return number and time of storing of those messages about an erased article that were handled before."""
        query = """WITH handled AS (
                SELECT article_id, incarnation, stream_sequence, stored_us FROM ledger WHERE article_id = ?
                UNION ALL SELECT article_id, incarnation, stream_sequence, stored_us FROM parked WHERE article_id = ?
            )
            SELECT DISTINCT stream_sequence, stored_us FROM handled JOIN erasures USING (article_id)
            WHERE (incarnation, stream_sequence) <= (last_incarnation, last_position)"""
        return {(row[0], row[1]) for row in self._connection.execute(query, (article_id, article_id))}

    @faults_with_codes()
    def refused_messages(self) -> set[tuple[int, int]]:
        """Return the same of the messages that were refused because of an erasure."""
        if not self.erasures():
            return set()
        query = "SELECT stream_sequence, stored_us FROM ledger WHERE reason = ?"
        return {(row[0], row[1]) for row in self._connection.execute(query, (RESOLUTION,))}

    @faults_with_codes()
    def forgotten_numbers(self, numbers: range) -> list[int]:
        """Return those of some numbers of the stream that the ledger has forgotten."""
        rows = self._connection.execute(
            "SELECT stream_sequence FROM ledger WHERE stream_sequence BETWEEN ? AND ?",
            (numbers.start, numbers.stop - 1),
        )
        known = {row[0] for row in rows}
        return [number for number in numbers if number not in known]
