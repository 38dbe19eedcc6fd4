"""What part of a query matches: sparse, as sorted documents, dense, as one entry per document, or lists not yet read.

Documents are numbered through all segments of a commit, so that the cost of an array operation comes once, not once
for each segment. Scores are computed only for the documents that other parts of the query leave over; they are added
up in float64, so that rounded to float32 a sum is the same in whatever order its parts came.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.storage.section_file import Array


class Sparse:
    """Matching documents in order, and a way to their scores."""

    __slots__ = ("_scores", "documents", "positive", "universe")

    def __init__(self, universe: int, documents: Array, scores: "Scores", *, positive: bool = True) -> None:
        self.universe = universe
        """The number of documents in the commit."""
        self.documents = documents
        """As platform integers, which is what array indices are."""
        self._scores = scores
        self.positive = positive
        """Whether every score is above 0."""

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def bound(self) -> int:
        """Give a number that is at least the number of matches."""
        return len(self.documents)

    def scores(self, at: Array | None = None) -> Array:
        """Give the scores, or those at some places of `documents`."""
        if isinstance(self._scores, (int, float)):
            return np.full(len(self.documents) if at is None else len(at), self._scores, np.float32)
        if callable(self._scores):
            return self._scores(at)
        return self._scores if at is None else self._scores.take(at)

    @property
    def constant(self) -> float | None:
        """Give the one score of all, if there is one."""
        return float(self._scores) if isinstance(self._scores, (int, float)) else None

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        mask = np.zeros(self.universe, bool)
        mask[self.documents] = True
        return mask

    def rescored(self, scores: "Scores", *, positive: bool) -> "Sparse":
        """Give the same documents with other scores."""
        return Sparse(self.universe, self.documents, scores, positive=positive)

    def sparse(self) -> "Sparse":
        """Give this."""
        return self

    def resolved(self) -> "Sparse":
        """Give this."""
        return self

    def itself(self) -> "Among":
        """Give its documents as found among themselves."""
        scores = self.scores if self.constant is None else self.constant
        return Among(np.arange(len(self.documents)), scores)

    def among(self, documents: Array) -> "Among":
        """Tell which of some sorted documents match."""
        found, at = kernel.common(documents, self.documents)
        if self.constant is not None:
            return Among(found, self.constant)
        return Among(found, lambda chosen: self.scores(at if chosen is None else at.take(chosen)))


class Dense:
    """One entry per document: whether it matches, and its score."""

    __slots__ = ("_mask", "_scores", "positive", "universe")

    def __init__(self, mask: Array, scores: Array | float, *, positive: bool = True) -> None:
        self.universe = len(mask)
        self._mask = mask
        self._scores = scores
        self.positive = positive

    def __len__(self) -> int:
        return int(np.count_nonzero(self.mask()))

    @property
    def bound(self) -> int:
        """Give a number that is at least the number of matches."""
        return self.universe

    @property
    def constant(self) -> float | None:
        """Give the one score of all, if there is one."""
        return float(self._scores) if isinstance(self._scores, (int, float)) else None

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        return self._mask

    def dense_scores(self) -> Array | float:
        """Give the score of every document; of those that do not match it means nothing."""
        return self._scores

    def rescored(self, scores: Array | float, *, positive: bool) -> "Dense":
        """Give the same documents with other scores."""
        return Dense(self.mask(), scores, positive=positive)

    def masked(self, mask: Array) -> "Dense":
        """Give those of the matches that a mask allows."""
        return Dense(self.mask() & mask, self._scores, positive=self.positive)

    def sparse(self) -> Sparse:
        """Give the same matches in the other form."""
        documents = np.flatnonzero(self.mask())
        scores = self._scores
        own = scores if isinstance(scores, (int, float)) else scores.take(documents)
        return Sparse(self.universe, documents, own, positive=self.positive)

    def resolved(self) -> "Dense":
        """Give this."""
        return self

    def among(self, documents: Array) -> "Among":
        """Tell which of some sorted documents match."""
        found = np.flatnonzero(self.mask().take(documents))
        if isinstance(self._scores, (int, float)):
            return Among(found, float(self._scores))
        scores, own = self._scores, documents.take(found)
        return Among(found, lambda chosen: scores.take(own if chosen is None else own.take(chosen)))


class Range(Dense):
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

    def among(self, documents: Array) -> "Among":
        """Tell which of some sorted documents match."""
        assert self.constant is not None
        return Among(np.flatnonzero(self._inside(self._values.take(documents))), self.constant)


@dataclass(frozen=True, slots=True)
class Among:
    """Which of some documents match."""

    found: Array
    """Their places in the list of documents, in order."""
    scores: "float | Callable[[Array | None], Array]"
    """Gives the scores of all that were found, or of those at some places of `found`."""

    def scores_at(self, chosen: Array | None) -> Array | float:
        """Give the scores of those at some places of `found`; None gives all."""
        return self.scores(chosen) if callable(self.scores) else self.scores


Scores = float | Array | Callable[[Array | None], Array]


class Lazy(Protocol):
    """What all matches are to those who combine them; lists of postings not yet read, and expansions, are no more."""

    universe: int
    positive: bool

    @property
    def bound(self) -> int:
        """Give a number that is at least the number of matches."""

    def __len__(self) -> int: ...

    def resolved(self) -> Sparse | Dense:
        """Make the matches with their scores."""

    def sparse(self) -> Sparse:
        """Give the matches as sorted documents."""

    def mask(self) -> Array:
        """Tell of each document whether it matches."""

    def among(self, documents: Array) -> Among:
        """Tell which of some sorted documents match."""


Matches = Sparse | Dense | Lazy


def nothing(universe: int) -> Sparse:
    """Give no match."""
    return Sparse(universe, np.zeros(0, np.intp), 0.0)
