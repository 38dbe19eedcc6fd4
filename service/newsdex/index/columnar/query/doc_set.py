"""What part of a query matches: sparse, as sorted documents, dense, as one entry per document, or lists not yet read.

Documents are numbered through all segments of a commit, so that the cost of an array operation comes once, not once
for each segment. Scores are computed only for the documents that other parts of the query leave over; they are added
up in float64, so that rounded to float32 a sum is the same in whatever order its parts came.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel


class DocList:
    """Matching documents in order, and a way to their scores."""

    __slots__ = ("_scores", "documents", "max_doc", "positive")

    def __init__(self, max_doc: int, documents: Array, scores: "Scores", *, positive: bool = True) -> None:
        self.max_doc = max_doc
        """The number of documents in the commit."""
        self.documents = documents
        """As platform integers, which is what array indices are."""
        self._scores = scores
        self.positive = positive
        """Whether every score is above 0."""

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def cost(self) -> int:
        """Return a number that is at least the number of matches."""
        return len(self.documents)

    def scores(self, at: Array | None = None) -> Array:
        """Return the scores, or those at some places of `documents`."""
        if isinstance(self._scores, (int, float)):
            return np.full(len(self.documents) if at is None else len(at), self._scores, np.float32)
        if callable(self._scores):
            return self._scores(at)
        return self._scores if at is None else self._scores.take(at)

    @property
    def constant(self) -> float | None:
        """Return the one score of all, if there is one."""
        return float(self._scores) if isinstance(self._scores, (int, float)) else None

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        mask = np.zeros(self.max_doc, bool)
        mask[self.documents] = True
        return mask

    def with_scores(self, scores: "Scores", *, positive: bool) -> "DocList":
        """Return the same documents with other scores."""
        return DocList(self.max_doc, self.documents, scores, positive=positive)

    def doc_list(self) -> "DocList":
        """Return this."""
        return self

    def materialize(self) -> "DocList":
        """Return this."""
        return self

    def intersect_itself(self) -> "Intersection":
        """Return its documents as found among themselves."""
        scores = self.scores if self.constant is None else self.constant
        return Intersection(np.arange(len(self.documents)), scores)

    def intersect(self, documents: Array) -> "Intersection":
        """Tell which of some sorted documents match."""
        found, at = kernel.intersect(documents, self.documents)
        if self.constant is not None:
            return Intersection(found, self.constant)
        return Intersection(found, lambda chosen: self.scores(at if chosen is None else at.take(chosen)))


class DocBitmap:
    """One entry per document: whether it matches, and its score."""

    __slots__ = ("_mask", "_scores", "max_doc", "positive")

    def __init__(self, mask: Array, scores: Array | float, *, positive: bool = True) -> None:
        self.max_doc = len(mask)
        self._mask = mask
        self._scores = scores
        self.positive = positive

    def __len__(self) -> int:
        return int(np.count_nonzero(self.mask()))

    @property
    def cost(self) -> int:
        """Return a number that is at least the number of matches."""
        return self.max_doc

    @property
    def constant(self) -> float | None:
        """Return the one score of all, if there is one."""
        return float(self._scores) if isinstance(self._scores, (int, float)) else None

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        return self._mask

    def score_array(self) -> Array | float:
        """Return the score of every document; of those that do not match it means nothing."""
        return self._scores

    def with_scores(self, scores: Array | float, *, positive: bool) -> "DocBitmap":
        """Return the same documents with other scores."""
        return DocBitmap(self.mask(), scores, positive=positive)

    def restricted(self, mask: Array) -> "DocBitmap":
        """Return those of the matches that a mask allows."""
        return DocBitmap(self.mask() & mask, self._scores, positive=self.positive)

    def doc_list(self) -> DocList:
        """Return the same matches in the other form."""
        documents = np.flatnonzero(self.mask())
        scores = self._scores
        own = scores if isinstance(scores, (int, float)) else scores.take(documents)
        return DocList(self.max_doc, documents, own, positive=self.positive)

    def materialize(self) -> "DocBitmap":
        """Return this."""
        return self

    def intersect(self, documents: Array) -> "Intersection":
        """Tell which of some sorted documents match."""
        found = np.flatnonzero(self.mask().take(documents))
        if isinstance(self._scores, (int, float)):
            return Intersection(found, float(self._scores))
        scores, own = self._scores, documents.take(found)
        return Intersection(found, lambda chosen: scores.take(own if chosen is None else own.take(chosen)))


class RangeFilter(DocBitmap):
    """The documents with a number from `least` to `greatest`; looked at one by one where only some are asked for."""

    __slots__ = ("_greatest", "_least", "_values")

    def __init__(self, values: Array, least: int, greatest: int, score: float) -> None:
        super().__init__(values, score, positive=score > 0)
        self._values = values
        self._least = least
        self._greatest = greatest

    def _inside(self, values: Array) -> Array:
        inside: Array = values >= self._least
        inside &= values <= self._greatest
        return inside

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        if self._mask is self._values:
            self._mask = self._inside(self._values)
        return self._mask

    def intersect(self, documents: Array) -> "Intersection":
        """Tell which of some sorted documents match."""
        assert self.constant is not None
        return Intersection(np.flatnonzero(self._inside(self._values.take(documents))), self.constant)


@dataclass(frozen=True, slots=True)
class Intersection:
    """Which of some documents match."""

    found: Array
    """Their places in the list of documents, in order."""
    scores: "float | Callable[[Array | None], Array]"
    """Gives the scores of all that were found, or of those at some places of `found`."""

    def scores_at(self, chosen: Array | None) -> Array | float:
        """Return the scores of those at some places of `found`; None gives all."""
        return self.scores(chosen) if callable(self.scores) else self.scores


Scores = float | Array | Callable[[Array | None], Array]


class LazyDocSet(Protocol):
    """What all matches are to those who combine them; lists of postings not yet read, and expansions, are no more."""

    max_doc: int
    positive: bool

    @property
    def cost(self) -> int:
        """Return a number that is at least the number of matches."""

    def __len__(self) -> int: ...

    def materialize(self) -> DocList | DocBitmap:
        """Make the matches with their scores."""

    def doc_list(self) -> DocList:
        """Return the matches as sorted documents."""

    def mask(self) -> Array:
        """Tell of each document whether it matches."""

    def intersect(self, documents: Array) -> Intersection:
        """Tell which of some sorted documents match."""


DocSet = DocList | DocBitmap | LazyDocSet


def no_docs(max_doc: int) -> DocList:
    """Return no match."""
    return DocList(max_doc, np.zeros(0, np.intp), 0.0)
