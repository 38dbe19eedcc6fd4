"""The sorted terms of one field of one segment, and the ways to find some of them without a loop over all."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from newsdex.index.columnar.sections import Array, SectionFile, SectionWriter, smallest

SAMPLED_EVERY = 16
"""So many terms lie between two whose places are kept, and that are Python objects for the first steps of a search."""
CHECK_EVERY = 256
LETTER_BITS = 31
SPECIAL = re.compile(r"[*?\[]")

Stop = Callable[[], bool]
"""Tells whether the time is up."""


def write_dictionary(writer: SectionWriter, field: str, terms: bytes, lengths: Array) -> None:
    """Write the terms of a field, sorted, none empty, one behind the other."""
    writer.add(f"{field}.terms", terms)
    writer.add(f"{field}.term_lengths", smallest(lengths))
    writer.add(f"{field}.term_starts", smallest((np.cumsum(lengths) - lengths)[::SAMPLED_EVERY]))


FIRST_NOT_ASCII = 0x80
UTF8_LEAD_MASK, UTF8_CONTINUATION = 0xC0, 0x80


def _signatures(blob: Array, starts: Array) -> tuple[Array, Array]:
    """Give per term a bit for each letter in it, and its length in characters.

    An edit changes at most two of the bits, so terms whose bits differ in more than twice the distance are out.
    Only ASCII counts: what is left out cannot make two terms differ more.
    """
    if not len(starts):
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    bits = np.where(blob < FIRST_NOT_ASCII, np.uint32(1) << (blob & LETTER_BITS).astype(np.uint32), np.uint32(0))
    begins_character = (blob & UTF8_LEAD_MASK) != UTF8_CONTINUATION
    return np.bitwise_or.reduceat(bits, starts), np.add.reduceat(begins_character.astype(np.int64), starts)


class TermDictionary:
    """Terms by number and numbers by term; the numbers are in the terms' byte order."""

    def __init__(self, file: SectionFile, field: str) -> None:
        self._blob = file[f"{field}.terms"]
        self._lengths = file[f"{field}.term_lengths"]
        self._sampled_starts = file[f"{field}.term_starts"]
        self.count = len(self._lengths)

    def data(self) -> Array:
        """Give the bytes of all terms, one behind the other."""
        return self._blob.all()

    def lengths(self) -> Array:
        """Give the length of each term in bytes."""
        return self._lengths.all()

    def __getitem__(self, number: int) -> bytes:
        (term,) = self.slice(number, number + 1)
        return term

    def slice(self, start: int, stop: int) -> list[bytes]:
        """Give the terms [start, stop)."""
        if start >= stop:
            return []
        sample = start // SAMPLED_EVERY
        lengths = self._lengths[sample * SAMPLED_EVERY : stop].tolist()
        skipped = start - sample * SAMPLED_EVERY
        origin = self._sampled_starts[sample : sample + 1].tolist()[0] + sum(lengths[:skipped])
        ends = list(accumulate(lengths[skipped:], initial=0))
        blob = self._blob.bytes(origin, origin + ends[-1])
        return [blob[a:b] for a, b in pairwise(ends)]

    @cached_property
    def _samples(self) -> list[bytes]:
        firsts, lengths = self._sampled_starts.all().tolist(), self._lengths.all()[::SAMPLED_EVERY].tolist()
        return [self._blob.bytes(start, start + length) for start, length in zip(firsts, lengths, strict=True)]

    @cached_property
    def _starts(self) -> Array:
        """Where each term begins, and the end; only patterns and fuzzy words need it."""
        ends = np.cumsum(self._lengths.all(), dtype=np.int64)
        return smallest(np.concatenate([np.zeros(1, np.int64), ends]))

    @cached_property
    def _by_length(self) -> tuple[Array, Array, Array]:
        """The terms sorted by length: their numbers, their letters, and where each length begins."""
        letters, characters = _signatures(np.frombuffer(self._blob.all(), np.uint8), self._starts[:-1])
        order = np.argsort(characters, kind="stable")
        longest = int(characters.max(initial=0))
        return smallest(order), letters[order], np.searchsorted(characters[order], np.arange(longest + 2))

    def lower_bound(self, term: bytes) -> int:
        """Give the number of the first term that is not less."""
        block = max(bisect_left(self._samples, term) - 1, 0) * SAMPLED_EVERY
        return block + bisect_left(self.slice(block, min(block + SAMPLED_EVERY, self.count)), term)

    def find(self, term: bytes) -> int:
        """Give a term's number, or -1."""
        number = self.lower_bound(term)
        return number if number < self.count and self[number] == term else -1

    def prefix_range(self, prefix: bytes) -> tuple[int, int]:
        """Give the numbers [start, stop) of the terms with a prefix."""
        following = prefix.rstrip(b"\xff")
        start = self.lower_bound(prefix)
        if not following:
            return start, self.count
        return start, self.lower_bound(following[:-1] + bytes([following[-1] + 1]))

    def matching(self, glob: str, pattern: str, stop: Stop, limit: int) -> tuple[list[int], bool]:
        """Give the numbers of the terms that match a pattern, and whether a bound was met.

        `pattern` is the regular expression of `glob`, whose longest literal part is looked for first.
        """
        literals = SPECIAL.split(glob)
        start, end = self.prefix_range(literals[0].encode())
        literal = max(literals, key=len).encode() if "[" not in glob else b""
        candidates: Iterable[int] = range(start, end)
        if literal and len(literal) > len(literals[0].encode()):
            candidates = self._containing(literal, start, end)
        matches = re.compile(pattern).match
        found: list[int] = []
        for step, number in enumerate(candidates):
            if len(found) >= limit or (step % CHECK_EVERY == 0 and stop()):
                return found, True
            if matches(self[number].decode(errors="replace")):
                found.append(number)
        return found, False

    def _containing(self, literal: bytes, start: int, end: int) -> Iterator[int]:
        starts = self._starts
        origin = int(starts[start])
        blob = self._blob.bytes(origin, int(starts[end]))
        place = blob.find(literal)
        while place >= 0:
            number = int(np.searchsorted(starts, starts.dtype.type(place + origin), "right")) - 1
            term_end = int(starts[number + 1]) - origin
            if place + len(literal) <= term_end:
                yield number
                place = blob.find(literal, term_end)
            else:
                place = blob.find(literal, place + 1)

    def within(self, text: str, distance: int, prefix: int) -> list[int]:
        """Give the numbers of the terms at most an edit distance (Levenshtein) away that share the first characters."""
        numbers = self._near(text, distance)
        words = [self[number].decode() for number in numbers]
        if not words:
            return []
        distances = cdist([text], words, scorer=Levenshtein.distance, score_cutoff=distance, dtype=np.int32)[0]
        close = np.flatnonzero(distances <= distance).tolist()
        return [numbers[i] for i in close if words[i][:prefix] == text[:prefix]]

    def _near(self, text: str, distance: int) -> list[int]:
        """Give the numbers of the terms that may be within a distance: right length, almost the same letters."""
        by_length, signatures, lengths = self._by_length
        shortest, longest = max(len(text) - distance, 0), len(text) + distance
        if shortest >= len(lengths) - 1:
            return []
        start, stop = int(lengths[shortest]), int(lengths[min(longest + 1, len(lengths) - 1)])
        letters, _ = _signatures(np.frombuffer(text.encode() or b"\0", np.uint8), np.zeros(1, np.int64))
        near = np.flatnonzero(np.bitwise_count(signatures[start:stop] ^ letters[0]) <= 2 * distance)
        numbers: list[int] = np.sort(by_length[start:stop][near]).tolist()
        return numbers
