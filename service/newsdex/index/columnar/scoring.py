"""Scores the postings of terms by BM25."""

from dataclasses import dataclass

from newsdex.index.columnar import kernel
from newsdex.index.columnar.lists import Postings
from newsdex.index.columnar.snapshot import K1
from newsdex.index.columnar.terms import KnownTerm
from newsdex.index.columnar.weights import Weights


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredTerm:
    """A term of a query."""

    field: str
    known: KnownTerm
    idf: float
    boost: float

    @property
    def weight(self) -> float:
        """Give the part of BM25 that is the same for all documents."""
        return self.idf * self.boost * (K1 + 1)

    def postings(self, weights: Weights) -> Postings:
        """Score its postings: idf · tf · (K1 + 1) / (tf + norm), as `whoosh.scoring.bm25`.

        In a field that is not scored, the score is the frequency, as Whoosh's WeightScorer gives it.
        """
        norms = weights.norms(self.field)
        if norms is None:
            return Postings(known=self.known, how=kernel.BY_FREQUENCY, weight=self.boost)
        return Postings(known=self.known, how=kernel.BY_BM25, weight=self.weight, by_document=norms)
