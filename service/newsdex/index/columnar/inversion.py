"""Turns documents into postings by sorting one array of numbers: term, document and position packed into 64 bits."""

from collections.abc import Sequence

import numpy as np

from newsdex.index.columnar.postings import Postings
from newsdex.index.columnar.vocabulary import Occurrences, Vocabulary

KEY_BITS = 64


def invert_texts(
    texts: Sequence[str], languages: Sequence[str], vocabulary: Vocabulary
) -> tuple[list[bytes], Postings, Occurrences]:
    """Invert a field of full text; give its terms, sorted, their postings, and what was found in each document."""
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
    sizes = np.bincount((pairs[first] >> np.uint64(document_bits)).astype(np.int64), minlength=len(terms))
    frequencies = np.diff(first, append=len(keys))
    postings = Postings(sizes=sizes, documents=documents, frequencies=frequencies, positions=positions)
    return terms, postings, found


def invert_values(values: Sequence[Sequence[str]]) -> tuple[list[bytes], Postings]:
    """Invert a field of whole values, some for each document; give its terms, sorted, and their postings."""
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
    postings = Postings(
        sizes=np.bincount(keys >> 32, minlength=len(terms)),
        documents=(keys & 0xFFFFFFFF).astype(np.uint32),
        frequencies=frequencies,
    )
    return [value for value, _ in terms], postings


def _bits(count: int) -> int:
    return max(count - 1, 1).bit_length()
