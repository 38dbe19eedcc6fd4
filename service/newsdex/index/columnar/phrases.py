"""Finds the documents where words stand one after the other."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from newsdex.index.columnar import kernel
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.terms import KnownTerm

_POSITION_BITS = np.int64(32)


def phrase_places(terms: Sequence[KnownTerm], slop: int) -> list[Array]:
    """Find a phrase of some terms: the places, in each term's own documents, of the documents that have it.

    Each word must stand after the one before, at most `slop` further on, as with Whoosh's SpanNear2.
    """
    documents = [one.documents() for one in terms]
    at = _common(documents)
    ends: Array | None = None
    for number, known in enumerate(terms):
        if not len(at[0]):
            return at
        found = positions_in(known, documents[number], at[number])
        ends = found if ends is None else _following(ends, found, slop)
    assert ends is not None
    chosen = np.unique(ends >> _POSITION_BITS)
    return [own.take(chosen) for own in at]


def _common(lists: Sequence[Array]) -> list[Array]:
    """Give for each list the places of the documents that are in all."""
    order = sorted(range(len(lists)), key=lambda number: len(lists[number]))
    documents = lists[order[0]]
    at: dict[int, Array] = {order[0]: np.arange(len(documents))}
    for number in order[1:]:
        found, own = kernel.common(documents, lists[number])
        documents = documents.take(found)
        at = {known: known_at.take(found) for known, known_at in at.items()}
        at[number] = own
    return [at[number] for number in range(len(lists))]


def positions_in(known: KnownTerm, documents: Array, at: Array) -> Array:
    """Give the positions of a word in some of its documents, as (rank of the document, position) in one number."""
    frequencies, pieces = known.frequencies(), known.pieces
    ends = np.cumsum([0, *(piece.stop - piece.start for piece in pieces)]).tolist()
    cuts = np.searchsorted(at, ends).tolist()
    parts = [
        piece.field.positions_of(
            piece.number, documents[begin:end] - piece.base, frequencies[begin:end], at[first:stop] - begin
        )
        for piece, (begin, end), (first, stop) in zip(pieces, pairwise(ends), pairwise(cuts), strict=True)
        if first < stop
    ]
    placed = np.concatenate(parts).astype(np.int64)
    placed |= np.repeat(np.arange(len(at)) << _POSITION_BITS, frequencies.take(at).astype(np.int64))
    return placed


def _following(before: Array, after: Array, slop: int) -> Array:
    """Give the places of `after` that stand at most `slop` behind one of `before`, in the same document."""
    if not len(before):
        return before
    nearest = np.searchsorted(before, after) - 1
    distance = after - before.take(np.maximum(nearest, 0))
    # another document is at least 2**32 minus a position away
    return after[(nearest >= 0) & (distance <= slop) & (distance > 0)]
