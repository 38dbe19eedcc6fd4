"""Chooses what is merged: eight segments of one order of size become one; with many deletions, one becomes smaller."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate

from newsdex.index.columnar.storage.segment import ColumnarSegment

MERGE_FACTOR = 8
SMALL_DOCUMENTS = (100, 2_000)
"""Segments below each of these are of one order: merging them takes milliseconds, and each costs a query some."""
MAX_DELETED = 0.3
MAX_MERGED_BYTES = 512 << 20
"""Bounds the memory of a merge, about three times as much."""


MAX_HIDDEN_US = 30 * 60 * 1_000_000
"""So long words of an article that is shown no more may stay in a segment, where only statistics tell of them."""


def purge_at_us(segment: ColumnarSegment) -> int | None:
    """Return when a segment should be merged to be rid of what is shown no more; None where it has nothing such."""
    return None if segment.hidden_since_us is None else segment.hidden_since_us + MAX_HIDDEN_US


def choose_purge(segments: Sequence[ColumnarSegment], now_us: int) -> list[ColumnarSegment]:
    """Return the segment that should be merged next, alone, to be rid of what is shown no more; none where all is well.

    What a clock that was set back makes appear to lie in the future is due at once.
    """
    due = [
        (since_us, at)
        for at, since_us in enumerate(segment.hidden_since_us for segment in segments)
        if since_us is not None and not now_us - MAX_HIDDEN_US < since_us <= now_us
    ]
    return [segments[min(due)[1]]] if due else []


def choose_merge(segments: Sequence[ColumnarSegment], sizes: Mapping[str, int]) -> list[ColumnarSegment]:
    """Return the segments that should become one next; none where all is well. `sizes` has their bytes by id."""
    tiers: dict[int, list[ColumnarSegment]] = defaultdict(list)
    for segment in segments:
        tiers[_tier(segment.doc_count())].append(segment)
    for _, tier in sorted(tiers.items()):
        if len(tier) < MERGE_FACTOR:
            continue
        # the smallest first: a large one must not keep the others from being merged
        by_size = sorted((sizes[segment.segment_id()], at) for at, segment in enumerate(tier))
        fitting = bisect_right(list(accumulate(size for size, _ in by_size)), MAX_MERGED_BYTES)
        chosen = [tier[at] for at in sorted(at for _, at in by_size[:fitting])]
        if len(chosen) > 1:
            return chosen
    return [s for s in segments if s.deleted > MAX_DELETED * s.documents and sizes[s.segment_id()] < MAX_MERGED_BYTES][
        :1
    ]


def _tier(documents: int) -> int:
    small = bisect_right(SMALL_DOCUMENTS, documents)
    beyond = int(math.log(documents / SMALL_DOCUMENTS[-1], MERGE_FACTOR)) if documents > SMALL_DOCUMENTS[-1] else 0
    return small + beyond
