"""Scores the postings of terms by BM25."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from newsdex.index.columnar.matches import Sparse
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.snapshot import K1, Snapshot
from newsdex.index.columnar.terms import KnownTerm, Piece
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


class Postings:
    """Postings of some terms."""

    def __init__(self, snapshot: Snapshot, weights: Weights, terms: Sequence[ScoredTerm]) -> None:
        self._universe = snapshot.documents
        self._weights = weights
        self._terms = terms
        self._postings = snapshot.postings([term.known for term in terms])

    def pieces(self, number: int) -> Sequence[Piece]:
        """Give where the segments hold the postings of a term."""
        return self._postings[number].pieces

    def of(self, number: int) -> Array:
        """Give the documents of one of the terms."""
        return self._postings[number].documents

    def frequencies(self, number: int) -> Array:
        """Give how often one of the terms occurs in each of its documents, float32."""
        return self._postings[number].frequencies

    def parts(self) -> list[Sparse]:
        """Give the matches of each term."""
        return [
            Sparse(self._universe, self.of(number), partial(self._scores, number), positive=term.weight > 0)
            for number, term in enumerate(self._terms)
        ]

    def _scores(self, number: int, at: Array | None) -> Array:
        """Score postings of one term: idf · tf · (K1 + 1) / (tf + norm), as `whoosh.scoring.bm25`.

        In a field that is not scored, the score is the frequency, as Whoosh's WeightScorer gives it.
        """
        term, frequencies, documents = self._terms[number], self.frequencies(number), self.of(number)
        if at is not None:
            frequencies, documents = frequencies.take(at), documents.take(at)
        norms = self._weights.norms(term.field)
        if norms is None:
            return frequencies * np.float32(term.boost)
        below = norms.take(documents)
        below += frequencies
        scores: Array = frequencies * np.float32(term.weight)
        scores /= below
        return scores

    def scored(self) -> tuple[Array, Array]:
        """Give all postings, one term after the other, with their scores: as of each by itself, with fewer steps."""
        documents = np.concatenate([own.documents for own in self._postings])
        norms = [self._weights.norms(term.field) for term in self._terms]
        if any(own is None for own in norms):
            return documents, np.concatenate([self._scores(number, None) for number in range(len(self._terms))])
        frequencies = np.concatenate([own.frequencies for own in self._postings])
        below, at = np.empty(len(documents), np.float32), 0
        for own, postings in zip(norms, self._postings, strict=True):
            assert own is not None
            stop = at + len(postings.documents)
            # every document is in range; only with a mode does numpy write to `out` directly
            own.take(postings.documents, out=below[at:stop], mode="clip")
            at = stop
        below += frequencies
        weights = np.array([term.weight for term in self._terms], np.float32)
        frequencies *= weights.repeat([len(own.documents) for own in self._postings])
        frequencies /= below
        return documents, frequencies
