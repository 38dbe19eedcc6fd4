"""Counts all matches: by value of a field, and by interval of time."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.matches import Matches
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.segment import DocumentValues


class Facet:
    """A filter field's values by document, in a whole commit."""

    def __init__(self, segments: Sequence[DocumentValues]) -> None:
        numbers: dict[bytes, int] = {}
        parts = []
        for segment in segments:
            renumbered = [numbers.setdefault(term, len(numbers)) for term in segment.terms]
            parts.append(np.array(renumbered, np.intp).take(segment.numbers))
        self._values = [term.decode() for term in numbers]
        self._numbers = np.concatenate(parts) if parts else np.zeros(0, np.intp)
        self._counts = np.concatenate([segment.counts for segment in segments] or [np.zeros(0, np.uint16)])
        self._ends = np.cumsum(self._counts, dtype=np.int64)

    def counts(self, matches: Matches) -> dict[str, int]:
        """Give each value that a match has, with the number of matches that have it."""
        documents = matches.sparse().documents
        sizes = self._counts.take(documents)
        # the places of all values of a document, and of the next, and so on
        shift = self._ends.take(documents) - np.cumsum(sizes, dtype=np.int64)
        where = np.arange(int(sizes.sum(dtype=np.int64))) + np.repeat(shift, sizes)
        own = np.bincount(self._numbers.take(where), minlength=len(self._values))
        some = np.flatnonzero(own)
        return {self._values[number]: count for number, count in zip(some.tolist(), own[some].tolist(), strict=True)}


def count_intervals(dates: Array, edges: Sequence[int]) -> list[int]:
    """Give the number of dates in each interval [edge, next edge); `edges` are sorted, in the unit of `dates`."""
    if len(edges) <= 1:
        return []
    behind = np.searchsorted(np.array(edges, np.int64), dates, "right")
    counts: list[int] = np.bincount(behind, minlength=len(edges) + 1)[1 : len(edges)].tolist()
    return counts
