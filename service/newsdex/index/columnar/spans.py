"""Reads packed numbers of several places, and of several files, in one go."""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from newsdex.index.columnar.packing import BLOCK, WORD_BYTES, Packed
from newsdex.index.columnar.sections import Array

_BITS = np.arange(33)[:, None] * np.arange(BLOCK)
_BYTES_OF = (_BITS >> 3).astype(np.intp)
_SHIFTS_OF = (_BITS & 7).astype(np.uint32)
"""For each width, at which byte of a block each number begins, and at which bit of it."""
_MASKS = (1 << np.arange(33)) - 1
NARROW_BITS = 25
"""Numbers of so many bits are within four bytes, whatever bit they begin at."""


class Spans:
    """Several spans [start, stop) of packed numbers, one behind the other.

    What the steps cost before they do anything comes once, not once for each span.
    """

    def __init__(self, spans: Sequence[tuple[Packed, int, int]]) -> None:
        """Take spans of which none is empty."""
        blocks = [packed.blocks(start, stop) for packed, start, stop in spans]
        self._sizes = [stop - start for _, start, stop in spans]
        counts = [len(own) for _, own in blocks]
        self._first = [
            before * BLOCK + start % BLOCK
            for before, (_, start, _) in zip(accumulate(counts, initial=0), spans, strict=False)
        ]
        """Where each span begins among the numbers of all blocks."""
        self._widths = np.concatenate([own for _, own in blocks]).astype(np.intp)
        self._begins = (np.cumsum(self._widths) - self._widths) * WORD_BYTES
        # a number is read as the bytes from where it begins; behind the last there must be some, too
        words = np.concatenate([*(own for own, _ in blocks), np.zeros(1, np.uint64)])
        size = WORD_BYTES if int(self._widths.max()) > NARROW_BITS else WORD_BYTES // 2
        count = len(words) * WORD_BYTES - size + 1
        # copied, since numpy takes from overlapping numbers one by one
        self._loaded = np.ndarray((count,), f"<u{size}", words.data, 0, (1,)).copy()

    def all(self) -> Array:
        """Give all numbers as int64."""
        places = _BYTES_OF.take(self._widths, 0)
        places += self._begins[:, None]
        numbers = self._loaded.take(places)
        numbers >>= _SHIFTS_OF.take(self._widths, 0)
        numbers &= _MASKS.take(self._widths).astype(numbers.dtype)[:, None]
        flat = numbers.ravel()
        spans = zip(self._first, self._sizes, strict=True)
        return np.concatenate([flat[first : first + size] for first, size in spans], dtype=np.int64)

    def at(self, places: Array) -> Array:
        """Give the numbers at some sorted places of all spans as int64."""
        ends = list(accumulate(self._sizes))
        shifts = np.array([first - end + size for first, end, size in zip(self._first, ends, self._sizes, strict=True)])
        own = np.diff(places.searchsorted(ends), prepend=0)
        flat = places + shifts.repeat(own)
        blocks = flat // BLOCK
        flat &= BLOCK - 1
        widths = self._widths.take(blocks)
        flat += widths * BLOCK  # the place in the tables by width
        numbers = self._loaded.take(self._begins.take(blocks) + _BYTES_OF.take(flat))
        numbers >>= _SHIFTS_OF.take(flat)
        numbers &= _MASKS.take(widths).astype(numbers.dtype)
        found: Array = numbers.astype(np.int64)
        return found
