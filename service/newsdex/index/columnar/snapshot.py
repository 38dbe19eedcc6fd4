"""The segments of one commit, and the statistics that scores need of all of them together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from newsdex.index.columnar.postings import PostingField
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.segment import OpenSegment
from newsdex.index.schema import TEXT_FIELDS

B, K1 = 0.75, 1.2
"""Whoosh's own parameters of BM25F (whoosh.scoring.BM25F)."""
MAX_KNOWN_TERMS = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownTerm:
    """A term in all segments."""

    numbers: Sequence[int]
    """Its number in each segment's dictionary, or -1."""
    frequency: int
    """The number of documents that have it."""
    idf: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """All that a score depends on besides the document and the query.

    Scored with those of its first page, the pages of a search agree with each other, whatever was committed meanwhile.
    """

    documents: int
    average_lengths: Mapping[str, float]
    """By field, in words."""
    frequencies: Sequence[int]
    """For each (field, term) of the query, in their order, the number of documents that have it."""


class Snapshot:
    """One commit, immutable: any number of threads may search it."""

    def __init__(
        self,
        segments: Sequence[OpenSegment],
        pinned: Statistics | None = None,
        terms: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Take the segments, and perhaps an earlier commit's statistics of some terms, to be used instead."""
        self.segments = segments
        self.documents = pinned.documents if pinned else sum(segment.documents for segment in segments)
        """Deleted ones included, as in Whoosh's statistics."""
        same = pinned is not None and len(pinned.frequencies) == len(terms)
        self._frequencies = dict(zip(terms, pinned.frequencies, strict=True)) if pinned and same else {}
        self._average = pinned.average_lengths if pinned else {name: self._average_length(name) for name in TEXT_FIELDS}
        self._norms: dict[tuple[int, str], Array] = {}
        self._terms: dict[tuple[str, bytes], KnownTerm] = {}

    def _average_length(self, field: str) -> float:
        return sum(segment.data.total_length(field) for segment in self.segments) / (self.documents or 1) or 1

    def posting_field(self, segment: int, name: str) -> PostingField | None:
        """Give a field of a segment, or None where it has no terms there."""
        field = self.segments[segment].data.field(name)
        return field if isinstance(field, PostingField) else None

    def term(self, field: str, term: bytes) -> KnownTerm:
        """Find a term in all segments."""
        known = self._terms.get((field, term))
        if known is None:
            fields = [self.posting_field(number, field) for number in range(len(self.segments))]
            numbers = [own.terms.find(term) if own else -1 for own in fields]
            counted = (
                own.document_frequency(number)
                for own, number in zip(fields, numbers, strict=True)
                if own and number >= 0
            )
            pinned = self._frequencies.get((field, term))
            frequency = sum(counted) if pinned is None else pinned
            if len(self._terms) >= MAX_KNOWN_TERMS:
                self._terms.clear()
            # whoosh.scoring.WeightingModel.idf
            idf = math.log(self.documents / (frequency + 1)) + 1 if self.documents else 0.0
            known = self._terms[field, term] = KnownTerm(numbers=numbers, frequency=frequency, idf=idf)
        return known

    def statistics(self, terms: Sequence[tuple[str, bytes]]) -> Statistics:
        """Give what scores of some terms depend on."""
        return Statistics(
            documents=self.documents,
            average_lengths=self._average,
            frequencies=[self.term(*term).frequency for term in terms],
        )

    def norms(self, segment: int, field: str) -> Array | None:
        """Give the part of BM25 that depends on a document's length, float32, or None for a field that is not scored.

        K1 · ((1 − B) + B · length / average length), as in `whoosh.scoring.bm25`.
        """
        key = (segment, field)
        if field not in self._average:
            return None
        known = self._norms.get(key)
        if known is None:
            lengths = self.segments[segment].data.lengths(field)
            assert lengths is not None
            norms = lengths.astype(np.float32)
            norms *= np.float32(K1 * B / self._average[field])
            norms += np.float32(K1 * (1 - B))
            known = self._norms[key] = norms
        return known
