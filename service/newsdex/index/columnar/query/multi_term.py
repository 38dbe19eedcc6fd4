"""The documents of many terms, all with one score: what a prefix, a pattern, a fuzzy word or a range stands for."""

import struct
from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.doc_set import DocBitmap, DocList, Intersection
from newsdex.index.columnar.query.term_lookup import FieldReader
from newsdex.index.columnar.storage.term_dictionary import Stop


class MultiTermDocs:
    """The documents of many terms, as bits. One kind of `doc_set.DocSet`."""

    __slots__ = ("_marks", "_place", "max_doc", "positive", "score")

    def __init__(self, max_doc: int, score: float) -> None:
        """Take the number of documents of the commit."""
        self.max_doc = max_doc
        self.score = score
        self.positive = score > 0
        # one more for the number of postings
        self._marks = np.zeros(-(-max_doc // kernel.WORD_BITS) + 1, np.uint64)
        self._place = kernel.address(self._marks)

    def add(self, sources: FieldReader, ranges: Array, stop: Stop) -> None:
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
        """Return how many postings the terms have."""
        return int(self._marks[-1])

    @property
    def cost(self) -> int:
        """Return a number that is at least the number of matches."""
        return min(self.postings, self.max_doc)

    def __len__(self) -> int:
        return int(np.bitwise_count(self._marks[:-1]).sum())

    def doc_list(self) -> DocList:
        """Return the documents, sorted."""
        documents = np.empty(self.cost, np.int64)
        count = kernel.bits_to_docs(self._place, self._words, kernel.address(documents))
        return DocList(self.max_doc, documents[:count], self.score, positive=self.positive)

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        bits = np.unpackbits(self._marks[:-1].view(np.uint8), bitorder="little", count=self.max_doc)
        mask: Array = bits.view(bool)
        return mask

    def materialize(self) -> DocList | DocBitmap:
        """Return the same matches in the form that suits their number."""
        if self.postings > self.max_doc:
            return DocBitmap(self.mask(), self.score, positive=self.positive)
        return self.doc_list()

    def intersect(self, documents: Array) -> Intersection:
        """Tell which of some sorted documents match."""
        octets = self._marks.view(np.uint8).take(documents >> 3)
        return Intersection(np.flatnonzero(octets >> (documents & 7).astype(np.uint8) & 1), self.score)


def multi_term_union(max_doc: int, parts: Sequence[MultiTermDocs]) -> DocList:
    """Return the documents of any of some expansions; scores add up."""
    size, count = min(sum(part.postings for part in parts), max_doc), len(parts)
    made = np.empty((2, size), np.int64)
    place = kernel.address(made)
    marks = struct.pack(f"={count}Q", *(part._place for part in parts))  # noqa: SLF001 - expansions among themselves
    own = struct.pack(f"={count}f", *(part.score for part in parts))
    words = -(-max_doc // kernel.WORD_BITS)
    found = kernel.score_bits(marks, own, count, words, place, place + made.strides[0])
    documents, scores = made[:, :found]
    positive = all(part.positive for part in parts)
    return DocList(max_doc, documents, scores.view(np.float64), positive=positive)
