"""Counts all matches of a segment: by value of a field, and by interval of time."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.columns import ABSENT, Column
from newsdex.index.columnar.matches import Matches
from newsdex.index.columnar.postings import PostingField
from newsdex.index.columnar.sections import Array


def count_values(field: PostingField, matches: Matches) -> list[tuple[str, int]]:
    """Give each value of a field that a match has, with the number of matches that have it."""
    starts = field.starts()
    hits = matches.mask().take(field.documents(0, int(starts[-1])))
    own = np.add.reduceat(hits, starts[:-1].astype(np.int64), dtype=np.int64)
    return [(field.terms[term].decode(), int(own[term])) for term in np.flatnonzero(own).tolist()]


def count_intervals(column: Column, edges: Sequence[int], matches: Matches) -> Array:
    """Give the number of matches in each interval [edge, next edge); `edges` are sorted, in the column's unit."""
    intervals = max(len(edges) - 1, 0)
    if not intervals or column.empty:
        return np.zeros(intervals, np.int64)
    values = column.at(matches.sparse().documents, ABSENT)
    behind = np.searchsorted(np.array(edges, np.int64), values, "right")
    return np.bincount(behind, minlength=intervals + 2)[1 : intervals + 1]


def span_of(column: Column, matches: Matches) -> tuple[int, int] | None:
    """Give the least and the greatest value of the matches, or None where none has one."""
    values = column.at(matches.sparse().documents, ABSENT)
    values = values[values != ABSENT]
    return (int(values.min()), int(values.max())) if len(values) else None
