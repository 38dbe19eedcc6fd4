"""What part of a query matches in one segment: sparse, as sorted documents, or dense, as one entry per document."""

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from newsdex.index.columnar.sections import Array

SPARSE_SHARE = 16
"""Unions of fewer than one document in so many are made by sorting, larger ones in an array over all documents."""
LOOKUP_SHARE = 6
"""Lists that differ less in length than this are intersected through an array over all documents."""


class Sparse:
    """Matching documents in order, and a way to their scores, which are computed only where they are needed."""

    __slots__ = ("_scores", "documents", "positive", "universe")

    def __init__(self, universe: int, documents: Array, scores: "Scores", *, positive: bool = True) -> None:
        self.universe = universe
        """The number of documents in the segment."""
        self.documents = documents
        self._scores = scores
        self.positive = positive
        """Whether every score is above 0."""

    def __len__(self) -> int:
        return len(self.documents)

    def scores(self, at: Array | None = None) -> Array:
        """Give the scores, float32, or those at some places of `documents`."""
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


class Dense:
    """One entry per document: whether it matches, and its score."""

    __slots__ = ("_mask", "_scores", "positive", "universe")

    def __init__(self, mask: Array, scores: Array | float, *, positive: bool = True) -> None:
        self.universe = len(mask)
        self._mask = mask
        self._scores = scores
        self.positive = positive

    def __len__(self) -> int:
        return int(np.count_nonzero(self._mask))

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
        return Dense(self._mask, scores, positive=positive)

    def sparse(self) -> Sparse:
        """Give the same matches in the other form."""
        documents = np.flatnonzero(self._mask)
        scores = self._scores
        own = scores if isinstance(scores, (int, float)) else scores.take(documents)
        return Sparse(self.universe, documents, own, positive=self.positive)


Scores = float | Array | Callable[[Array | None], Array]
Matches = Sparse | Dense


def nothing(universe: int) -> Sparse:
    """Give no match."""
    return Sparse(universe, np.zeros(0, np.int64), 0.0)


def scaled(matches: Matches, boost: float) -> Matches:
    """Give the same documents with scores multiplied."""
    if boost == 1.0:
        return matches
    positive = matches.positive and boost > 0
    if matches.constant is not None:
        return matches.rescored(matches.constant * boost, positive=positive)
    factor = np.float32(boost)
    if isinstance(matches, Dense):
        return matches.rescored(np.asarray(matches.dense_scores() * factor), positive=positive)
    return matches.rescored(lambda at: matches.scores(at) * factor, positive=positive)


def places(needles: Array, documents: Array, universe: int) -> tuple[Array, Array]:
    """Find sorted documents in a sorted list: which of `needles` are there, and at what places of `documents`."""
    if not len(documents) or not len(needles):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(needles) * LOOKUP_SHARE < len(documents):
        at: Array = np.searchsorted(documents, needles)
        np.minimum(at, len(documents) - 1, out=at)
    else:
        lookup = np.zeros(universe, np.int32)
        lookup[documents] = np.arange(len(documents), dtype=np.int32)
        at = lookup.take(needles)
    found = np.flatnonzero(documents.take(at) == needles)
    return found, at.take(found)


def both(universe: int, parts: Sequence[Matches]) -> Matches:
    """Give the documents that match every part; scores add up."""
    positive = all(part.positive for part in parts)
    if all(isinstance(part, Dense) for part in parts):
        mask, total = parts[0].mask(), _dense_scores(parts[0])
        for part in parts[1:]:
            mask, total = mask & part.mask(), total + _dense_scores(part)
        return Dense(mask, total, positive=positive)
    first, *others = sorted(parts, key=lambda part: universe + 1 if isinstance(part, Dense) else len(part))
    assert isinstance(first, Sparse)
    documents, at = first.documents, None
    kept: list[tuple[Matches, Array]] = []
    for other in others:
        if isinstance(other, Dense):
            found = np.flatnonzero(other.mask().take(documents))
            own = documents.take(found)
        else:
            found, own = places(documents, other.documents, universe)
        documents = documents.take(found)
        at = found if at is None else at.take(found)
        kept = [(part, part_at.take(found)) for part, part_at in kept]
        kept.append((other, own))

    def scores(chosen: Array | None) -> Array:
        total = first.scores(_chosen(at, chosen))
        for part, part_at in kept:
            total = total + _scores_of(part, part_at if chosen is None else part_at.take(chosen))
        return total

    return Sparse(universe, documents, scores, positive=positive)


def _chosen(at: Array | None, chosen: Array | None) -> Array | None:
    if at is None or chosen is None:
        return at if chosen is None else chosen
    return at.take(chosen)


def _scores_of(part: Matches, at: Array) -> Array | float:
    """Give scores at places: of a dense part, places are documents."""
    if part.constant is not None:
        return part.constant
    if isinstance(part, Dense):
        scores = part.dense_scores()
        assert not isinstance(scores, (int, float))
        return scores.take(at)
    return part.scores(at)


def _dense_scores(part: Matches) -> Array | float:
    assert isinstance(part, Dense)
    return part.dense_scores()


def either(universe: int, parts: Sequence[Matches], *, largest: bool = False) -> Matches:
    """Give the documents that match any part; scores add up, or with `largest`, the largest counts."""
    if len(parts) == 1:
        return parts[0]
    positive = all(part.positive for part in parts)
    if all(isinstance(part, Sparse) for part in parts) and sum(map(len, parts)) * SPARSE_SHARE < universe:
        return _sorted_union(universe, [part.sparse() for part in parts], largest=largest, positive=positive)
    total = np.zeros(universe, np.float32) if positive or not largest else np.full(universe, -np.inf, np.float32)
    for number, part in enumerate(sorted(parts, key=lambda part: isinstance(part, Sparse))):
        if isinstance(part, Dense):
            _add_dense(total, part, largest=largest)
        elif largest:
            total[part.documents] = np.maximum(total.take(part.documents), part.scores())
        elif number == 0:
            total[part.documents] = part.scores()
        else:
            total[part.documents] = total.take(part.documents) + part.scores()
    if positive:
        return Dense(total > 0, total)
    mask = parts[0].mask().copy()
    for part in parts[1:]:
        mask |= part.mask()
    return Dense(mask, total, positive=False)


def _add_dense(total: Array, part: Dense, *, largest: bool) -> None:
    scores = part.dense_scores()
    if largest:
        np.maximum(total, scores, out=total, where=part.mask())
    else:
        np.add(total, scores, out=total, where=part.mask())


def _sorted_union(universe: int, parts: Sequence[Sparse], *, largest: bool, positive: bool) -> Sparse:
    documents = np.concatenate([part.documents for part in parts])
    scores = np.concatenate([part.scores() for part in parts])
    order = np.argsort(documents, kind="stable")
    documents, scores = documents[order], scores[order]
    first = np.flatnonzero(np.diff(documents.astype(np.int64), prepend=-1))
    if len(first) == len(documents):
        return Sparse(universe, documents, scores, positive=positive)
    combined = (np.maximum if largest else np.add).reduceat(scores, first)
    return Sparse(universe, documents[first], combined, positive=positive)


def without(matches: Matches, excluded: Matches) -> Matches:
    """Give the matches that are not among others."""
    if isinstance(matches, Dense):
        return Dense(matches.mask() & ~excluded.mask(), matches.dense_scores(), positive=matches.positive)
    return _only(matches, np.flatnonzero(~excluded.mask().take(matches.documents)))


def within(matches: Matches, required: Matches) -> Matches:
    """Give the matches that are among others; scores stay."""
    if isinstance(matches, Dense):
        return Dense(matches.mask() & required.mask(), matches.dense_scores(), positive=matches.positive)
    if isinstance(required, Dense):
        return _only(matches, np.flatnonzero(required.mask().take(matches.documents)))
    return _only(matches, places(matches.documents, required.documents, matches.universe)[0])


def enough(universe: int, parts: Sequence[Matches], number: int) -> Array:
    """Tell of each document whether at least so many of the parts match it."""
    counts = np.zeros(universe, np.uint16)
    for part in parts:
        if isinstance(part, Sparse):
            counts[part.documents] += 1
        else:
            counts += part.mask()
    return counts >= number


def filtered(matches: Matches, visible: Array | None) -> Matches:
    """Give the matches that a mask allows; None allows all."""
    return matches if visible is None else within(matches, Dense(visible, 0.0))


def all_of(masks: Sequence[Array | None]) -> Array | None:
    """Give the mask of the documents that every mask allows; None allows all."""
    given = [mask for mask in masks if mask is not None]
    return reduce(np.logical_and, given) if given else None


def _only(matches: Sparse, at: Array) -> Sparse:
    def scores(chosen: Array | None) -> Array:
        return matches.scores(at if chosen is None else at.take(chosen))

    own: Scores = matches.constant if matches.constant is not None else scores
    return Sparse(matches.universe, matches.documents.take(at), own, positive=matches.positive)


def maybe(matches: Matches, bonus: Matches) -> Matches:
    """Give the matches, with the scores of others added where both match."""
    left, right = matches.sparse(), bonus.sparse()
    found, at = places(left.documents, right.documents, left.universe)
    scores = left.scores().copy()
    scores[found] += right.scores(at)
    return left.rescored(scores, positive=matches.positive and bonus.positive)
