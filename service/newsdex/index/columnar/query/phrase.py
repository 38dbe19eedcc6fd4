"""Finds the documents where words stand one after the other."""

import ctypes
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.posting_lists import ScoredPostings
from newsdex.index.columnar.storage.term_dictionary import Stop

AT_ONCE = 1 << 15
"""So many postings and positions are read before it is asked whether time is left."""


class PhraseMatches(NamedTuple):
    """What was found."""

    documents: Array
    scores: Array
    """The sums of the words' scores, float64."""
    times: Array
    """How often the phrase ends in each document, int64."""


def find_phrase(words: Sequence[ScoredPostings], slop: int, stop: Stop, among: Array | None = None) -> PhraseMatches:
    """Find the documents that have some words of one field, each at most `slop` behind the one before.

    As Whoosh's SpanNear2. `among` are the documents to look at, sorted; None are all. What was not looked at when the
    time is up is left out.
    """
    count, sources = len(words), words[0].known.sources
    size = min(map(len, words)) if among is None else len(among)
    marks, room = sources.words, sources.most_places
    rows_end = marks + kernel.PHRASE_ROWS * size
    places = size * kernel.PLACE_NUMBERS + count * kernel.PHRASE_WORD_NUMBERS
    memory = np.empty(rows_end + places + room, np.int64)
    documents, scores, times = memory[marks:rows_end].reshape(kernel.PHRASE_ROWS, size)
    progress = kernel.Progress(finished=not size)
    if among is not None:
        documents[:] = among
        progress.common = size
    rows, state = b"".join([word.row() for word in words]), ctypes.addressof(progress)
    bounds = (slop, room, marks, size)
    positions = sources.positions
    asked = (rows, count, positions.address, *bounds, state, AT_ONCE, kernel.address(memory))
    while not progress.finished:
        outcome = kernel.find_phrase(*asked)
        if outcome == kernel.DAMAGED:
            raise sources.damaged()
        if outcome == kernel.UNCHECKED:
            sources.fields[progress.source].check_positions(progress.first_word, progress.end_word)
        if not progress.finished and stop():
            break
    found = progress.found
    return PhraseMatches(documents[:found], scores[:found].view(np.float64), times[:found])
