"""What finds the few terms of a dictionary that a word may have been meant for, without looking at each term."""

import ctypes
from functools import cached_property

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel

LETTER_BITS = 31
FIRST_NOT_ASCII = 0x80
UTF8_LEAD_MASK, UTF8_CONTINUATION = 0xC0, 0x80
ENDING_BYTES = 8
SIZES = 256
"""Terms are counted in characters up to one less."""


class Neighbours:
    """What is known of the terms of a dictionary by their sizes, ends and letters; made when it is first asked for.

    It takes 14 bytes for each term once a word was asked for with one edit, and 9 once one was with more.
    """

    def __init__(self, terms: kernel.Dictionary, data: Array, ends: Array, lengths: Array) -> None:
        """Take the terms, their bytes, one behind the other, where each ends, and its length."""
        self._terms = terms
        self._data = data
        self._ends = ends
        self._lengths = lengths

    @cached_property
    def by_parts(self) -> kernel.Neighbours:
        """For words with one edit: a term begins with the same letters as the word, or ends with all that follow."""
        endings = np.zeros(len(self._ends), np.uint64)
        for back in range(1, ENDING_BYTES + 1):
            has = np.flatnonzero(self._lengths >= back)
            byte = self._data.take(self._ends.take(has).astype(np.intp) - back)
            endings[has] |= byte.astype(np.uint64) << np.uint64(8 * (ENDING_BYTES - back))
        order = np.argsort(endings)
        sizes = self._sizes.take(order)
        return self._described(endings=endings.take(order), by_ending=order.astype(np.uint32), ending_sizes=sizes)

    @cached_property
    def by_letters(self) -> kernel.Neighbours:
        """For words that are short or have more edits: terms of about the same size have almost the same letters."""
        order = np.argsort(self._sizes, kind="stable")
        begins = np.searchsorted(self._sizes.take(order), np.arange(SIZES + 1)).astype(np.uint64)
        letters = _letters(self._data, self._ends.astype(np.intp) - self._lengths).take(order)
        return self._described(letters=letters, by_size=order.astype(np.uint32), begins=begins)

    def _described(self, **arrays: Array) -> kernel.Neighbours:
        arrays["sizes"] = self._sizes  # another thread may make them anew
        described = kernel.Neighbours(
            terms=ctypes.addressof(self._terms),
            ends=kernel.numbers(self._ends),
            **{name: kernel.address(array) for name, array in arrays.items()},
        )
        described.kept = self, arrays
        return described

    @cached_property
    def _sizes(self) -> Array:
        """The size of each term in characters, up to 255."""
        begins = (self._data & UTF8_LEAD_MASK) != UTF8_CONTINUATION
        counts = np.add.reduceat(begins, self._ends.astype(np.intp) - self._lengths, dtype=np.int32)
        return np.minimum(counts, SIZES - 1).astype(np.uint8)


def _letters(data: Array, starts: Array) -> Array:
    """Return for each term a bit for each letter in it.

    An edit changes at most two of the bits, so terms whose bits differ in more than twice the distance are out.
    Only ASCII counts: what is left out cannot make two terms differ more.
    """
    bits = np.where(data < FIRST_NOT_ASCII, np.uint32(1) << (data & LETTER_BITS).astype(np.uint32), np.uint32(0))
    return np.bitwise_or.reduceat(bits, starts)
