"""Chooses the best of all matches without sorting them."""

from typing import Any

import numpy as np

from newsdex.index.columnar import kernel
from newsdex.index.columnar.matches import Matches
from newsdex.index.columnar.sections import Array

ROWS = 64
"""The greatest of groups of so many bound the greatest of all from below."""
FEW = 512


def best_scored(matches: Matches, limit: int) -> tuple[Array, Array]:
    """Give the documents with the highest scores, and these, float32, best first; of equals the first documents."""
    made = matches.sparse()
    if made.constant is not None:
        documents = made.documents[:limit]
        return documents, np.full(len(documents), made.constant, np.float32)
    chosen, scores = kernel.greatest(made.scores().astype(np.float64, copy=False), limit)
    return made.documents.take(chosen), scores


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
