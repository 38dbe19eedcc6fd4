"""Combines what the parts of a query match."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.doc_set import DocBitmap, DocList, DocSet, Intersection
from newsdex.index.columnar.query.multi_term import MultiTermDocs, multi_term_union
from newsdex.index.columnar.query.posting_lists import Disjunction, MaterializedDocs, ScoredPostings


def boosted(matches: DocSet, boost: float) -> DocSet:
    """Return the same documents with scores multiplied."""
    if boost == 1.0:
        return matches
    made = matches.materialize()
    positive = made.positive and boost > 0
    if made.constant is not None:
        return made.with_scores(made.constant * boost, positive=positive)
    factor = np.float32(boost)
    if isinstance(made, DocBitmap):
        return made.with_scores(np.asarray(made.score_array() * factor), positive=positive)
    return made.with_scores(lambda at: made.scores(at) * factor, positive=positive)


def conjunction(max_doc: int, parts: Sequence[DocSet]) -> DocSet:
    """Return the documents that match every part; scores add up."""
    positive = all(part.positive for part in parts)
    if all(isinstance(part, DocBitmap) for part in parts):
        mask, total = parts[0].mask(), _score_array(parts[0])
        for part in parts[1:]:
            mask, total = mask & part.mask(), total + _score_array(part)
        return DocBitmap(mask, total, positive=positive)
    smallest, *others = sorted(parts, key=lambda part: max_doc + 1 if isinstance(part, DocBitmap) else part.cost)
    first = smallest.doc_list()
    documents = first.documents
    hits = [first.intersect_itself()]
    for other in others:
        hits.append(other.intersect(documents))
        documents = documents.take(hits[-1].found)
    # where the documents that match every part stand among those that matched a part and all before it
    remaining: Array | None = None
    kept: list[tuple[Intersection, Array | None]] = []
    for one in reversed(hits):
        kept.append((one, remaining))
        remaining = one.found if remaining is None else one.found.take(remaining)
    kept.reverse()
    constants = [one.scores for one, _ in kept if not callable(one.scores)]
    if len(constants) == len(kept):
        return DocList(max_doc, documents, sum(constants), positive=positive)

    def scores(chosen: Array | None) -> Array:
        return np.asarray(sum(np.asarray(one.scores_at(_chosen(at, chosen)), np.float64) for one, at in kept))

    return DocList(max_doc, documents, scores, positive=positive)


def _chosen(at: Array | None, chosen: Array | None) -> Array | None:
    """Return the places that remain of some places; None is all."""
    if at is None or chosen is None:
        return at if chosen is None else chosen
    return at.take(chosen)


def _score_array(part: DocSet) -> Array | float:
    assert isinstance(part, DocBitmap)
    scores = part.score_array()
    return scores if isinstance(scores, (int, float)) else scores.astype(np.float64)


def disjunction(max_doc: int, parts: Sequence[DocSet], *, largest: bool = False) -> DocSet:
    """Return the documents that match any part; scores add up, or with `largest`, the largest counts."""
    if len(parts) == 1:
        return parts[0]
    multi_terms = [part for part in parts if isinstance(part, MultiTermDocs)]
    if not largest and len(multi_terms) == len(parts):
        return multi_term_union(max_doc, multi_terms)
    parts = [part.materialize() if isinstance(part, MultiTermDocs) else part for part in parts]
    if not largest and all(isinstance(part, (DocList, Disjunction)) for part in parts):
        return Disjunction(max_doc, [one for part in parts for one in _lists(part)])
    made = [part.materialize() for part in parts]
    positive = all(part.positive for part in made)
    total = np.zeros(max_doc) if positive or not largest else np.full(max_doc, -np.inf)
    for part in made:
        if isinstance(part, DocBitmap):
            _add_bitmap(total, part, largest=largest)
        elif largest:
            total[part.documents] = np.maximum(total.take(part.documents), part.scores())
        else:
            total[part.documents] += part.scores()
    if positive:
        return DocBitmap(total > 0, total)
    mask = made[0].mask().copy()
    for part in made[1:]:
        mask |= part.mask()
    return DocBitmap(mask, total, positive=False)


def _lists(part: DocSet) -> Sequence[ScoredPostings | MaterializedDocs]:
    if isinstance(part, Disjunction) and part.plain:
        return part.lists
    return (MaterializedDocs(part.doc_list()),)


def _add_bitmap(total: Array, part: DocBitmap, *, largest: bool) -> None:
    scores = part.score_array()
    if largest:
        np.maximum(total, scores, out=total, where=part.mask())
    elif isinstance(scores, (int, float)):
        total += part.mask() * np.float32(scores)
    else:
        np.add(total, scores, out=total, where=part.mask())


def min_should_match(max_doc: int, parts: Sequence[DocSet], number: int) -> Array:
    """Tell of each document whether at least so many of the parts match it; of a word, by one of its forms."""
    counts = np.zeros(max_doc, np.uint16)
    for part in parts:
        if isinstance(part, DocList):
            counts[part.documents] += 1
        elif isinstance(part, Disjunction):
            counts[part.with_form()] += 1
        else:
            counts += part.mask()
    return counts >= number


def exclude(matches: DocSet, excluded: DocSet) -> DocSet:
    """Return the matches that are not among others."""
    made = matches.materialize()
    if isinstance(made, DocBitmap):
        return made.restricted(~excluded.mask())
    stays = np.ones(len(made), bool)
    stays[excluded.intersect(made.documents).found] = False
    return _only(made, np.flatnonzero(stays))


def filter_by(matches: DocSet, required: DocSet) -> DocSet:
    """Return the matches that are among others; scores stay."""
    if not isinstance(required, DocBitmap) and required.cost < matches.cost:
        documents = required.doc_list().documents
        hits = matches.intersect(documents)
        return DocList(matches.max_doc, documents.take(hits.found), hits.scores, positive=matches.positive)
    made = matches.materialize()
    if isinstance(made, DocBitmap) and isinstance(required, DocBitmap):
        return made.restricted(required.mask())
    own = made.doc_list()
    return _only(own, required.intersect(own.documents).found)


def _only(matches: DocList, at: Array) -> DocList:
    if len(at) == len(matches):
        return matches
    scores = matches.constant if matches.constant is not None else lambda chosen: matches.scores(_chosen(at, chosen))
    return DocList(matches.max_doc, matches.documents.take(at), scores, positive=matches.positive)


def optional(matches: DocSet, bonus: DocSet) -> DocSet:
    """Return the matches, with the scores of others added where both match."""
    left = matches.doc_list()
    hits = bonus.intersect(left.documents)
    scores = left.scores().astype(np.float64)
    scores[hits.found] += hits.scores_at(None)
    return left.with_scores(scores, positive=left.positive and bonus.positive)
