"""Tells which terms of a segment a document has that is not deleted: the others are words of what is shown no more."""

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.segment import OpenSegment

READ_AT_ONCE = 4_096
"""Postings are read so many in one piece, but for those of a frequent term."""


def live_terms(segment: OpenSegment, field: PostingField, first: int, stop: int) -> Array:
    """Return for each of the terms [first, stop) of a field whether a document that is not deleted has it."""
    if segment.alive is None or first == stop:
        return np.ones(stop - first, bool)
    starts = field.starts()[first : stop + 1].astype(np.int64)
    live: Array = np.diff(starts) > segment.deleted
    at = 0
    while at < len(live):
        end = max(at + 1, int(starts.searchsorted(starts[at] + READ_AT_ONCE, "right")) - 1)
        if not live[at:end].all():
            documents = field.documents(int(starts[at]), int(starts[end]))
            live[at:end] = np.logical_or.reduceat(segment.alive.take(documents), starts[at:end] - starts[at])
        at = end
    return live
