"""Turns documents into postings by sorting one array of numbers: term, document and position packed into 64 bits."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.postings import InvertedField
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.vocabulary import Vocabulary

KEY_BITS = 64


def invert_texts(
    name: str, texts: Sequence[str], languages: Sequence[str], vocabulary: Vocabulary
) -> tuple[InvertedField, Array]:
    """Invert a field of full text; give it with the number of words of each document."""
    found = vocabulary.read(texts, languages)
    terms, term = vocabulary.ranked(found.term)
    document_bits = _bits(len(texts))
    position_bits = _bits(int(found.position.max(initial=0)) + 1)
    if _bits(len(terms)) + document_bits + position_bits > KEY_BITS:
        raise OverflowError("the batch is too large to be inverted at once")
    keys = (term << (document_bits + position_bits)) | (found.document << position_bits) | found.position
    keys = np.sort(keys.view(np.uint64))

    positions = keys & np.uint64((1 << position_bits) - 1)
    pairs = keys >> np.uint64(position_bits)
    first = np.flatnonzero(np.diff(pairs, prepend=~pairs[:1]))
    documents = (pairs[first] & np.uint64((1 << document_bits) - 1)).astype(np.uint32)
    starts = _starts((pairs[first] >> np.uint64(document_bits)).astype(np.int64), len(terms))
    ends = np.append(first, len(keys))
    inverted = InvertedField(
        name=name,
        terms=terms,
        starts=starts,
        documents=documents,
        frequencies=np.diff(ends),
        position_starts=ends[starts],
        positions=positions,
    )
    return inverted, found.lengths


def invert_values(name: str, values: Sequence[Sequence[str]]) -> InvertedField:
    """Invert a field of whole values, some for each document."""
    numbers: dict[str, int] = {}
    pairs = [
        (numbers.setdefault(value, len(numbers)), document)
        for document, own in enumerate(values)
        for value in own
        if value
    ]
    terms = sorted((value.encode(), number) for value, number in numbers.items())
    rank = np.empty(len(terms), np.int64)
    rank[[number for _, number in terms]] = np.arange(len(terms))
    term, document = np.array(pairs, np.int64).reshape(-1, 2).T
    keys, frequencies = np.unique((rank[term] << 32) | document, return_counts=True)
    return InvertedField(
        name=name,
        terms=[value for value, _ in terms],
        starts=_starts(keys >> 32, len(terms)),
        documents=(keys & 0xFFFFFFFF).astype(np.uint32),
        frequencies=frequencies if frequencies.max(initial=1) > 1 else None,
    )


def _bits(count: int) -> int:
    return max(count - 1, 1).bit_length()


def _starts(term: Array, terms: int) -> Array:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(term, minlength=terms))])
