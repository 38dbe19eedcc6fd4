"""Finds articles that are versions of one story: near-duplicates, by their signatures and dates.

Whether two articles are versions depends on nothing but the two. What a search shows of them depends on its matches
only: in the order of hits, a hit is a repeat if a hit before it that is no repeat is a version of it. So no two hits
that are shown are versions of each other, and every other match is a version of one that is shown before it.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.columnar.storage.signatures import WORDS
from newsdex.index.columnar.storage.term_dictionary import Stop

HOUR_US = 3_600_000_000
SAME_DAY_US, MOST_DIFFERING = 20 * HOUR_US, 62
"""Of texts published within so many hours, at most so many of the 256 bits differ: half of their shingles are the same.

Chosen by `tests/relevance/repeats.py`: reports that come each day follow a form, and differ by their figures only.
"""
MOST_OF_FIRST_WORD = 24
"""Of the first 64 bits of both, at most so many differ: of two texts that have nothing in common, 3 % come so near."""
SAME_DAYS_US, FEW_DIFFERING = 96 * HOUR_US, 9
"""Of texts published further apart, but within so many hours, only so few differ: nine tenths are the same."""
AT_ONCE = 1 << 15
"""So many pairs are compared at a time: what that takes stays in the processor's cache."""


class Versions:
    """Tells which documents of a commit are versions of one story."""

    def __init__(self, snapshot: Snapshot, stop: Stop) -> None:
        """Take a commit, and what tells when the time is over: from then on, none is."""
        self._snapshot = snapshot
        self._stop = stop

    def pairs(self, some: Array, among: Array) -> Iterator[tuple[Array, Array]]:
        """Yield pairs of versions, some at a time: their places in two lists of sorted documents.

        A document is no version of itself.
        """
        if not len(some) or not len(among):
            return
        asked, dates = self._signatures(some), self._dates(some)
        for first, second, differing in self._near(asked, among):
            others = among.take(second)
            are_versions = _are_versions(differing, dates.take(first), self._dates(others))
            kept = np.flatnonzero(are_versions & (others != some.take(first)))
            yield first.take(kept), second.take(kept)

    def of(self, document: int, among: Array) -> Array:
        """Return those of some sorted documents that are versions of one, sorted."""
        found = [places for _, places in self.pairs(np.array([document], np.intp), among)]
        return among.take(np.concatenate(found)) if found else among[:0]

    def any_of(self, some: Array, among: Array) -> Array:
        """Return of each of some sorted documents whether others have a version of it, bool[n]."""
        found = np.zeros(len(some), bool)
        for places, _ in self.pairs(some, among):
            found[places] = True
        return found

    def within(self, some: Array) -> dict[int, list[int]]:
        """Return the versions that each of some sorted documents has among them; without those that have none."""
        found: dict[int, list[int]] = defaultdict(list)
        for places, others in self.pairs(some, some):
            for one, other in zip(some.take(places).tolist(), some.take(others).tolist(), strict=True):
                found[one].append(other)
        return found

    def counts(self, some: Array, among: Array) -> Array:
        """Return how many versions each of some sorted documents has among others."""
        found = np.zeros(len(some), np.int64)
        for places, _ in self.pairs(some, among):
            found += np.bincount(places, minlength=len(some))
        return found

    def _signatures(self, documents: Array, words: slice = slice(WORDS)) -> Array:
        """Return some words of the signatures of some sorted documents, uint64[words, n]."""
        made = np.empty((len(range(WORDS)[words]), len(documents)), np.uint64)
        for data, base, span in self._snapshot.by_segment(documents):
            made[:, span] = data.signatures[words].take(documents[span] - base, axis=1)
        return made

    def _dates(self, documents: Array) -> Array:
        return self._snapshot.column("published").take(documents)

    def _near(self, asked: Array, among: Array) -> Iterator[tuple[Array, Array, Array]]:
        """Yield places in both, and how many bits of the two differ, where these are few."""
        able = np.flatnonzero(asked.any(axis=0))
        if not len(able):
            return
        asked = asked[:, able, np.newaxis]
        step = max(AT_ONCE // len(able), 1)
        for start in range(0, len(among), step):
            if self._stop():
                return
            others = among[start : start + step]
            own = self._signatures(others, slice(0, 1))
            # one word of four shows nearly all pairs to be too far apart
            differing = np.bitwise_count(asked[0] ^ own[0])
            first, second = np.divmod(np.flatnonzero(differing <= MOST_OF_FIRST_WORD), own.shape[1])
            exact = differing[first, second].astype(np.int64)
            places, which = np.unique(second, return_inverse=True)
            own = self._signatures(others.take(places), slice(1, WORDS))
            exact += np.bitwise_count(asked[1:, first, 0] ^ own[:, which]).sum(axis=0, dtype=np.int64)
            near = np.flatnonzero(exact <= MOST_DIFFERING)
            if len(near):
                yield able.take(first.take(near)), second.take(near) + start, exact.take(near)


def _are_versions(differing: Array, dates: Array, other_dates: Array) -> Array:
    """Return whether pairs are versions; of an article without a date none is too far away."""
    dated = (dates != ABSENT) & (other_dates != ABSENT)
    apart = np.where(dated, np.abs(dates - other_dates), 0)
    same_days: Array = (differing <= FEW_DIFFERING) & (apart <= SAME_DAYS_US)
    same_days |= apart <= SAME_DAY_US
    return same_days
