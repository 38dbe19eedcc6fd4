"""Keeps what filters allow in each segment: segments never change, so a commit makes none of it anew."""

import threading
from typing import Any
from weakref import WeakKeyDictionary

from newsdex.index.columnar.execution import Execution
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.segment import SegmentData

MAX_FILTERS = 64
"""For each segment; a filter takes one byte per document."""


class FilterCache:
    """Masks by segment and filter."""

    def __init__(self) -> None:
        self._masks: WeakKeyDictionary[SegmentData, dict[Any, Array]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def mask(self, data: SegmentData, tree: Any, execution: Execution) -> Array:
        """Tell of each document of a segment whether a filter allows it."""
        with self._lock:
            known = self._masks.setdefault(data, {})
            if tree in known:
                return known[tree]
        mask = execution.mask(tree)
        if not execution.partial:
            with self._lock:
                if len(known) >= MAX_FILTERS:
                    known.clear()
                known[tree] = mask
        return mask
