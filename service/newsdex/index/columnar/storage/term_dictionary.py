"""The sorted terms of one field of one segment, and the ways to find some of them without a loop over all."""

import ctypes
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from newsdex.index.columnar.arrays import Array, smallest
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.storage.fuzzy_index import Neighbours
from newsdex.index.columnar.storage.section_file import Damaged, SectionFile, SectionWriter

SAMPLED_EVERY = 16
"""So many terms lie between two whose places are kept."""
KEY_BYTES = 8
"""So many bytes of such a term are kept as a number: most comparisons then read no term."""
CHECK_EVERY = 256
SPECIAL = re.compile(r"[*?\[]")

Stop = Callable[[], bool]
"""Tells whether the time is up."""


def write_dictionary(writer: SectionWriter, field: str, terms: bytes, lengths: Array) -> None:
    """Write the terms of a field, sorted, none empty, one behind the other."""
    writer.add(f"{field}.terms", terms)
    writer.add(f"{field}.term_lengths", smallest(lengths))
    writer.add(f"{field}.term_starts", smallest((np.cumsum(lengths) - lengths)[::SAMPLED_EVERY]))


class TermDictionary:
    """Terms by number and numbers by term; the numbers are in the terms' byte order."""

    def __init__(self, file: SectionFile, field: str) -> None:
        self._path = file.path
        self._field = field
        self._blob = file.typed(f"{field}.terms", np.uint8)
        self._lengths = file[f"{field}.term_lengths"]
        self._sampled_starts = file[f"{field}.term_starts"]
        self.count = len(self._lengths)

    def data(self) -> Array:
        """Return the bytes of all terms, one behind the other."""
        return self._blob.all()

    def lengths(self) -> Array:
        """Return the length of each term in bytes."""
        return self._lengths.all()

    def __getitem__(self, number: int) -> bytes:
        (term,) = self.slice(number, number + 1)
        return term

    def slice(self, start: int, stop: int) -> list[bytes]:
        """Return the terms [start, stop)."""
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
    def described(self) -> kernel.Dictionary:
        """Return where the terms lie in memory, for the kernel; everything is checked."""
        data, keys = self._blob.all(), self._sampled_keys()
        described = kernel.Dictionary(
            bytes=kernel.address(data),
            byte_count=len(data),
            lengths=kernel.numbers(self._lengths.all()),
            starts=kernel.numbers(self._sampled_starts.all()),
            keys=kernel.address(keys),
        )
        described.kept = data, keys
        return described

    def _sampled_keys(self) -> Array:
        """Return the first bytes of the terms whose places are kept, as numbers that sort as the bytes do."""
        data, every = self._blob.all(), self._lengths.all()
        lengths, starts = every[::SAMPLED_EVERY].astype(np.int64), self._sampled_starts.all().astype(np.int64)
        outside = len(starts) != len(lengths) or (starts < 0).any() or (starts + lengths > len(data)).any()
        if outside or int(every.sum(dtype=np.int64)) != len(data):
            raise self._damaged()
        places = np.arange(KEY_BYTES)
        first = data.take(starts[:, np.newaxis] + places, mode="clip")
        first[places >= lengths[:, np.newaxis]] = 0
        return first.view(">u8").ravel().astype(np.uint64)

    @cached_property
    def ends(self) -> Array:
        """Where each term ends; only patterns and fuzzy words need it."""
        return np.cumsum(self._lengths.all(), dtype=np.min_scalar_type(len(self._blob)))

    def lower_bound(self, term: bytes) -> int:
        """Return the number of the first term that is not less."""
        described = self.described
        return self._number(kernel.term_bound(ctypes.addressof(described), term, len(term)))

    def find(self, term: bytes) -> int:
        """Return a term's number, or -1."""
        described = self.described
        number = self._number(kernel.term_number(ctypes.addressof(described), term, len(term)))
        return number if number < self.count else -1

    def _number(self, found: int) -> int:
        if found == kernel.DAMAGED:
            raise self._damaged()
        return found

    def _damaged(self) -> Damaged:
        return Damaged(self._path, f"the terms of {self._field} are not possible")

    def prefix_range(self, prefix: bytes) -> tuple[int, int]:
        """Return the numbers [start, stop) of the terms with a prefix."""
        following = after_all_with(prefix)
        return self.lower_bound(prefix), self.count if following is None else self.lower_bound(following)

    def matching(self, glob: str, pattern: str, stop: Stop, limit: int) -> tuple[list[int], bool]:
        """Return the numbers of the terms that match a pattern, and whether a bound was met.

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
        ends = self.ends
        origin = int(ends[start - 1]) if start else 0
        blob = self._blob.bytes(origin, int(ends[end - 1]) if end else 0)
        place = blob.find(literal)
        while place >= 0:
            number = int(np.searchsorted(ends, ends.dtype.type(place + origin), "right"))
            term_end = int(ends[number]) - origin
            if place + len(literal) <= term_end:
                yield number
                place = blob.find(literal, term_end)
            else:
                place = blob.find(literal, place + 1)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Return what finds the terms within some edits of a word."""
        return Neighbours(self.described, self.data(), self.ends, self.lengths())


def after_all_with(prefix: bytes) -> bytes | None:
    """Return the first text that comes after all with a prefix; None where none does."""
    following = prefix.rstrip(b"\xff")
    return following[:-1] + bytes([following[-1] + 1]) if following else None
