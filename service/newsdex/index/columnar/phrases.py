"""Finds the documents where words stand one after the other."""

import ctypes
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from newsdex.index.columnar import kernel
from newsdex.index.columnar.lists import Postings
from newsdex.index.columnar.sections import Array

AT_ONCE = 1 << 18
"""So many postings and positions are read before it is asked whether time is left."""
PLACES = 1 << 21
"""It is kept of so many documents and words where positions lie: 24 bytes for each."""
ROWS = 3

Stop = Callable[[], bool]
"""Tells whether the time is up."""


class PhraseMatches(NamedTuple):
    """What was found."""

    documents: Array
    scores: Array
    """The sums of the words' scores, float64."""
    times: Array
    """How often the phrase ends in each document, int64."""


def find_phrase(words: Sequence[Postings], slop: int, stop: Stop, among: Array | None = None) -> PhraseMatches:
    """Find the documents that have some words of one field, each at most `slop` behind the one before.

    As Whoosh's SpanNear2. `among` are the documents to look at, sorted; None are all. What was not looked at when the
    time is up is left out.
    """
    documents = _common(words, stop, among)
    at_once = max(1, PLACES // len(words))
    parts = [_following(words, slop, stop, documents[:at_once])]
    for start in range(at_once, len(documents), at_once):
        if stop():
            break
        parts.append(_following(words, slop, stop, documents[start : start + at_once]))
    return parts[0] if len(parts) == 1 else PhraseMatches(*map(np.concatenate, zip(*parts, strict=True)))


def _common(words: Sequence[Postings], stop: Stop, among: Array | None) -> Array:
    """Give the documents that have all of some words, sorted; none where time is up."""
    by_number, sources = sorted(words, key=len), words[0].known.sources
    given = 0 if among is None else len(among)
    # the kernel's marks come first
    made = np.empty(sources.words + (given or len(by_number[0])), np.int64)
    documents, progress = made[sources.words :], kernel.Progress(found=given)
    if among is not None:
        if not given:
            return among
        documents[:] = among
    rows, place = b"".join([word.row() for word in by_number]), ctypes.addressof(progress)
    asked = (rows, len(words), place, AT_ONCE, kernel.address(made), sources.words)
    while progress.read < len(words):
        if kernel.common_documents(*asked) == kernel.DAMAGED:
            raise sources.damaged()
        if progress.read < len(words) and stop():
            return documents[:0]
    return documents[: progress.found]


def _following(words: Sequence[Postings], slop: int, stop: Stop, documents: Array) -> PhraseMatches:
    """Look at documents that all have all words."""
    size, count, sources = len(documents), len(words), words[0].known.sources
    if not size:
        return PhraseMatches(documents, np.empty(0), documents)
    room = sources.most_places
    made = np.empty(size * (ROWS + count * kernel.PLACE_NUMBERS) + room, np.int64)
    rows, progress = b"".join([word.row() for word in words]), kernel.Progress()
    wanted = (rows, count, sources.positions, slop, kernel.address(documents), size)
    asked = (*wanted, ctypes.addressof(progress), AT_ONCE, room, kernel.address(made))
    while progress.done < size:
        outcome = kernel.find_phrase(*asked)
        if outcome == kernel.DAMAGED:
            raise sources.damaged()
        if outcome == kernel.UNCHECKED:
            sources.fields[progress.source].check_positions(progress.first_word, progress.end_word)
        elif progress.done < size and stop():
            break
    found, scores, times = made[: ROWS * size].reshape(ROWS, size)[:, : progress.found]
    return PhraseMatches(found, scores.view(np.float64), times)
