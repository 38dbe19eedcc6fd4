"""Writes the archive: one transaction for many events. Only the indexer has one."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from newsdex.archive.addresses import add_addresses, articles_at
from newsdex.archive.database import BUSY_TIMEOUT_S, faults_with_codes, open_for_writing
from newsdex.archive.erasure import ErasedArticles, erase, remember_texts
from newsdex.archive.erasure_store import ErasureStore
from newsdex.archive.pages import Pages, prune_pages
from newsdex.archive.places import StreamPlaces
from newsdex.archive.rows import (
    CONTENT_COLUMNS,
    STATE_COLUMNS,
    STILL_UNSEEN,
    UNSETTLED_COLUMNS,
    content_to_row,
    is_unseen,
    parked_from_row,
    state_from_row,
    state_to_row,
    unsettled_from_row,
    unsettled_to_row,
    waiting_from_row,
)
from newsdex.incarnations import Incarnation, KnownStream, SeenStream, incarnation_of
from newsdex.order import ArticleEvents, EventName, OrderedEvent, Place
from newsdex.records.events import Delivery, KeptPage, Placed, ReceivedEvent, Result
from newsdex.records.parked import Claim, ParkedEvent, WaitingEvent
from newsdex_schemas import Article

IDS_PER_SELECT = 500
PRUNED_AT_ONCE = 10_000
PUBLICATIONS = """subject <> 'articles.withdrawn' AND copy_of IS NULL AND outcome <> 'parked'
    AND reason NOT IN ('redelivered', 'erased', 'reprocessed')"""
"""The ledger's rows of publications, without their copies."""
ARTICLE_COLUMNS = ("id", "sequence", "correlation_id", *CONTENT_COLUMNS, *STATE_COLUMNS)


class ArchiveWriter:
    """The one writer of the archive. Not thread-safe: its callers take turns."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S, keeps_pages: bool = True) -> None:
        self._connection = open_for_writing(folder, busy_timeout_s=busy_timeout_s)
        self._connection.row_factory = sqlite3.Row
        self._pruned = (-(2**62), 0)
        """Time and number of the last row that was looked at to be forgotten; what stays is not looked at again."""
        self._keeps_pages = keeps_pages
        self.erasures = ErasureStore(self._connection)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator["ArchiveTransaction"]:
        """Return a transaction: committed and on the disk at the end, or without any effect after an exception.

        Raises `Unavailable` where the disk is full or the file is locked.
        """
        with faults_with_codes():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                transaction = ArchiveTransaction(self._connection, keeps_pages=self._keeps_pages)
                yield transaction
                transaction.write()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @faults_with_codes()
    def stream(self) -> KnownStream:
        """Return what is known of the stream that events come from."""
        row = self._connection.execute(
            "SELECT created, last_sequence, last_stored_us, max(incarnation) AS incarnation FROM stream, incarnations"
        ).fetchone()
        return KnownStream(**dict(row))

    @faults_with_codes()
    def incarnation(self) -> Incarnation:
        """Return the newest incarnation of the stream."""
        query = "SELECT incarnation, first_sequence FROM incarnations ORDER BY incarnation DESC LIMIT 1"
        return Incarnation(*self._connection.execute(query).fetchone())

    @faults_with_codes()
    def adopt(self, seen: SeenStream) -> Incarnation | None:
        """Go on with the stream that the broker has; return the incarnation that begins with it, if one does."""
        begun = incarnation_of(self.stream(), seen)
        with self.transaction() as transaction:
            transaction.adopt(seen, begun)
        return begun

    @faults_with_codes()
    def settle_up_to(self, sequence: int) -> int:
        """Take the broker's word that every message of the stream up to a number was handled or is gone.

        Returns the number up to which that is so, by the broker's word or by the ledger.
        """
        settled: int = self._connection.execute("SELECT settled_sequence FROM stream").fetchone()[0]
        if sequence <= settled:
            return settled
        with self.transaction() as transaction:
            transaction.settle_up_to(sequence)
        return sequence

    @faults_with_codes()
    def prune_ledger(self, now_us: int, days: int) -> int | None:
        """Forget outcomes older than some days, but for publications, of a bounded number that is looked at.

        Returns how many went; None where none is left to be looked at.
        """
        before = now_us - int(timedelta(days=days).total_seconds()) * 1_000_000
        query = "SELECT at_us, number FROM ledger WHERE at_us < ? AND (at_us, number) > (?, ?) ORDER BY 1, 2 LIMIT ?"
        rows = self._connection.execute(query, (before, *self._pruned, PRUNED_AT_ONCE)).fetchall()
        if not rows:
            return None
        end = (rows[-1]["at_us"], rows[-1]["number"])
        # by its publications, and the takedowns that hold, a late copy is known, which must not lift a takedown; by
        # the row of the page that was read again last, that its publication is the one that is shown
        statement = f"""DELETE FROM ledger WHERE (at_us, number) > (?, ?) AND (at_us, number) <= (?, ?)
            AND NOT ({PUBLICATIONS}) AND NOT (fingerprint IS NOT NULL AND EXISTS
                (SELECT 1 FROM articles WHERE articles.id = article_id AND content IS NULL))
            AND NOT (reason = 'reprocessed' AND EXISTS
                (SELECT 1 FROM articles WHERE articles.id = article_id AND articles.sequence = ledger.sequence))"""  # noqa: S608 - fixed text
        pruned = self._connection.execute(statement, (*self._pruned, *end)).rowcount
        self._pruned = end
        return pruned

    @faults_with_codes()
    def prune_pages(self, now_us: int, days: float) -> int:
        """Forget pages that were stored longer than some days ago, a bounded number at once; return how many went."""
        return prune_pages(self._connection, now_us - int(timedelta(days=days).total_seconds()) * 1_000_000)


class ArchiveTransaction:
    """What is read and written within one commit; writes are gathered and go in together at its end."""

    def __init__(self, connection: sqlite3.Connection, *, keeps_pages: bool = True) -> None:
        self._connection = connection
        self._keeps_pages = keeps_pages
        self._next_sequence = self._number("SELECT max(sequence) FROM articles") + 1
        self._next_parked = self._number("SELECT seq FROM sqlite_sequence WHERE name = 'parked'") + 1
        self._places = StreamPlaces(connection)
        self._floor_before = self._places.floor
        self._had_unsettled = self._number("SELECT 1 FROM unsettled LIMIT 1") > 0
        self._known: dict[str, ArticleEvents] = {}
        """Articles of which something is to be written."""
        self._changes: dict[str, tuple[int, str]] = {}
        """Of those, the ones that search must see: sequence number and correlation id."""
        self._unseen: dict[str, tuple[int, str, bool]] = {}
        """Of these, when they were changed, their ids, and whether nobody may see what these changes made of them."""
        self._ledger: list[tuple[object, ...]] = []
        self._parked: list[tuple[object, ...]] = []
        self._parked_again: list[tuple[object, ...]] = []
        self._parked_closed: list[tuple[object, ...]] = []
        self._parked_blanked: list[tuple[object, ...]] = []
        self._erased = ErasedArticles(connection)
        self._pages = Pages(connection)

    def _number(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return (row[0] or 0) if row else 0

    def placed(self, deliveries: Sequence[Delivery]) -> list[Placed]:
        """Return where each stands in the stream, and whether it has an outcome already."""
        return self._places.placed(deliveries)

    def is_settled(self, place: Place) -> bool:
        """Return whether everything up to a place is handled once this transaction is committed."""
        return place <= self._places.floor

    def settle_up_to(self, sequence: int) -> None:
        """Settle what waits for messages up to a number of the stream."""
        self._places.settle_up_to(sequence)

    def adopt(self, seen: SeenStream, begun: Incarnation | None) -> None:
        """Go on with a stream, of which a new incarnation may begin."""
        self._connection.execute("UPDATE stream SET created = ?", (seen.created,))
        if begun is not None:
            self._places.begin(begun)
        # nothing comes from before the first message that there is
        self._places.settle_up_to(seen.first_sequence - 1)

    def events(self, ids: Iterable[str]) -> dict[str, ArticleEvents]:
        """Return what is known of some articles; unknown ones are absent."""
        wanted = list(set(ids))
        unsettled = self._unsettled(wanted) if self._had_unsettled else {}
        found: dict[str, ArticleEvents] = {}
        columns = ", ".join(("id", "content", *STATE_COLUMNS))
        for rows in self._select(f"SELECT {columns} FROM articles WHERE id IN", wanted):  # noqa: S608 - fixed names
            found |= {row["id"]: ArticleEvents.of(state_from_row(row), unsettled.get(row["id"], ())) for row in rows}
        return found

    def _unsettled(self, ids: list[str]) -> dict[str, list[OrderedEvent]]:
        found: defaultdict[str, list[OrderedEvent]] = defaultdict(list)
        for rows in self._select("SELECT * FROM unsettled WHERE article_id IN", ids):
            for row in rows:
                found[row["article_id"]].append(unsettled_from_row(row))
        return found

    def _select(self, query: str, values: Sequence[object]) -> Iterator[sqlite3.Cursor]:
        for start in range(0, len(values), IDS_PER_SELECT):
            part = values[start : start + IDS_PER_SELECT]
            yield self._connection.execute(f"{query} ({_marks(len(part))})", part)

    def places_of_copies(self, events: Iterable[ReceivedEvent]) -> dict[EventName, Place]:
        """Return the first place of those events of which the ledger has a copy."""
        found: dict[EventName, Place] = {}
        names = list({event.name for event in events})
        for start in range(0, len(names), IDS_PER_SELECT):
            part = [value for name in names[start : start + IDS_PER_SELECT] for value in name]
            wanted = ",".join(["(?,?,?)"] * (len(part) // 3))
            # the table of names is the outer one: each is one look-up in the ledger's index
            query = f"""WITH wanted (source, event_id, fingerprint) AS (VALUES {wanted})
                SELECT source, event_id, fingerprint, incarnation, stream_sequence
                FROM wanted CROSS JOIN ledger USING (source, event_id, fingerprint)"""  # noqa: S608 - question marks only
            for source, id_, fingerprint, incarnation, position in self._connection.execute(query, part):
                name, place = EventName(source, id_, fingerprint), Place(incarnation, position)
                found[name] = min(found.get(name, place), place)
        return found

    def unfingerprinted(self, event: ReceivedEvent) -> Place | None:
        """Return where a publication stands that may be the same event, from before contents were fingerprinted."""
        query = f"""SELECT incarnation, stream_sequence FROM ledger WHERE event_id = ? AND source = ?
            AND fingerprint IS NULL AND article_id = ? AND {PUBLICATIONS} ORDER BY number LIMIT 1"""  # noqa: S608 - fixed text
        row = self._connection.execute(query, (event.id, event.source, event.article_id)).fetchone()
        return Place(*row) if row else None

    def articles_at(self, addresses: Iterable[str]) -> dict[str, set[str]]:
        """Return the articles whose page was met at some addresses, or at those that are such an article's id."""
        return articles_at(self._connection, addresses)

    def add_addresses(self, article_id: str, addresses: Iterable[str]) -> None:
        """Note at which addresses the page of an article was met."""
        add_addresses(self._connection, article_id, addresses)

    def erased(self, article_ids: Iterable[str | None]) -> set[str]:
        """Return those of some articles that were erased, and of which nothing may be taken in."""
        return self._erased.erased(article_ids)

    def is_erased_text(self, article: Article) -> bool:
        """Return whether an article has a text that was erased, under whatever id."""
        return self._erased.is_copy(article)

    def erase(self, article_id: str, texts: Iterable[bytes], now_us: int) -> int:
        """Erase an article as an order does, and refuse further texts, too, from now on; return the change's number."""
        sequence, self._next_sequence = self._next_sequence, self._next_sequence + 1
        self._known.pop(article_id, None)
        self._changes.pop(article_id, None)
        erase(self._connection, article_id, sequence, now_us)
        remember_texts(self._connection, article_id, texts)
        return sequence

    def blank_parked(self, id_: int) -> None:
        """Take the message from a parked event that turned out to have an erased text."""
        self._parked_blanked.append((b"", "{}", id_))

    def parked(self, ids: Sequence[int]) -> dict[int, ParkedEvent]:
        """Return the parked events among some ids, closed ones too."""
        query = "SELECT * FROM parked WHERE id = ?"
        rows = (self._connection.execute(query, (id_,)).fetchone() for id_ in ids)
        return {row["id"]: parked_from_row(row) for row in rows if row is not None}

    def waiting(self, events: Iterable[ReceivedEvent]) -> list[WaitingEvent]:
        """Return the open parked events with the names or the articles of some events."""
        execute = self._connection.execute
        if not execute("SELECT 1 FROM parked WHERE status = 'open' LIMIT 1").fetchone():
            return []
        columns = (
            "id, subject, incarnation, stream_sequence, stored_us, source, event_id, article_id, claimed_version, "
            "claimed_us"
        )
        query = f"""SELECT {columns} FROM parked WHERE status = 'open' AND article_id = ?
            UNION SELECT {columns} FROM parked WHERE status = 'open' AND event_id = ? AND source = ?"""  # noqa: S608 - fixed names
        wanted = {(event.article_id, event.id, event.source) for event in events}
        found = {row["id"]: waiting_from_row(row) for key in wanted for row in execute(query, key)}
        return list(found.values())

    def keep_page(self, page: KeptPage) -> None:
        """Keep the page that an article is made of, while a text of the article is kept that was read off it."""
        if self._keeps_pages:
            self._pages.keep(page)

    def read_page_again(self, page: KeptPage, reader: str) -> None:
        """Note that another reader made the article of a kept page once more."""
        self._pages.read_by(page, reader)

    def change(self, article_id: str, events: ArticleEvents, correlation_id: str, now_us: int) -> int:
        """Make an article what its events say, for search too; return the change's sequence number."""
        sequence, self._next_sequence = self._next_sequence, self._next_sequence + 1
        self._known[article_id] = events
        self._changes[article_id] = (sequence, correlation_id)
        *_, unseen = self._unseen.get(article_id, (True,))
        self._unseen[article_id] = (now_us, article_id, unseen and is_unseen(events, now_us))
        return sequence

    def note(self, article_id: str, events: ArticleEvents) -> None:
        """Keep new events of an article that change nothing for search."""
        self._known[article_id] = events

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
            result.place.incarnation,
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
                r.parked_id, r.correlation_id, r.place.incarnation, r.fingerprint, r.other_source, r.copy_of,
            )
            for r in results
        ]  # fmt: skip

    def write(self) -> None:
        """Send everything gathered to SQLite; called once, before the commit."""
        many = self._connection.executemany
        self._settle_others()
        changed = [
            (id_, *change, *content_to_row(self._known[id_]), *state_to_row(self._known[id_]), *self._unseen[id_])
            for id_, change in self._changes.items()
        ]
        columns, marks = ", ".join(ARTICLE_COLUMNS), _marks(len(ARTICLE_COLUMNS))
        unseen = f"coalesce((SELECT {STILL_UNSEEN} FROM articles WHERE id=?), true) AND ?"  # noqa: S608 - fixed text
        many(f"INSERT OR REPLACE INTO articles ({columns}, unseen) VALUES ({marks}, {unseen})", changed)  # noqa: S608 - fixed names
        noted = [(*state_to_row(events), id_) for id_, events in self._known.items() if id_ not in self._changes]
        many(f"UPDATE articles SET {', '.join(f'{name}=?' for name in STATE_COLUMNS)} WHERE id=?", noted)  # noqa: S608 - fixed names
        self._write_unsettled()
        self._pages.write(self._known)
        self._places.write()
        many(f"INSERT INTO ledger VALUES (NULL,{_marks(18)})", self._ledger)  # noqa: S608 - question marks only
        columns = (
            "id, at_us, subject, headers, body, stream_sequence, stored_us, code, message, place, source, event_id, "
            "correlation_id, article_id, claimed_version, claimed_us, incarnation"
        )
        many(f"INSERT INTO parked ({columns}) VALUES ({_marks(17)})", self._parked)  # noqa: S608 - fixed names
        many(
            "UPDATE parked SET attempts=attempts+1, code=?, message=?, place=?, article_id=?, claimed_version=?, "
            "claimed_us=? WHERE id=?",
            self._parked_again,
        )
        many(
            "UPDATE parked SET status=?, resolution=?, closed_us=?, attempts=attempts+? WHERE id=?", self._parked_closed
        )

        many("UPDATE parked SET body=?, headers=? WHERE id=?", self._parked_blanked)

    def _settle_others(self) -> None:
        """Settle the events that wait for what is handled by now, of all articles."""
        floor = self._places.floor
        if self._had_unsettled and floor > self._floor_before:
            query = "SELECT DISTINCT article_id FROM unsettled WHERE (incarnation, position) <= (?, ?)"
            waiting = [row["article_id"] for row in self._connection.execute(query, floor)]
            self._known = self.events(id_ for id_ in waiting if id_ not in self._known) | self._known
        self._known = {id_: events.settled_up_to(floor) for id_, events in self._known.items()}

    def _write_unsettled(self) -> None:
        many = self._connection.executemany
        if self._had_unsettled:
            many("DELETE FROM unsettled WHERE article_id=?", [(id_,) for id_ in self._known])
        rows = [unsettled_to_row(id_, event) for id_, events in self._known.items() for event in events.unsettled]
        many(f"INSERT INTO unsettled VALUES ({_marks(len(UNSETTLED_COLUMNS))})", rows)  # noqa: S608 - question marks only


def _marks(number: int) -> str:
    return ",".join("?" * number)
