"""The sorted terms of one field of one segment, and the ways to find some of them without a loop over all."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from newsdex.index.columnar.sections import Array, SectionFile, SectionWriter, smallest

SAMPLED_EVERY = 16
"""So many terms lie between two that are held as Python objects for the first steps of a search."""
CHECK_EVERY = 256
LETTER_BITS = 31
SPECIAL = re.compile(r"[*?\[]")

Stop = Callable[[], bool]
"""Tells whether the time is up."""


def write_dictionary(writer: SectionWriter, field: str, terms: Sequence[bytes], *, fuzzy: bool) -> None:
    """Write the terms of a field, sorted, none empty; with what a fuzzy search needs where `fuzzy`."""
    lengths = np.fromiter(map(len, terms), np.int64, len(terms))
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    blob = b"".join(terms)
    writer.add(f"{field}.terms", blob)
    writer.add(f"{field}.term_starts", smallest(ends))
    if fuzzy:
        letters, characters = _signatures(np.frombuffer(blob, np.uint8), ends[:-1])
        order = np.argsort(characters, kind="stable")
        longest = int(characters.max(initial=0))
        writer.add(f"{field}.by_length", smallest(order))
        writer.add(f"{field}.letters", letters[order])
        writer.add(f"{field}.length_starts", smallest(np.searchsorted(characters[order], np.arange(longest + 2))))


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
        self._file = file
        self._field = field
        self._blob = file[f"{field}.terms"]
        self._starts = file[f"{field}.term_starts"]
        self.count = len(self._starts) - 1

    def __getitem__(self, number: int) -> bytes:
        start, stop = self._starts[number : number + 2].tolist()
        return self._blob.bytes(start, stop)

    def slice(self, start: int, stop: int) -> list[bytes]:
        """Give the terms [start, stop)."""
        if start >= stop:
            return []
        ends = self._starts[start : stop + 1].tolist()
        blob, origin = self._blob.bytes(ends[0], ends[-1]), ends[0]
        return [blob[a - origin : b - origin] for a, b in pairwise(ends)]

    @cached_property
    def _samples(self) -> list[bytes]:
        starts = self._starts.all()
        firsts, ends = starts[:-1:SAMPLED_EVERY].tolist(), starts[1::SAMPLED_EVERY].tolist()
        return [self._blob.bytes(start, end) for start, end in zip(firsts, ends, strict=True)]

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
        starts = self._starts.all()
        origin = int(starts[start])
        blob = self._blob.bytes(origin, int(starts[end]))
        place = blob.find(literal)
        while place >= 0:
            number = int(np.searchsorted(starts, place + origin, "right")) - 1
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
        if f"{self._field}.letters" not in self._file:
            return list(range(self.count))
        lengths = self._file[f"{self._field}.length_starts"].all()
        shortest, longest = max(len(text) - distance, 0), len(text) + distance
        if shortest >= len(lengths) - 1:
            return []
        start, stop = int(lengths[shortest]), int(lengths[min(longest + 1, len(lengths) - 1)])
        letters, _ = _signatures(np.frombuffer(text.encode() or b"\0", np.uint8), np.zeros(1, np.int64))
        others = self._file[f"{self._field}.letters"][start:stop]
        near = np.flatnonzero(np.bitwise_count(others ^ letters[0]) <= 2 * distance)
        numbers: list[int] = np.sort(self._file[f"{self._field}.by_length"][start:stop][near]).tolist()
        return numbers
