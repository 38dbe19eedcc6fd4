"""Chooses the best of all matches without sorting them."""

import numpy as np

from newsdex.index.columnar.matches import Dense, Matches
from newsdex.index.columnar.sections import Array

GROUP = 128
"""The best of groups of so many bound the best of all from below."""
FEW = 2_048


def best_scored(matches: Matches, limit: int) -> tuple[Array, Array]:
    """Give the documents with the highest scores and their scores, best first; of equals the first documents."""
    if matches.constant is not None:
        documents = matches.sparse().documents[:limit]
        return documents, np.full(len(documents), matches.constant, np.float32)
    if isinstance(matches, Dense) and matches.positive:
        scores = np.asarray(matches.dense_scores())
        scores = np.where(matches.mask(), scores, np.float32(0))
        chosen = highest(scores, min(limit, len(scores)))
        chosen = chosen[scores[chosen] > 0]
        return chosen, scores[chosen]
    own = matches.sparse()
    scores = own.scores()
    chosen = highest(scores, limit)
    return own.documents.take(chosen), scores.take(chosen)


def highest(values: Array, limit: int) -> Array:
    """Give the places of the greatest values, greatest first; of equals the first places."""
    candidates = np.arange(len(values))
    if len(values) > max(FEW, limit * GROUP):
        groups = values[: len(values) // GROUP * GROUP].reshape(-1, GROUP).max(1)
        # each group's best is one value, so the k-th best of them is not above the k-th best of all
        bound = np.partition(groups, -limit)[-limit]
        candidates = np.flatnonzero(values >= bound)
    if len(candidates) > max(FEW, limit):
        candidates = _without_late_equals(values, candidates, limit)
    own = values.take(candidates)
    return candidates[np.argsort(-own, kind="stable")[:limit]]


def _without_late_equals(values: Array, candidates: Array, limit: int) -> Array:
    own = values.take(candidates)
    bound = np.partition(own, -limit)[-limit]
    above = candidates[own > bound]
    equal = candidates[own == bound][: limit - len(above)]
    return np.sort(np.concatenate([above, equal]))
