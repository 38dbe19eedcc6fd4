"""Finds the documents where words stand one after the other."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.matches import places
from newsdex.index.columnar.postings import PostingField
from newsdex.index.columnar.sections import Array


def phrase_places(field: PostingField, numbers: Sequence[int], slop: int, universe: int) -> list[Array]:
    """Find a phrase: for each of its words, the places in its postings of the documents that have the phrase.

    Each word must stand after the one before, at most `slop` further on, as with Whoosh's SpanNear2.
    """
    spans = [field.span(number, number + 1) for number in numbers]
    postings = [field.documents(*span) for span in spans]
    at = _common(postings, universe)
    ends: Array | None = None
    for number, span, own in zip(numbers, spans, at, strict=True):
        found = _positions(field, number, span, own)
        ends = found if ends is None else _following(ends, found, slop)
    assert ends is not None
    chosen = np.unique(ends >> _POSITION_BITS)
    return [own.take(chosen) for own in at]


_POSITION_BITS = np.int64(32)


def _common(postings: Sequence[Array], universe: int) -> list[Array]:
    """Give for each list the places of the documents that are in all."""
    order = sorted(range(len(postings)), key=lambda number: len(postings[number]))
    documents = postings[order[0]]
    at: dict[int, Array] = {order[0]: np.arange(len(documents))}
    for number in order[1:]:
        found, own = places(documents, postings[number], universe)
        documents = documents.take(found)
        at = {known: known_at.take(found) for known, known_at in at.items()}
        at[number] = own
    return [at[number] for number in range(len(postings))]


def _positions(field: PostingField, number: int, span: tuple[int, int], at: Array) -> Array:
    """Give the positions of a word in some of its documents, as (rank of the document, position) in one number."""
    frequencies = field.frequencies(*span).astype(np.int64)
    ends = np.cumsum(frequencies)
    own = frequencies.take(at)
    begin, _ = field.position_span(number, number + 1)
    first = ends.take(at) - own
    shift = first - (np.cumsum(own) - own)
    where = np.arange(int(own.sum())) + np.repeat(shift, own)
    ranks = np.repeat(np.arange(len(at)), own)
    placed: Array = (ranks << _POSITION_BITS) | field.positions_at(where + begin).astype(np.int64)
    return placed


def _following(before: Array, after: Array, slop: int) -> Array:
    """Give the places of `after` that stand at most `slop` behind one of `before`, in the same document."""
    if not len(before):
        return before
    nearest = np.searchsorted(before, after) - 1
    distance = after - before.take(np.maximum(nearest, 0))
    # another document is at least 2**32 minus a position away
    return after[(nearest >= 0) & (distance <= slop) & (distance > 0)]
