"""Chooses the best of all matches without sorting them."""

from typing import Any

import numpy as np

from newsdex.index.columnar.matches import Dense, Matches
from newsdex.index.columnar.sections import Array

ROWS = 64
"""The greatest of groups of so many bound the greatest of all from below."""
FEW = 512


def best_scored(matches: Matches, limit: int) -> tuple[Array, Array]:
    """Give the documents with the highest scores, and these, float32, best first; of equals the first documents."""
    made = matches.resolved()
    if made.constant is not None:
        documents = made.sparse().documents[:limit]
        return documents, np.full(len(documents), made.constant, np.float32)
    if isinstance(made, Dense) and made.positive:
        return _best_dense(made, limit)
    own = made.sparse()
    scores = own.scores().astype(np.float32)
    chosen = highest(scores, limit)
    return own.documents.take(chosen), scores.take(chosen)


def _best_dense(matches: Dense, limit: int) -> tuple[Array, Array]:
    scores = np.asarray(matches.dense_scores())
    documents = matches.places
    if documents is not None:
        documents = _promising(matches, scores, documents, limit * matches.repeats)
    if documents is None:
        documents = np.flatnonzero(matches.mask())
    own = scores.take(documents).astype(np.float32)
    chosen = highest(own, limit)
    return documents.take(chosen), own.take(chosen)


def _promising(matches: Dense, scores: Array, documents: Array, limit: int) -> Array | None:
    """Give those documents that may be among the best, sorted, each once; None where that would be many."""
    own = (matches.mask().take(documents) * scores.take(documents)).astype(np.float32)
    at = np.flatnonzero(own >= _bound(own, limit))
    if len(at) > max(FEW, 2 * limit):
        return None
    candidates = np.unique(documents.take(at))
    return candidates.compress(matches.mask().take(candidates))


def highest(values: Array, limit: int) -> Array:
    """Give the places of the greatest values, greatest first; of equals the first places."""
    if len(values) <= FEW:
        return np.argsort(-values, kind="stable")[:limit]
    candidates = np.flatnonzero(values >= _bound(values, limit))
    if len(candidates) > max(FEW, limit):
        candidates = _without_late_equals(values, candidates, limit)
    return candidates[np.argsort(-values.take(candidates), kind="stable")[:limit]]


def _bound(values: Array, limit: int) -> Any:
    """Give a value that at least `limit` values reach, if there are so many, and few others."""
    columns = len(values) // ROWS
    if columns > 2 * limit:
        # each group's best is one value, so the k-th best of them is not above the k-th best of all
        values = values[: columns * ROWS].reshape(ROWS, columns).max(0)
    limit = min(limit, len(values))
    return np.partition(values, -limit)[-limit]


def _without_late_equals(values: Array, candidates: Array, limit: int) -> Array:
    own = values.take(candidates)
    bound = np.partition(own, -limit)[-limit]
    above = candidates[own > bound]
    equal = candidates[own == bound][: limit - len(above)]
    return np.sort(np.concatenate([above, equal]))
