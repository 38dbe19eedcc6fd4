"""Terms in all segments of a commit."""

import ctypes
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.section_file import Damaged

AT_ONCE = 1 << 20
"""So many postings are marked before it is asked whether time is left."""


class PostingSpan(NamedTuple):
    """Where one segment holds the postings of a term."""

    field: PostingField
    number: int
    """The term's, in the segment's dictionary."""
    start: int
    stop: int
    base: int
    """The segment's first document in the commit."""


class DescriptionTable(NamedTuple):
    """Where some descriptions are, for the kernel. Another thread may make it anew: who uses it holds on to it."""

    address: int
    kept: Any


class FieldReader:
    """A field in all segments that have it, as the kernel sees them."""

    def __init__(self, fields: Sequence[tuple[int, PostingField]]) -> None:
        """Take the first document of each segment, and the field there."""
        self.fields = [field for _, field in fields]
        self._described = [field.described for field in self.fields]
        rows = [(ctypes.addressof(own), base) for own, (base, _) in zip(self._described, fields, strict=True)]
        self._table = np.array(rows, np.uint64).reshape(-1, 2)
        self._address = kernel.address(self._table)
        end = max(
            (base + own.document_count for own, (base, _) in zip(self._described, fields, strict=True)), default=0
        )
        self.words = -(-end // kernel.WORD_BITS)
        """So many words have a bit for each document that has the field, and for all before it."""
        self._numbers = kernel.FOUND_NUMBERS + kernel.PIECE_NUMBERS * len(rows)

    def find(self, term: bytes) -> "TermPostings":
        """Find a term in all segments; the blocks of its postings are checked."""
        if not self.fields:
            return TermPostings(self, np.zeros(kernel.FOUND_NUMBERS, np.uint64), 0)
        found = np.empty(self._numbers, np.uint64)
        pieces = kernel.find_term(self._address, len(self.fields), term, len(term), kernel.address(found))
        known = TermPostings(self, found, self._sound(pieces))
        if found[1]:
            for piece in known.pieces:
                piece.field.check(piece.start, piece.stop)
        return known

    def between(self, first: bytes, stop: bytes | None) -> Array:
        """Return the ranges of the terms from one on, before another or to the end: rows of (source, first, stop)."""
        ranges = np.empty((len(self.fields), kernel.RANGE_NUMBERS), np.uint64)
        wanted = (first, len(first), stop, len(stop or b""))
        count = kernel.terms_between(self._address, len(self.fields), *wanted, kernel.address(ranges))
        return ranges[: self._sound(count)]

    def near(self, text: str, distance: int, prefix: int, limit: int) -> tuple[Array, bool]:
        """Return the ranges of the terms at most an edit distance (Levenshtein) away that share the first characters.

        At most so many terms of each segment; also tell whether there are more.
        """
        by_parts = distance == 1 and len(text) >= kernel.PARTED
        written, table = text.encode(), self._by_parts if by_parts else self._by_letters
        ranges, cut = np.empty((limit * len(self.fields), kernel.RANGE_NUMBERS), np.uint64), np.zeros(1, np.uint64)
        scratch = np.empty(3 * (len(written) + distance + 1), np.uint32)
        wanted = (written, len(written), distance, prefix, by_parts, limit)
        places = (kernel.address(scratch), kernel.address(ranges), kernel.address(cut))
        count = kernel.near_terms(table.address, len(self.fields), *wanted, *places)
        return ranges[: self._sound(count)], bool(cut[0])

    def mark(self, ranges: Array, marks: int, postings: int) -> int:
        """Mark the documents of some ranges, up to about `AT_ONCE` postings; give how many ranges were finished.

        The next range then begins where to go on; its blocks may have been compared with their checksums only. The
        addresses are of a bit for each document of the commit, and of the number of postings, which is added to.
        """
        finished = kernel.terms_to_bits(self._address, kernel.address(ranges), len(ranges), AT_ONCE, marks, postings)
        if finished == kernel.UNCHECKED:
            source, first, stop = ranges[0].tolist()
            field = self.fields[source]
            field.check(*field.span(first, stop))
            return 0
        return self._sound(finished)

    @cached_property
    def _by_parts(self) -> DescriptionTable:
        return _table([field.terms.neighbours.by_parts for field in self.fields])

    @cached_property
    def _by_letters(self) -> DescriptionTable:
        return _table([field.terms.neighbours.by_letters for field in self.fields])

    @cached_property
    def positions(self) -> DescriptionTable:
        """Return where each segment's positions are."""
        return _table([field.described_positions for field in self.fields])

    @cached_property
    def most_places(self) -> int:
        """Return the number of positions of the longest document."""
        return max(field.most_places for field in self.fields)

    def damaged(self) -> Damaged:
        """Return the error of terms or postings that cannot be, though they are what was written."""
        return self.fields[0].damaged()

    def _sound(self, count: int) -> int:
        if count == kernel.DAMAGED:
            raise self.damaged()
        return count


def _table(described: Sequence[kernel.Described]) -> DescriptionTable:
    addresses = kernel.kept(np.array([ctypes.addressof(one) for one in described], np.uint64))
    return DescriptionTable(addresses.address, (addresses, described))


class TermPostings:
    """A term in all segments."""

    __slots__ = ("__dict__", "_found", "address", "count", "piece_count", "sources")

    def __init__(self, sources: FieldReader, found: Array, pieces: int) -> None:
        self.sources = sources
        self._found = found
        self.count = int(found[0]) if pieces else 0
        """In how many documents it occurs, deleted ones included."""
        self.piece_count = pieces
        self.address = kernel.address(found) + kernel.FOUND_NUMBERS * found.itemsize
        """Where its pieces lie."""

    @cached_property
    def pieces(self) -> Sequence[PostingSpan]:
        """Return where its postings are, in the order of the segments that have the term."""
        rows = self._found[kernel.FOUND_NUMBERS :].reshape(-1, kernel.PIECE_NUMBERS)[: self.piece_count].tolist()
        fields = self.sources.fields
        return [
            PostingSpan(fields[source], first, start, stop, base) for _, source, base, first, _, start, stop in rows
        ]

    def documents(self) -> Array:
        """Return the documents in which it occurs, sorted, as platform integers: what array indices are."""
        documents = np.empty(self.count, np.int64)
        self._filled(kernel.read_documents_of(self.address, self.piece_count, kernel.address(documents)))
        return documents

    def frequencies(self) -> Array:
        """Return how often it occurs in each of its documents, float32."""
        frequencies = np.empty(self.count, np.float32)
        self._filled(kernel.read_frequencies_of(self.address, self.piece_count, kernel.address(frequencies)))
        return frequencies

    def _filled(self, count: int) -> None:
        if count == kernel.DAMAGED:
            raise self.damaged()

    def damaged(self) -> Damaged:
        """Return the error of postings that cannot be, though they are what was written."""
        return self.sources.damaged()
