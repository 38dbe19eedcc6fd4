"""A term in all segments of a commit, and its postings in one array."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from newsdex.index.columnar.packing import unpack_spans
from newsdex.index.columnar.postings import PostingField
from newsdex.index.columnar.sections import Array


@dataclass(frozen=True, slots=True)
class Piece:
    """Where one segment holds the postings of a term."""

    field: PostingField
    number: int
    """The term's, in the segment's dictionary."""
    start: int
    stop: int
    base: int
    """The segment's first document in the commit."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class KnownTerm:
    """A term in all segments."""

    pieces: Sequence[Piece]
    """In the order of the segments that have the term."""
    count: int
    """In how many documents it occurs, deleted ones included."""


class TermPostings:
    """The postings of one term in a commit; frequencies are read only where scores are wanted."""

    def __init__(self, known: KnownTerm) -> None:
        self.pieces = known.pieces
        packed = [piece.field.packed() for piece in known.pieces]
        self._packed = [own for own in packed if own is not None]
        self.documents = self._unpacked_documents() if len(self._packed) == len(packed) else self._plain_documents()

    def _spans(self, which: int) -> Array:
        spans = zip(self._packed, self.pieces, strict=True)
        return unpack_spans([(packed[which], piece.start, piece.stop) for packed, piece in spans])

    def _unpacked_documents(self) -> Array:
        """Add up the steps from document to document, for each segment anew."""
        documents = self._spans(0)
        documents += 1
        np.cumsum(documents, out=documents)
        sizes = [piece.stop - piece.start for piece in self.pieces]
        bases = np.array([piece.base for piece in self.pieces]) - 1
        if len(sizes) == 1:
            documents += bases
            return documents
        bases[1:] -= documents.take(np.cumsum(sizes[:-1]) - 1)
        documents += bases.repeat(sizes)
        return documents

    def _plain_documents(self) -> Array:
        parts = [piece.field.documents(piece.start, piece.stop) for piece in self.pieces]
        whole = [own.astype(np.intp) + piece.base for own, piece in zip(parts, self.pieces, strict=True)]
        return np.concatenate(whole)

    @cached_property
    def frequencies(self) -> Array:
        """How often the term occurs in each of its documents, float32."""
        if len(self._packed) < len(self.pieces):
            parts = [piece.field.frequencies(piece.start, piece.stop) for piece in self.pieces]
            return np.concatenate(parts).astype(np.float32)
        frequencies: Array = self._spans(1).astype(np.float32)
        frequencies += np.float32(1)
        return frequencies
