"""Counts the documents of a commit that may be shown and have some words: arrays only, nothing is scored."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.phrase import find_phrase
from newsdex.index.columnar.query.posting_lists import ScoredPostings
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import alternatives

Mask = Array
"""Of each document of the commit, whether it is meant."""


class CoOccurrence:
    """Works on the visible documents of one commit, for one request."""

    def __init__(self, snapshot: Snapshot, languages: tuple[str, ...], visible: Mask) -> None:
        """Take the languages of the articles, and the documents that may be shown."""
        self._snapshot = snapshot
        self._languages = languages
        self.visible = visible

    def with_word(self, word: str) -> Mask:
        """Return the documents that have a word in any text field, in any of its forms."""
        mask = np.zeros(len(self.visible), bool)
        for (term,) in alternatives((word,), self._languages):
            for name in TEXT_FIELDS:
                self._add(mask, name, term)
        mask &= self.visible
        return mask

    def is_written(self, word: str) -> bool:
        """Return whether a document has a word as it stands, or as the stem of another one."""
        return any(self._snapshot.count_in(self.visible, name, word.encode(), 1) for name in TEXT_FIELDS)

    def with_phrase(self, words: Sequence[str]) -> Mask:
        """Return the documents in which some words follow on each other in a text field."""
        mask = np.zeros(len(self.visible), bool)
        for series in alternatives(tuple(words), self._languages):
            for name in TEXT_FIELDS:
                self._add_phrase(mask, name, series)
        mask &= self.visible
        return mask

    def with_value(self, field: str, value: str) -> Mask:
        """Return the documents that have a value in a field such as `authors`."""
        mask = np.zeros(len(self.visible), bool)
        self._add(mask, field, value)
        mask &= self.visible
        return mask

    def _add(self, mask: Mask, field: str, term: str) -> None:
        known = self._snapshot.term(field, term.encode())
        if known.count:
            mask[known.documents()] = True

    def _add_phrase(self, mask: Mask, field: str, series: Sequence[str]) -> None:
        known = [self._snapshot.term(field, term.encode()) for term in series]
        if all(one.count for one in known):
            words = [ScoredPostings(one, how=kernel.BY_FREQUENCY, weight=1.0) for one in known]
            mask[find_phrase(words, 1, lambda: False).documents] = True

    def article_id(self, mask: Mask) -> str:
        """Return the id of one of some documents, of which there is at least one: the one that was indexed last."""
        return self._snapshot.article_id(int(np.flatnonzero(mask)[-1]))


def total(mask: Mask) -> int:
    """Return the number of documents."""
    return int(np.count_nonzero(mask))


def weighed(mask: Mask, weights: Array) -> float:
    """Return the sum of the documents' weights."""
    return float(weights.take(np.flatnonzero(mask)).sum())
