"""What part of a query matches: sparse, as sorted documents, dense, as one entry per document, or a union not yet made.

Documents are numbered through all segments of a commit, so that the cost of an array operation comes once, not once
for each segment. Scores are computed only for the documents that other parts of the query leave over; they are added
up in float64, so that rounded to float32 a sum is the same in whatever order its parts came.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from newsdex.index.columnar.sections import Array

SORTED_UNION = 2_048
"""Up to so many postings are sorted to make a union with one larger part; more of them go through a dense array."""
FULL = 3
"""A part with more than one document in so many makes a union dense."""
SEARCHED = 48
"""Documents are looked for by binary search where there are fewer than one in so many of the universe."""


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
        found, at = places(documents, self.documents, self.universe)
        if self.constant is not None:
            return Among(found, self.constant)
        return Among(found, lambda chosen: self.scores(at if chosen is None else at.take(chosen)))


class Dense:
    """One entry per document: whether it matches, and its score."""

    __slots__ = ("_mask", "_scores", "places", "positive", "repeats", "universe")

    def __init__(
        self,
        mask: Array,
        scores: Array | float,
        *,
        positive: bool = True,
        places: Array | None = None,
        repeats: int = 1,
    ) -> None:
        self.universe = len(mask)
        self._mask = mask
        self._scores = scores
        self.positive = positive
        self.places = places
        """The matching documents among others, in any order, each up to `repeats` times; None where not known."""
        self.repeats = repeats

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
        return Dense(self.mask(), scores, positive=positive, places=self.places, repeats=self.repeats)

    def masked(self, mask: Array) -> "Dense":
        """Give those of the matches that a mask allows."""
        own = self.mask() & mask
        return Dense(own, self._scores, positive=self.positive, places=self.places, repeats=self.repeats)

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


class Union:
    """What matches any of some sparse parts; scores add up. Made only where it is asked for as a whole."""

    __slots__ = ("_bulk", "_made", "bound", "parts", "positive", "universe")
    constant = None

    def __init__(
        self, universe: int, parts: Sequence[Sparse], bulk: Callable[[], tuple[Array, Array]] | None = None
    ) -> None:
        self.universe = universe
        self.parts = parts
        self.bound = sum(map(len, parts))
        """A number that is at least the number of matches."""
        self.positive = all(part.positive for part in parts)
        self._bulk = bulk
        """Gives documents and scores of all parts one after the other, cheaper than each part by itself."""
        self._made: Sparse | Dense | None = None

    def __len__(self) -> int:
        return len(self.resolved()) if self.bound else 0

    def resolved(self) -> "Sparse | Dense":
        """Make the union."""
        if self._made is None:
            largest = max(map(len, self.parts), default=0)
            few = self.bound - largest <= SORTED_UNION and largest * FULL < self.universe
            self._made = self._merged(largest) if few else self._summed()
        return self._made

    def _postings(self) -> tuple[Array, Array]:
        if self._bulk is not None:
            documents, scores = self._bulk()
        else:
            documents = np.concatenate([part.documents for part in self.parts])
            scores = np.concatenate([part.scores() for part in self.parts])
        return documents, scores.astype(np.float64)

    def _merged(self, largest: int) -> Sparse:
        """Sort what is outside of the largest part, and bring it into that."""
        documents, scores = self._postings()
        ends = np.cumsum([len(part) for part in self.parts])
        number = next(number for number, part in enumerate(self.parts) if len(part) == largest)
        span = slice(int(ends[number]) - largest, int(ends[number]))
        outside = (np.concatenate([own[: span.start], own[span.stop :]]) for own in (documents, scores))
        few = _combined(self.universe, *outside)
        documents, scores = _inserted(documents[span], scores[span], few.documents, few.scores())
        return Sparse(self.universe, documents, scores, positive=self.positive)

    def _summed(self) -> Dense:
        documents, scores = self._postings()
        total = np.bincount(documents, scores, self.universe)
        mask = total > 0 if self.positive else self.mask()
        return Dense(mask, total, positive=self.positive, places=documents, repeats=len(self.parts))

    def sparse(self) -> Sparse:
        """Give the matches as sorted documents."""
        return self.resolved().sparse()

    def mask(self) -> Array:
        """Tell of each document whether it matches."""
        if self._made is not None:
            return self._made.mask()
        mask = np.zeros(self.universe, bool)
        for part in self.parts:
            mask[part.documents] = True
        return mask

    def among(self, documents: Array) -> Among:
        """Tell which of some sorted documents match."""
        if self._made is not None:
            return self._made.among(documents)
        hits = [part.among(documents) for part in self.parts]
        any_ = np.zeros(len(documents), bool)
        for hit in hits:
            any_[hit.found] = True
        found = np.flatnonzero(any_)

        def scores(chosen: Array | None) -> Array:
            total = np.zeros(len(documents))
            for hit in hits:
                total[hit.found] += hit.scores_at(None)
            return total.take(found if chosen is None else found.take(chosen))

        return Among(found, scores)


Scores = float | Array | Callable[[Array | None], Array]


class Lazy(Protocol):
    """What all matches are to those who combine them; a word in several fields is of a kind of its own, see `bm25f`."""

    universe: int
    bound: int
    positive: bool
    constant: None

    def __len__(self) -> int: ...

    def resolved(self) -> Sparse | Dense:
        """Make the matches with their scores."""

    def sparse(self) -> Sparse:
        """Give the matches as sorted documents."""

    def mask(self) -> Array:
        """Tell of each document whether it matches."""

    def among(self, documents: Array) -> Among:
        """Tell which of some sorted documents match."""


Matches = Sparse | Dense | Union | Lazy


def nothing(universe: int) -> Sparse:
    """Give no match."""
    return Sparse(universe, np.zeros(0, np.intp), 0.0)


def places(needles: Array, documents: Array, universe: int) -> tuple[Array, Array]:
    """Find sorted documents in a sorted list: which of `needles` are there, and at what places of `documents`."""
    if not len(documents) or not len(needles):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    if len(documents) < len(needles):
        own, found = places(documents, needles, universe)
        return found, own
    if len(needles) * SEARCHED < universe:
        at: Array = documents.searchsorted(needles)
        np.minimum(at, len(documents) - 1, out=at)
    else:
        lookup = np.zeros(universe, np.int32)
        lookup[documents] = np.arange(len(documents), dtype=np.int32)
        at = lookup.take(needles)
    found = np.flatnonzero(documents.take(at) == needles)
    return found, at.take(found)


def _combined(universe: int, documents: Array, scores: Array) -> Sparse:
    """Give postings, some of them of one document, as sorted documents with the sums of their scores."""
    order = documents.argsort(kind="stable")
    documents, scores = documents.take(order), scores.take(order)
    new = np.empty(len(documents), bool)
    new[:1] = True
    np.not_equal(documents[1:], documents[:-1], out=new[1:])
    first = np.flatnonzero(new)
    if len(first) == len(documents):
        return Sparse(universe, documents, scores)
    return Sparse(universe, documents.take(first), np.add.reduceat(scores, first))


def _inserted(documents: Array, scores: Array, few: Array, few_scores: Array) -> tuple[Array, Array]:
    """Give sorted documents with a few others among them, sorted too; scores of the same document add up."""
    if not len(few):
        return documents, scores
    at = documents.searchsorted(few)
    known = documents.take(at, mode="clip") == few
    scores = scores.copy()
    scores[at[known]] += few_scores[known]
    if known.all():
        return documents, scores
    new = ~known
    places_ = at[new] + np.arange(np.count_nonzero(new))
    old = np.ones(len(documents) + len(places_), bool)
    old[places_] = False
    whole, whole_scores = np.empty(len(old), documents.dtype), np.empty(len(old), scores.dtype)
    whole[places_], whole_scores[places_] = few[new], few_scores[new]
    whole[old], whole_scores[old] = documents, scores
    return whole, whole_scores
