"""Reads packed numbers of several places, and of several files, in one go."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.packing import BLOCK, LOADED_BYTES, WORD_BYTES, Packed
from newsdex.index.columnar.sections import Array

_BITS = np.arange(33)[:, None] * np.arange(BLOCK)
_BYTES_OF = (_BITS >> 3).astype(np.intp)
_SHIFTS_OF = (_BITS & 7).astype(np.uint32)
"""For each width, at which byte of a block each number begins, and at which bit of it."""
_MASKS = (1 << np.arange(33)) - 1
NARROW_BITS = 25
"""Numbers of so many bits are within four bytes, whatever bit they begin at."""


def unpack_spans(spans: Sequence[tuple[Packed, int, int]]) -> Array:
    """Give several spans [start, stop) of packed numbers, none empty, one behind the other, as int64.

    The steps are those for one span; what they cost before they do anything comes once.
    """
    blocks = [packed.blocks(start, stop) for packed, start, stop in spans]
    widths = np.concatenate([own for _, own in blocks]).astype(np.intp)
    # a number is read as the bytes from where it begins; behind the last there must be some, too
    words = np.concatenate([*(own for own, _ in blocks), np.zeros(LOADED_BYTES // WORD_BYTES, np.uint32)])
    size = LOADED_BYTES if int(widths.max()) > NARROW_BITS else LOADED_BYTES // 2
    count = len(words) * WORD_BYTES - size + 1
    # copied, since numpy takes from overlapping numbers one by one
    loaded = np.ndarray((count,), f"<u{size}", words.data, 0, (1,)).copy()
    places = _BYTES_OF.take(widths, 0)
    places += ((np.cumsum(widths) - widths) * WORD_BYTES)[:, None]
    numbers = loaded.take(places)
    numbers >>= _SHIFTS_OF.take(widths, 0)
    numbers &= _MASKS.take(widths).astype(numbers.dtype)[:, None]
    flat, at, parts = numbers.ravel(), 0, []
    for (_, start, stop), (_, own) in zip(spans, blocks, strict=True):
        skipped = start % BLOCK
        parts.append(flat[at + skipped : at + skipped + stop - start])
        at += len(own) * BLOCK
    return np.concatenate(parts, dtype=np.int64)
