"""What scores depend on besides a document and a query: how frequent terms are, and how long texts are on average."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.document_frequency import Forms, document_frequency
from newsdex.index.columnar.query.posting_lists import ScoredPostings
from newsdex.index.columnar.query.snapshot import K1, Snapshot
from newsdex.index.columnar.query.term_lookup import TermPostings
from newsdex.index.schema import TEXT_FIELDS

Counted = Sequence[Forms]
"""The words of a query that are scored by how many documents have them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """All that a score depends on besides the document and the query.

    Scored with those of its first page, the pages of a search agree with each other, whatever was committed meanwhile.
    """

    documents: int
    average_lengths: Mapping[str, float]
    """By field, in words."""
    usual_lengths: Mapping[str, float]
    """The same, of the documents that have the field."""
    frequencies: Sequence[int]
    """For each word of the query, in their order, the number of documents that have it."""


class Similarity:
    """Weights of terms and lengths for one request: by a commit's own statistics, or by an earlier one's."""

    def __init__(self, snapshot: Snapshot, pinned: Statistics | None = None, words: Counted = ()) -> None:
        """Take a commit, and perhaps an earlier one's statistics of some words, to be used instead."""
        self._snapshot = snapshot
        self.documents = pinned.documents if pinned else snapshot.documents
        self._average_lengths = pinned.average_lengths if pinned else snapshot.average_lengths
        self._usual_lengths = pinned.usual_lengths if pinned else snapshot.usual_lengths
        same = pinned is not None and len(pinned.frequencies) == len(words)
        self._frequencies = dict(zip(words, pinned.frequencies, strict=True)) if pinned and same else {}
        self._norms: dict[str, kernel.Kept] = {}
        self._factors: dict[str, kernel.Kept] = {}

    def idf(self, field: str, term: bytes, known: TermPostings) -> float:
        """Weigh a term by how rare it is, as `whoosh.scoring.WeightingModel.idf`."""
        frequency = self._frequencies.get(Forms((field,), (term,)), known.count)
        return math.log(self.documents / (frequency + 1)) + 1 if self.documents else 0.0

    def frequency(self, forms: Forms) -> int:
        """Return in how many documents a word is."""
        pinned = self._frequencies.get(forms)
        return document_frequency(self._snapshot, forms) if pinned is None else pinned

    def length_factors(self, field: str, b: float) -> kernel.Kept:
        """Return by how much occurrences count in documents of their lengths, see `Snapshot.length_factors`."""
        known = self._factors.get(field)
        if known is None:
            known = self._factors[field] = self._snapshot.length_factors(field, self._usual_lengths[field], b)
        return known

    def postings(self, field: str, term: bytes, boost: float) -> ScoredPostings:
        """Score a term's postings: idf · tf · (K1 + 1) / (tf + norm), as `whoosh.scoring.bm25`.

        In a field that is not scored, the score is the frequency, as Whoosh's WeightScorer gives it.
        """
        known = self._snapshot.term(field, term)
        if field not in TEXT_FIELDS:
            return ScoredPostings(known, how=kernel.BY_FREQUENCY, weight=boost)
        norms = self._norms.get(field)
        if norms is None:
            norms = self._norms[field] = self._snapshot.norms(field, self._average_lengths[field])
        weight = self.idf(field, term, known) * boost * (K1 + 1)
        return ScoredPostings(known, how=kernel.BY_BM25, weight=weight, by_document=norms)

    def statistics(self, words: Counted) -> Statistics:
        """Return what scores of some words depend on, for the pages that follow."""
        return Statistics(
            documents=self.documents,
            average_lengths=self._average_lengths,
            usual_lengths=self._usual_lengths,
            frequencies=[self.frequency(forms) for forms in words],
        )
