"""Counts all matches: by value of a field, and by interval of time."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.doc_set import DocSet
from newsdex.index.columnar.storage.segment import DocumentValues
from newsdex.index.schema import filter_value

CELL_BITS = 12
MANY_DATES = 10_000
"""From so many dates on, finding the interval of each cell first is worth it."""


class FacetColumn:
    """A filter field's values by document, in a whole commit; spellings that a filter takes for one are one value."""

    def __init__(self, segments: Sequence[DocumentValues]) -> None:
        numbers: dict[bytes, int] = {}
        parts = []
        for segment in segments:
            renumbered = [numbers.setdefault(term, len(numbers)) for term in segment.terms]
            parts.append(np.array(renumbered, np.intp).take(segment.numbers))
        self.spellings = [term.decode() for term in numbers]
        folded = [filter_value(spelling) for spelling in self.spellings]
        self.values = sorted(set(folded))
        """As filters compare them."""
        self.place = {value: place for place, value in enumerate(self.values)}
        self.value_of = np.array([self.place[value] for value in folded], np.intp)
        """The place of each spelling's value."""
        self._numbers = np.concatenate(parts) if parts else np.zeros(0, np.intp)
        self._counts = np.concatenate([segment.counts for segment in segments] or [np.zeros(0, np.uint16)])
        self._ends = np.cumsum(self._counts, dtype=np.int64)
        self._only: Array | None = None
        """The one value of each document, one number more for none; None where a document has several."""
        if self._counts.max(initial=0) <= 1:
            self._only = np.full(len(self._counts), len(self.spellings), np.intp)
            self._only[self._counts > 0] = self._numbers

    def counts(self, matches: DocSet) -> "FacetCounts":
        """Count the matches that have each value."""
        documents, spellings = matches.doc_list().documents, len(self.spellings)
        if self._only is not None:
            own = np.bincount(self._only.take(documents), minlength=spellings + 1)
            return FacetCounts(self, own[:spellings])
        sizes = self._counts.take(documents)
        # the places of all values of a document, and of the next, and so on
        shift = self._ends.take(documents) - np.cumsum(sizes, dtype=np.int64)
        where = np.arange(int(sizes.sum(dtype=np.int64))) + np.repeat(shift, sizes)
        return FacetCounts(self, np.bincount(self._numbers.take(where), minlength=spellings))


class FacetCounts:
    """How many matches have each value of a field; of many thousands of values a few are looked at."""

    def __init__(self, facet: FacetColumn, by_spelling: Array) -> None:
        self._facet = facet
        self._by_spelling = by_spelling

    @cached_property
    def _totals(self) -> Array:
        facet = self._facet
        return np.bincount(facet.value_of, self._by_spelling, minlength=len(facet.values)).astype(np.int64)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._totals))

    def by_spelling(self) -> dict[str, int]:
        """Return each spelling that a match has, with the number of matches that have it."""
        some = np.flatnonzero(self._by_spelling)
        counts = self._by_spelling[some].tolist()
        return {self._facet.spellings[number]: count for number, count in zip(some.tolist(), counts, strict=True)}

    def most_frequent(self, limit: int) -> list[str]:
        """Return the values that most matches have, folded, most frequent first; equals in their alphabetical order."""
        totals = self._totals
        some = np.flatnonzero(totals)
        if len(some) > limit:
            least = np.partition(totals.take(some), len(some) - limit)[len(some) - limit]
            above, equal = np.flatnonzero(totals > least), np.flatnonzero(totals == least)
            some = np.concatenate([above, equal[: limit - len(above)]])
        order = np.argsort(-totals.take(some), kind="stable")
        return [self._facet.values[place] for place in some.take(order).tolist()]

    def of(self, value: str) -> tuple[str, int]:
        """Return the most frequent spelling of a folded value, of equals the last, and its count; `("", 0)` if none."""
        place = self._facet.place.get(value)
        if place is None or not self._totals[place]:
            return "", 0
        own = np.flatnonzero(self._facet.value_of == place).tolist()
        _, spelling = max((self._by_spelling[number], self._facet.spellings[number]) for number in own)
        return spelling, int(self._totals[place])


def count_intervals(dates: Array, edges: Sequence[int]) -> list[int]:
    """Return the number of dates in each interval [edge, next edge); `edges` are sorted, in the unit of `dates`."""
    if len(edges) <= 1:
        return []
    bounds = np.array(edges, np.int64)
    own = dates[(dates >= bounds[0]) & (dates < bounds[-1])]
    behind = _behind(own, bounds) if len(own) >= MANY_DATES else bounds.searchsorted(own, "right")
    counts: list[int] = np.bincount(behind, minlength=len(edges) + 1)[1 : len(edges)].tolist()
    return counts


def _behind(dates: Array, bounds: Array) -> Array:
    """Return behind how many of the bounds each date is; none is before the first bound or behind the last.

    A search for each date guesses wrong at every step. Here dates are put into cells of a power of two, most of which
    lie in one interval; only dates in the others are searched for.
    """
    first, last = int(bounds[0]), int(bounds[-1])
    shift = max(0, (last - first).bit_length() - CELL_BITS)
    begins = first + (np.arange((last - first >> shift) + 1) << shift)
    least = bounds.searchsorted(begins, "right")
    parted = least != bounds.searchsorted(begins + ((1 << shift) - 1), "right")
    cells = (dates - first) >> shift
    behind: Array = least.take(cells)
    unsure = np.flatnonzero(parted.take(cells))
    behind[unsure] = bounds.searchsorted(dates.take(unsure), "right")
    return behind
