"""A sorted table of words in memory that finds those that begin like what was typed, or are spelt almost like it."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel

MISTAKE_SHARE = 0.05
"""A word that needs one more mistake must be so much more frequent to be as likely what is being typed."""
MAX_COUNT = 2**32 - 1
LETTERS = 32
"""Letters share a bit with those whose code is the same modulo this: a bit more that differs is a letter that does."""
AFTER_ANY = chr(0x10FFFF)


class WordTable:
    """Distinct words with their counts; immutable, so any number of threads may read it."""

    def __init__(self, words: Sequence[str], counts: Array, values: Sequence[str] | None = None) -> None:
        """Take words in the order of Python's strings, a count above 0 for each, and the values they stand for."""
        self.words = words
        self.values = words if values is None else values
        """What is given for each word: itself, unless there are values."""
        self.counts = counts
        text = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
        self._lengths = np.fromiter(map(len, words), np.uint8, len(words))
        ends = np.cumsum(self._lengths, dtype=np.int64)
        bits = np.uint32(1) << (text & np.uint32(LETTERS - 1))
        self._letters = np.bitwise_or.reduceat(bits, ends - self._lengths) if len(words) else bits
        # the same by length, since what is spelt almost alike is almost as long
        self._by_length = np.argsort(self._lengths, kind="stable").astype(np.uint32)
        longest = int(self._lengths.max(initial=0))
        self._begins = np.searchsorted(self._lengths[self._by_length], np.arange(longest + 2)).tolist()
        """Where the words of each length begin there, and where the longest end."""
        self._sorted_letters = self._letters[self._by_length]

    @classmethod
    def merged(cls, tables: "Sequence[WordTable]") -> "WordTable":
        """Return one table for several; counts of what is in more than one add up."""
        if all(table.values is table.words for table in tables):
            return cls._of_words(tables)
        counts: Counter[tuple[str, str]] = Counter()
        for table in tables:
            for word, value, count in zip(table.words, table.values, table.counts.tolist(), strict=True):
                counts[word, value] += count
        entries = sorted(counts)
        numbers = np.array([min(counts[entry], MAX_COUNT) for entry in entries], np.uint32)
        return cls([word for word, _ in entries], numbers, [value for _, value in entries])

    @classmethod
    def _of_words(cls, tables: "Sequence[WordTable]") -> "WordTable":
        counts: dict[str, int] = {}
        for table in tables:
            for word, count in zip(table.words, table.counts.tolist(), strict=True):
                counts[word] = counts.get(word, 0) + count
        return cls(words := sorted(counts), np.array([min(counts[word], MAX_COUNT) for word in words], np.uint32))

    def most_frequent(self, number: int) -> "WordTable":
        """Return the table of at most so many words, the most frequent ones; itself where it has no more."""
        if len(self.words) <= number:
            return self
        kept = np.sort(np.argsort(-self.counts.astype(np.int64), kind="stable")[:number])
        words = [self.words[place] for place in kept.tolist()]
        values = None if self.values is self.words else [self.values[place] for place in kept.tolist()]
        return WordTable(words, self.counts[kept], values)

    def __len__(self) -> int:
        return len(self.words)

    def count(self, word: str) -> int:
        """Return a word's count, 0 where it is not in the table."""
        place = bisect_left(self.words, word)
        return int(self.counts[place]) if place < len(self.words) and self.words[place] == word else 0

    def span(self, prefix: str) -> tuple[int, int]:
        """Return the places [start, stop) of the words that begin like this."""
        start = bisect_left(self.words, prefix)
        return start, bisect_left(self.words, prefix + AFTER_ANY, start)

    def beginning(self, prefix: str, limit: int) -> list[int]:
        """Return the places of the most frequent words with a prefix, most frequent first."""
        start, stop = self.span(prefix)
        chosen, _ = kernel.top_k_integers(self.counts[start:stop].astype(np.int64), limit)
        places: list[int] = (start + chosen).tolist()
        return places

    def almost_beginning(self, prefix: str, edits: int, limit: int) -> list[int]:
        """Return the places of words whose beginning is this with up to so many mistakes, the first letter right.

        The likeliest come first; one without a mistake is among them. A swap of neighbours is one mistake.
        """
        start, stop = self.span(prefix[:1])
        missing = np.bitwise_count(_bits(prefix) & ~self._letters[start:stop])
        longest = self._lengths[start:stop] >= len(prefix) - edits
        near: list[int] = (start + np.flatnonzero((missing <= edits) & longest)).tolist()
        if not near:
            return []
        distances = np.full(len(near), edits + 1)
        for length in range(len(prefix) - edits, len(prefix) + edits + 1):
            heads = [self.words[place][:length] for place in near]
            found = cdist([prefix], heads, scorer=OSA.distance, score_cutoff=edits, dtype=np.int32)[0]
            np.minimum(distances, found, out=distances)
        places = np.array(near)
        likely = self.counts[places] * np.power(MISTAKE_SHARE, distances)
        likely[distances > edits] = 0
        order = np.argsort(-likely, kind="stable")[:limit]
        chosen: list[int] = places[order[likely[order] > 0]].tolist()
        return chosen

    def within(self, word: str, edits: int, least: int = 1) -> list[int]:
        """Return the places of the words at most so many mistakes away, each with a count of `least` or more.

        A mistake is a letter too much, too few or wrong, or a swap of neighbours.
        """
        size, longest = len(word), len(self._begins) - 2
        lengths = range(max(size - edits, 0), min(size + edits, longest) + 1)
        places = np.concatenate([self._by_length[:0], *(self._with_like_letters(word, one, edits) for one in lengths)])
        near = places[self.counts[places] >= least].tolist()
        if not near:
            return []
        words = [self.words[place] for place in near]
        distances = cdist([word], words, scorer=OSA.distance, score_cutoff=edits, dtype=np.int32)[0]
        return sorted(near[at] for at in np.flatnonzero(distances <= edits).tolist())

    def _with_like_letters(self, word: str, length: int, edits: int) -> Array:
        """Return the places of the words of a length with almost the same letters.

        Of m mistakes d lengthen the word: m - d can lose one of its letters. They are as many the other way round.
        """
        own, longer = _bits(word), length - len(word)
        start, stop = self._begins[length], self._begins[length + 1]
        letters = self._sorted_letters[start:stop]
        kept = np.bitwise_count(letters & own)
        some = np.flatnonzero(kept >= int(np.bitwise_count(own)) - (edits - max(longer, 0)))
        new = np.bitwise_count(letters.take(some) & ~own)
        return self._by_length[start:stop].take(some.compress(new <= edits - max(-longer, 0)))


def _bits(word: str) -> np.uint32:
    """Return the set of a word's letters."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) % LETTERS)
    return np.uint32(bits)
