"""Combines what the parts of a query match."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.query.doc_set import Among, Dense, Matches, Sparse
from newsdex.index.columnar.query.multi_term import Expansion, any_expansion
from newsdex.index.columnar.query.posting_lists import AnyOf, Found, Postings
from newsdex.index.columnar.storage.section_file import Array


def scaled(matches: Matches, boost: float) -> Matches:
    """Give the same documents with scores multiplied."""
    if boost == 1.0:
        return matches
    made = matches.resolved()
    positive = made.positive and boost > 0
    if made.constant is not None:
        return made.rescored(made.constant * boost, positive=positive)
    factor = np.float32(boost)
    if isinstance(made, Dense):
        return made.rescored(np.asarray(made.dense_scores() * factor), positive=positive)
    return made.rescored(lambda at: made.scores(at) * factor, positive=positive)


def both(universe: int, parts: Sequence[Matches]) -> Matches:
    """Give the documents that match every part; scores add up."""
    positive = all(part.positive for part in parts)
    if all(isinstance(part, Dense) for part in parts):
        mask, total = parts[0].mask(), _dense_scores(parts[0])
        for part in parts[1:]:
            mask, total = mask & part.mask(), total + _dense_scores(part)
        return Dense(mask, total, positive=positive)
    smallest, *others = sorted(parts, key=lambda part: universe + 1 if isinstance(part, Dense) else part.bound)
    first = smallest.sparse()
    documents = first.documents
    hits = [first.itself()]
    for other in others:
        hits.append(other.among(documents))
        documents = documents.take(hits[-1].found)
    # where the documents that match every part stand among those that matched a part and all before it
    remaining: Array | None = None
    kept: list[tuple[Among, Array | None]] = []
    for one in reversed(hits):
        kept.append((one, remaining))
        remaining = one.found if remaining is None else one.found.take(remaining)
    kept.reverse()
    constants = [one.scores for one, _ in kept if not callable(one.scores)]
    if len(constants) == len(kept):
        return Sparse(universe, documents, sum(constants), positive=positive)

    def scores(chosen: Array | None) -> Array:
        return np.asarray(sum(np.asarray(one.scores_at(_chosen(at, chosen)), np.float64) for one, at in kept))

    return Sparse(universe, documents, scores, positive=positive)


def _chosen(at: Array | None, chosen: Array | None) -> Array | None:
    """Give the places that remain of some places; None is all."""
    if at is None or chosen is None:
        return at if chosen is None else chosen
    return at.take(chosen)


def _dense_scores(part: Matches) -> Array | float:
    assert isinstance(part, Dense)
    scores = part.dense_scores()
    return scores if isinstance(scores, (int, float)) else scores.astype(np.float64)


def either(universe: int, parts: Sequence[Matches], *, largest: bool = False) -> Matches:
    """Give the documents that match any part; scores add up, or with `largest`, the largest counts."""
    if len(parts) == 1:
        return parts[0]
    expansions = [part for part in parts if isinstance(part, Expansion)]
    if not largest and len(expansions) == len(parts):
        return any_expansion(universe, expansions)
    parts = [part.resolved() if isinstance(part, Expansion) else part for part in parts]
    if not largest and all(isinstance(part, (Sparse, AnyOf)) for part in parts):
        return AnyOf(universe, [one for part in parts for one in _lists(part)])
    made = [part.resolved() for part in parts]
    positive = all(part.positive for part in made)
    total = np.zeros(universe) if positive or not largest else np.full(universe, -np.inf)
    for part in made:
        if isinstance(part, Dense):
            _add_dense(total, part, largest=largest)
        elif largest:
            total[part.documents] = np.maximum(total.take(part.documents), part.scores())
        else:
            total[part.documents] += part.scores()
    if positive:
        return Dense(total > 0, total)
    mask = made[0].mask().copy()
    for part in made[1:]:
        mask |= part.mask()
    return Dense(mask, total, positive=False)


def _lists(part: Matches) -> Sequence[Postings | Found]:
    if isinstance(part, AnyOf) and part.plain:
        return part.lists
    return (Found(part.sparse()),)


def _add_dense(total: Array, part: Dense, *, largest: bool) -> None:
    scores = part.dense_scores()
    if largest:
        np.maximum(total, scores, out=total, where=part.mask())
    elif isinstance(scores, (int, float)):
        total += part.mask() * np.float32(scores)
    else:
        np.add(total, scores, out=total, where=part.mask())


def enough(universe: int, parts: Sequence[Matches], number: int) -> Array:
    """Tell of each document whether at least so many of the parts match it."""
    counts = np.zeros(universe, np.uint16)
    for part in parts:
        if isinstance(part, Sparse):
            counts[part.documents] += 1
        else:
            counts += part.mask()
    return counts >= number


def without(matches: Matches, excluded: Matches) -> Matches:
    """Give the matches that are not among others."""
    made = matches.resolved()
    if isinstance(made, Dense):
        return made.masked(~excluded.mask())
    stays = np.ones(len(made), bool)
    stays[excluded.among(made.documents).found] = False
    return _only(made, np.flatnonzero(stays))


def within(matches: Matches, required: Matches) -> Matches:
    """Give the matches that are among others; scores stay."""
    if not isinstance(required, Dense) and required.bound < matches.bound:
        documents = required.sparse().documents
        hits = matches.among(documents)
        return Sparse(matches.universe, documents.take(hits.found), hits.scores, positive=matches.positive)
    made = matches.resolved()
    if isinstance(made, Dense) and isinstance(required, Dense):
        return made.masked(required.mask())
    own = made.sparse()
    return _only(own, required.among(own.documents).found)


def _only(matches: Sparse, at: Array) -> Sparse:
    if len(at) == len(matches):
        return matches
    scores = matches.constant if matches.constant is not None else lambda chosen: matches.scores(_chosen(at, chosen))
    return Sparse(matches.universe, matches.documents.take(at), scores, positive=matches.positive)


def maybe(matches: Matches, bonus: Matches) -> Matches:
    """Give the matches, with the scores of others added where both match."""
    left = matches.sparse()
    hits = bonus.among(left.documents)
    scores = left.scores().astype(np.float64)
    scores[hits.found] += hits.scores_at(None)
    return left.rescored(scores, positive=left.positive and bonus.positive)
