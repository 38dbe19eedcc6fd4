"""Tells where messages stand in the stream: in which incarnation of it, and whether they were handled before."""

import sqlite3
from collections.abc import Sequence

from newsdex.incarnations import Incarnation
from newsdex.order import Place
from newsdex.records.events import Delivery, Placed

NUMBERS_PER_SELECT = 500


class StreamPlaces:
    """What the archive knows of the stream, within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        row = connection.execute("SELECT last_sequence, last_stored_us, settled_sequence FROM stream").fetchone()
        self._last, self._last_stored_us, self._settled = row
        self._before = tuple(row)
        rows = connection.execute("SELECT incarnation, first_sequence FROM incarnations ORDER BY incarnation DESC")
        self._incarnations = [Incarnation(number, first) for number, first in rows]
        self._changed: dict[int, Incarnation] = {}
        """Incarnations that began, or begin earlier than was known."""

    @property
    def floor(self) -> Place:
        """Return the place up to which every message was handled."""
        return Place(self._incarnation_of(self._settled), self._settled)

    def _incarnation_of(self, sequence: int) -> int:
        return max(incarnation for incarnation, first in self._incarnations if first <= sequence)

    def placed(self, deliveries: Sequence[Delivery]) -> list[Placed]:
        """Return where each stands, and whether it has an outcome; a parked event stands where it stood."""
        found: dict[int, Placed] = {}
        known = self._known({one.stream_sequence for one in deliveries if one.incarnation is None})
        taken = {(incarnation, sequence): stored_us for (sequence, stored_us), incarnation in known.items()}
        for at in sorted(range(len(deliveries)), key=lambda at: deliveries[at].stream_sequence):
            one = deliveries[at]
            sequence, key = one.stream_sequence, (one.stream_sequence, one.stored_us)
            if one.incarnation is not None:
                found[at] = Placed(Place(one.incarnation, sequence), handled=False)
                continue
            if key in known:
                found[at] = Placed(Place(known[key], sequence), handled=True)
                continue
            incarnation = self._incarnation_of(sequence)
            if taken.setdefault((incarnation, sequence), one.stored_us) != one.stored_us:
                incarnation = self._begin_at(sequence, incarnation)
                taken[incarnation, sequence] = one.stored_us
            found[at] = Placed(Place(incarnation, sequence), handled=False)
            if sequence > self._last:
                self._last, self._last_stored_us = sequence, one.stored_us
        self._settle({one.stream_sequence for one in deliveries if one.incarnation is None})
        return [found[at] for at in range(len(deliveries))]

    def _known(self, sequences: set[int]) -> dict[tuple[int, int], int]:
        """Return the incarnation of the messages with an outcome, by number and by when the broker stored them."""
        wanted = sorted(sequences)
        known: dict[tuple[int, int], int] = {}
        for start in range(0, len(wanted), NUMBERS_PER_SELECT):
            part = wanted[start : start + NUMBERS_PER_SELECT]
            query = f"SELECT stream_sequence, stored_us, incarnation FROM ledger WHERE stream_sequence IN ({','.join('?' * len(part))})"  # noqa: E501, S608 - question marks only
            known |= {(row[0], row[1]): row[2] for row in self._connection.execute(query, part)}
        return known

    def _begin_at(self, sequence: int, taken: int) -> int:
        """Return the incarnation of a message whose number another one had in the incarnation `taken`.

        The broker has lost that one, and numbers what comes from there on anew. Where the newest incarnation is known
        by a later message only, it began here already: another one would place this message behind it.
        """
        newest = self._incarnations[0]
        if newest.number == taken:
            self.begin(Incarnation(newest.number + 1, sequence))
            return newest.number + 1
        self._incarnations[0] = self._changed[newest.number] = Incarnation(newest.number, sequence)
        self._settled = min(self._settled, sequence - 1)
        return newest.number

    def begin(self, incarnation: Incarnation) -> None:
        """Count the messages from a number on to a new incarnation of the stream."""
        self._incarnations.insert(0, incarnation)
        self._changed[incarnation.number] = incarnation
        self._last, self._last_stored_us = max(0, incarnation.first_sequence - 1), 0
        self._settled = min(self._settled, self._last)

    def _settle(self, sequences: set[int]) -> None:
        """Raise the number up to which every message was handled, those of this transaction counted in."""
        start, end = self._settled, self._settled
        # in parts: where a message is missing, what was handled behind it may be much, and is not read
        while self._settled == end:
            start, end = end, end + NUMBERS_PER_SELECT
            handled = sequences | self._handled(start, end)
            while self._settled < end and self._settled + 1 in handled:
                self._settled += 1

    def _handled(self, after: int, up_to: int) -> set[int]:
        """Return the numbers within a range that have an outcome, each in the incarnation that it belongs to now."""
        if self._before[0] <= after:
            return set()
        query = "SELECT stream_sequence, incarnation FROM ledger WHERE stream_sequence > ? AND stream_sequence <= ?"
        rows = self._connection.execute(query, (after, up_to))
        return {one for one, incarnation in rows if self._incarnation_of(one) == incarnation}

    def settle_up_to(self, sequence: int) -> None:
        """Take the broker's word that every message up to a number was handled or is gone."""
        self._settled = max(self._settled, sequence)

    def write(self) -> None:
        """Send what has changed to SQLite."""
        now = (self._last, self._last_stored_us, self._settled)
        if now != self._before:
            self._connection.execute("UPDATE stream SET last_sequence=?, last_stored_us=?, settled_sequence=?", now)
        self._connection.executemany("INSERT OR REPLACE INTO incarnations VALUES (?, ?)", self._changed.values())
