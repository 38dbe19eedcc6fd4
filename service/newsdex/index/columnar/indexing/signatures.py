"""Makes a signature of each article, by which versions of one text are known again: MinHash of its words in threes.

The words are taken as they stand, folded, so neither stems nor the language that was detected matter. Each shingle of
three falls into one of 256 bins, and the least of a bin stands for it (one permutation hashing: Li, Owen and Zhang
2012); an empty bin takes another one's (optimal densification: Shrivastava 2017). Of each bin one bit is kept (b-bit
minwise hashing: Li and König 2010), so the share of equal bits of two signatures is about (1 + J) / 2, where J is the
share of their shingles that two texts have in common. Nothing depends on other articles, or on the machine.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.signatures import BITS, WORDS

SHINGLE_WORDS = 3
LEAST_SHINGLES = 12
"""A text with fewer tells too little: it has no signature."""
SHORT_SHINGLES = 30
"""A text with fewer is like another one only where all are the same: “Bank A raises prime rate” is not “Bank B …”."""
BIN_SHIFT = np.uint64(56)
EMPTY = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
DOCUMENTS_AT_ONCE = 1_024
"""Bounds the memory: 2 KiB a document."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_BIN_SALTS = np.arange(BITS, dtype=np.uint64) * GOLDEN


def mixed(values: Array) -> Array:
    """Return numbers of which every bit depends on all bits of the given ones (splitmix64: Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: Array = values ^ (values >> np.uint64(31))
    return result


def shingles(words: Array, documents: Array) -> tuple[Array, Array]:
    """Return a number for each three words in a row of one document, and the document; `words` are hashes."""
    if len(words) < SHINGLE_WORDS:
        return words[:0], documents[:0]
    first, second, third = words[:-2], words[1:-1], words[2:]
    made = mixed(mixed(mixed(first) + second) + third)
    within = np.flatnonzero(documents[:-2] == documents[2:])
    return made.take(within), documents.take(within)


def signatures(parts: Sequence[tuple[Array, Array]], documents: int) -> Array:
    """Return the signature of each document, uint64[4, n], zeros for a text that is too short to have one.

    `parts` are the shingles of each field with their documents, which rise.
    """
    made = [_signatures(own, count) for own, count in _batches(parts, documents)]
    return np.concatenate(made, axis=1) if made else np.zeros((WORDS, 0), np.uint64)


def _batches(parts: Sequence[tuple[Array, Array]], documents: int) -> Iterator[tuple[list[tuple[Array, Array]], int]]:
    for start in range(0, documents, DOCUMENTS_AT_ONCE):
        stop = min(start + DOCUMENTS_AT_ONCE, documents)
        own = []
        for hashes, numbers in parts:
            begin, end = np.searchsorted(numbers, (start, stop)).tolist()
            own.append((hashes[begin:end], numbers[begin:end] - start))
        yield own, stop - start


def _signatures(parts: Sequence[tuple[Array, Array]], documents: int) -> Array:
    bins: Array = np.full(documents * BITS, EMPTY)
    for hashes, numbers in parts:
        np.minimum.at(bins, numbers * BITS + (hashes >> BIN_SHIFT).astype(np.int64), hashes)
    bins = bins.reshape(documents, BITS)
    filled = np.count_nonzero(bins != EMPTY, axis=1)
    made = np.zeros((WORDS, documents), np.uint64)
    long = np.flatnonzero(filled >= SHORT_SHINGLES)
    if len(long):
        values = _densified(bins[long])
        bits = (mixed(values + _BIN_SALTS) & np.uint64(1)).astype(np.uint8)
        made[:, long] = np.packbits(bits, axis=1).view("<u8").T
    short = np.flatnonzero((filled >= LEAST_SHINGLES) & (filled < SHORT_SHINGLES))
    if len(short):
        whole = np.where(bins[short] == EMPTY, np.uint64(0), mixed(bins[short])).sum(axis=1, dtype=np.uint64)
        made[:, short] = mixed(whole + np.arange(1, WORDS + 1, dtype=np.uint64)[:, np.newaxis] * GOLDEN)
    return made


def _densified(bins: Array) -> Array:
    """Return bins of which none is empty: which other one an empty bin takes depends on its place only."""
    flat, made = bins.ravel(), bins.ravel().copy()
    left = np.flatnonzero(flat == EMPTY)
    attempt = np.uint64(0)
    while len(left):
        attempt += np.uint64(1)
        places = left % BITS
        others = (mixed(_BIN_SALTS.take(places) + attempt) >> BIN_SHIFT).astype(np.int64)
        found = flat.take(left - places + others)
        made[left] = found
        left = left.compress(found == EMPTY)
    return made.reshape(bins.shape)
