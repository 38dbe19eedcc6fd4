"""Finds the documents where words stand one after the other."""

import ctypes
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from newsdex.index.columnar import kernel
from newsdex.index.columnar.lists import Postings
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.terms import KnownTerm

AT_ONCE = 1 << 14
"""So many words are read, each in one document, before it is asked whether time is left."""
CHECK_EVERY = 16
"""So many lists are read."""

Stop = Callable[[], bool]
"""Tells whether the time is up."""


class PhraseMatches(NamedTuple):
    """What was found."""

    documents: Array
    scores: Array
    """The sums of the words' scores, float64."""
    times: Array
    """How often the phrase ends in each document."""


def find_phrase(words: Sequence[Postings], slop: int, stop: Stop, among: Array | None = None) -> PhraseMatches:
    """Find the documents that have some words of one field, each at most `slop` behind the one before.

    As Whoosh's SpanNear2. `among` are the documents to look at, sorted; None are all. What was not looked at when the
    time is up is left out.
    """
    documents = _common([word.known for word in words], stop, among)
    size = len(documents)
    found = np.empty(size, np.int64), np.empty(size, np.float64), np.empty(size, np.uint32)
    if not size:
        return PhraseMatches(*found)
    sources = words[0].known.sources
    table, _kept = sources.positions
    room = sources.most_places
    buffers = np.empty(2 * room, np.uint32)
    progress = kernel.Progress.from_buffer(bytearray(ctypes.sizeof(kernel.Progress) + len(words) * kernel.WORD_BYTES))
    state = ctypes.addressof(progress)
    rows = b"".join([word.row() for word in words])
    asked = (rows, len(words), kernel.address(table), slop, kernel.address(documents), size)
    places = (kernel.address(buffers), room, *(kernel.address(own) for own in found))
    while progress.done < size:
        outcome = kernel.find_phrase(*asked, state, AT_ONCE, *places)
        if outcome == kernel.DAMAGED:
            raise sources.damaged()
        if outcome == kernel.UNCHECKED:
            sources.fields[progress.source].check_positions(progress.first_word, progress.end_word)
        elif progress.done < size and stop():
            break
    documents, scores, times = (own[: progress.found] for own in found)
    return PhraseMatches(documents, scores, times)


def _common(terms: Sequence[KnownTerm], stop: Stop, among: Array | None) -> Array:
    """Give the documents that have all of some terms, sorted; none where time is up."""
    rarest, *others = sorted(dict.fromkeys(terms), key=lambda known: known.count)
    if among is None:
        documents = rarest.documents()
    else:
        documents, others = among.astype(np.int64), [rarest, *others]
    count = len(documents)
    for number, known in enumerate(others):
        if number % CHECK_EVERY == CHECK_EVERY - 1 and stop():
            return documents[:0]
        count = kernel.keep_common(known.address, known.piece_count, kernel.address(documents), count)
        if count == kernel.DAMAGED:
            raise known.damaged()
    return documents[:count]
