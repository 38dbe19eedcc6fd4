"""Finds the few terms of a dictionary that a word may have been meant for, without looking at each term."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from newsdex.index.columnar.sections import Array

LETTER_BITS = 31
FIRST_NOT_ASCII = 0x80
UTF8_LEAD_MASK, UTF8_CONTINUATION = 0xC0, 0x80
BEGINNING, SHORT_BEGINNING = 3, 2
"""A word one edit away begins with the same so many letters, or ends with all that follow them."""
LONG, HALVED = 7, 4
"""Words from so many letters on are parted there: what follows must be more than an ending, such as -ing."""
MANY_ENDED = 2_000
"""More terms than these, as end in -ing, are rather told apart by their letters."""
ENDING_BYTES = 8
ENDING_BITS = 8 * ENDING_BYTES


class Neighbours:
    """What is known of the terms of a dictionary by their ends and letters; made when it is first asked for.

    It takes 12 bytes for each term once a word was asked for with one edit, and 9 once one was with more.
    """

    def __init__(self, data: Array, ends: Array, lengths: Array) -> None:
        """Take the bytes of all terms, one behind the other, where each term ends, and its length."""
        self._data = data
        self._ends = ends
        self._lengths = lengths

    def near(
        self, text: str, distance: int, beginning: Callable[[bytes], tuple[int, int]]
    ) -> tuple[tuple[int, int], Array]:
        """Give the terms that may be so many edits away: the numbers [first, stop), and others, uint32, each once.

        `beginning` gives the numbers of the terms that begin with some bytes; they may be among the others, too.
        """
        if distance == 1 and len(text) >= HALVED:
            at = BEGINNING if len(text) >= LONG else SHORT_BEGINNING
            ended = self._ended(text[at:].encode())
            if len(ended) <= MANY_ENDED:
                return beginning(text[:at].encode()), ended
        return (0, 0), self._with_like_letters(text, distance)

    @cached_property
    def _by_ending(self) -> tuple[Array, Array]:
        """The terms' endings, the last byte as the most significant, sorted, and the numbers in that order."""
        endings = np.zeros(len(self._ends), np.uint64)
        for back in range(1, ENDING_BYTES + 1):
            has = np.flatnonzero(self._lengths >= back)
            byte = self._data.take(self._ends.take(has).astype(np.intp) - back)
            endings[has] |= byte.astype(np.uint64) << np.uint64(ENDING_BITS - 8 * back)
        order = np.argsort(endings)
        return endings.take(order), order.astype(np.uint32)

    def _ended(self, rest: bytes) -> Array:
        """Give the terms that end with some bytes, or at least with the last of them."""
        endings, order = self._by_ending
        ending = rest[-ENDING_BYTES:]
        least = int.from_bytes(ending[::-1].ljust(ENDING_BYTES, b"\0"))
        greatest = least | ((1 << ENDING_BITS - 8 * len(ending)) - 1)
        start, stop = endings.searchsorted(np.uint64(least)), endings.searchsorted(np.uint64(greatest), "right")
        return order[start:stop]

    @cached_property
    def characters(self) -> Array:
        """The length of each term in characters, up to 255."""
        begins = (self._data & UTF8_LEAD_MASK) != UTF8_CONTINUATION
        counts = np.add.reduceat(begins, self._ends.astype(np.intp) - self._lengths, dtype=np.int32)
        return np.minimum(counts, np.iinfo(np.uint8).max).astype(np.uint8)

    @cached_property
    def _by_length(self) -> tuple[Array, Array, Array]:
        """The terms by their lengths: numbers, letters, and where each length begins."""
        order = np.argsort(self.characters, kind="stable")
        longest = int(self.characters.max(initial=0))
        begins = np.searchsorted(self.characters.take(order), np.arange(longest + 2))
        letters = _letters(self._data, self._ends.astype(np.intp) - self._lengths)
        return order.astype(np.uint32), letters.take(order), begins

    def _with_like_letters(self, text: str, distance: int) -> Array:
        """Give the terms of about the right length with almost the same letters."""
        order, letters, begins = self._by_length
        shortest, longest = max(len(text) - distance, 0), len(text) + distance
        if shortest >= len(begins) - 1:
            return np.zeros(0, np.uint32)
        start, stop = int(begins[shortest]), int(begins[min(longest + 1, len(begins) - 1)])
        own = _letters(np.frombuffer(text.encode() or b"\0", np.uint8), np.zeros(1, np.intp))
        near = np.flatnonzero(np.bitwise_count(letters[start:stop] ^ own[0]) <= 2 * distance)
        return order[start:stop].take(near)


def _letters(data: Array, starts: Array) -> Array:
    """Give for each term a bit for each letter in it.

    An edit changes at most two of the bits, so terms whose bits differ in more than twice the distance are out.
    Only ASCII counts: what is left out cannot make two terms differ more.
    """
    if not len(starts):
        return np.zeros(0, np.uint32)
    bits = np.where(data < FIRST_NOT_ASCII, np.uint32(1) << (data & LETTER_BITS).astype(np.uint32), np.uint32(0))
    return np.bitwise_or.reduceat(bits, starts)
