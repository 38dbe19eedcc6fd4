"""The documents of many terms, all with one score: what a prefix, a pattern, a fuzzy word or a range stands for."""

import struct
from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.doc_set import Among, Dense, Sparse
from newsdex.index.columnar.query.term_lookup import Sources
from newsdex.index.columnar.storage.section_file import Array
from newsdex.index.columnar.storage.term_dictionary import Stop


class Expansion:
    """The documents of many terms, as bits. One of `matches.Matches`."""

    __slots__ = ("_marks", "_place", "positive", "score", "universe")

    def __init__(self, universe: int, score: float) -> None:
        """Take the number of documents of the commit."""
        self.universe = universe
        self.score = score
        self.positive = score > 0
        # one more for the number of postings
        self._marks = np.zeros(-(-universe // kernel.WORD_BITS) + 1, np.uint64)
        self._place = kernel.address(self._marks)

    def add(self, sources: Sources, ranges: Array, stop: Stop) -> None:
        """Add the documents of some ranges of terms, rows of (source, first, stop); stop when told so."""
        done, postings = 0, self._place + self._words * self._marks.itemsize
        while done < len(ranges):
            done += sources.mark(ranges[done:], self._place, postings)
            if done < len(ranges) and stop():
                return

    @property
    def _words(self) -> int:
        return len(self._marks) - 1

    @property
    def postings(self) -> int:
        """Give how many postings the terms have."""
        return int(self._marks[-1])

    @property
    def bound(self) -> int:
        """Give a number that is at least the number of matches."""
        return min(self.postings, self.universe)

    def __len__(self) -> int:
        return int(np.bitwise_count(self._marks[:-1]).sum())

    def sparse(self) -> Sparse:
        """Give the documents, sorted."""
        documents = np.empty(self.bound, np.int64)
        count = kernel.marked(self._place, self._words, kernel.address(documents))
        return Sparse(self.universe, documents[:count], self.score, positive=self.positive)

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        bits = np.unpackbits(self._marks[:-1].view(np.uint8), bitorder="little", count=self.universe)
        mask: Array = bits.view(bool)
        return mask

    def resolved(self) -> Sparse | Dense:
        """Give the same matches in the form that suits their number."""
        if self.postings > self.universe:
            return Dense(self.mask(), self.score, positive=self.positive)
        return self.sparse()

    def among(self, documents: Array) -> Among:
        """Tell which of some sorted documents match."""
        octets = self._marks.view(np.uint8).take(documents >> 3)
        return Among(np.flatnonzero(octets >> (documents & 7).astype(np.uint8) & 1), self.score)


def any_expansion(universe: int, parts: Sequence[Expansion]) -> Sparse:
    """Give the documents of any of some expansions; scores add up."""
    size, count = min(sum(part.postings for part in parts), universe), len(parts)
    made = np.empty((2, size), np.int64)
    place = kernel.address(made)
    marks = struct.pack(f"={count}Q", *(part._place for part in parts))  # noqa: SLF001 - expansions among themselves
    own = struct.pack(f"={count}f", *(part.score for part in parts))
    words = -(-universe // kernel.WORD_BITS)
    found = kernel.any_marked(marks, own, count, words, place, place + made.strides[0])
    documents, scores = made[:, :found]
    positive = all(part.positive for part in parts)
    return Sparse(universe, documents, scores.view(np.float64), positive=positive)
