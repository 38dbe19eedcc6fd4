"""Counts the documents that have a word in any of its forms and any of its fields, each once.

The forms of a word, its stems in several languages above all, share documents, and so do fields: sums would be too
high, and with a frequency for each form a word would be rarest in the language that the fewest articles are in.
"""

import math
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.posting_lists import ScoredPostings
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.term_lookup import TermPostings

MAX_REMEMBERED = 20_000
"""Words of a commit whose number is remembered, some 300 bytes each."""


class Forms(NamedTuple):
    """What stands for one word: a document with any of the terms in any of the fields has it."""

    fields: tuple[str, ...]
    terms: tuple[bytes, ...]


_known: WeakKeyDictionary[Snapshot, dict[Forms, int]] = WeakKeyDictionary()


def document_frequency(snapshot: Snapshot, forms: Forms) -> int:
    """Return how many documents of a commit have a word, deleted ones included: as Whoosh's statistics count."""
    known = _found(snapshot, forms)
    if len(known) <= 1:
        return known[0].count if known else 0
    remembered = _known.setdefault(snapshot, {})
    count = remembered.get(forms)
    if count is None:
        if len(remembered) >= MAX_REMEMBERED:
            remembered.clear()
        count = remembered[forms] = int(np.bitwise_count(_bits(snapshot, known)).sum())
    return count


def live_document_frequency(snapshot: Snapshot, forms: Forms) -> int:
    """Return how many documents that are not deleted have a word: what may be told to anybody."""
    if snapshot.alive is None:
        return document_frequency(snapshot, forms)
    bits = _bits(snapshot, _found(snapshot, forms))
    mask = np.unpackbits(bits.view(np.uint8), bitorder="little", count=snapshot.documents).view(bool)
    return int(np.count_nonzero(mask & snapshot.alive))


def inverse_document_frequency(documents: int, having: int) -> float:
    """Return log(1 + (N − n + ½) / (n + ½)), which is never below 0: BM25's, with Lucene's addend."""
    having = min(having, documents)
    return math.log1p((documents - having + 0.5) / (having + 0.5))


def _found(snapshot: Snapshot, forms: Forms) -> list[TermPostings]:
    every = [snapshot.term(name, term) for name in forms.fields for term in forms.terms]
    return [one for one in every if one.count]


def _bits(snapshot: Snapshot, known: list[TermPostings]) -> Array:
    """Return a bit for each document, whether it has any of some terms, uint64."""
    bits = np.zeros(-(-snapshot.documents // kernel.WORD_BITS) or 1, np.uint64)
    rows = b"".join([ScoredPostings(one, how=kernel.BY_FREQUENCY, weight=1.0).row() for one in known])
    if kernel.lists_to_bits(rows, len(known), kernel.address(bits)) == kernel.DAMAGED:
        raise known[0].damaged()
    return bits
