"""Where the terms of one field occur in one segment: documents, frequencies, positions."""

import ctypes
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from newsdex.index.columnar.arrays import Array, smallest
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.storage.bit_packing import Bits, BitWriter, Packed, Packer, bit_lengths
from newsdex.index.columnar.storage.section_file import Damaged, SectionFile, SectionWriter
from newsdex.index.columnar.storage.term_dictionary import TermDictionary, write_dictionary


@dataclass(frozen=True, kw_only=True, slots=True)
class Postings:
    """Postings of some terms that follow each other, on their way into a segment."""

    sizes: Array
    """How many each term has, none 0."""
    documents: Array
    """Rising within a term."""
    frequencies: Array
    positions: Array | None = None
    """Those of each posting, rising."""


class FieldWriter:
    """Writes one field's postings, some terms at a time, and then its dictionary."""

    def __init__(self, writer: SectionWriter, name: str, places: Array | None = None) -> None:
        """A field of text has positions; `places` are how many there are in each document."""
        self._writer = writer
        self._name = name
        self._places = places
        self._widths = None if places is None else place_widths(places)
        self._sizes: list[Array] = []
        self._position_starts: list[Array] = []
        folder = writer.path.parent
        self._documents, self._frequencies, self._positions = Packer(folder), Packer(folder), BitWriter(folder)
        self._frequent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for packed in (self._documents, self._frequencies, self._positions):
            packed.close()

    def add(self, postings: Postings) -> None:
        """Take the postings of the next terms."""
        starts = np.cumsum(postings.sizes) - postings.sizes
        self._sizes.append(postings.sizes)
        steps = postings.documents.astype(np.int64)
        steps[1:] -= postings.documents[:-1]
        steps -= 1
        steps[starts] = postings.documents[starts]
        self._documents.add(steps)
        self._frequencies.add(postings.frequencies - 1)
        self._frequent |= bool((postings.frequencies > 1).any())
        if postings.positions is not None:
            assert self._widths is not None
            widths = np.repeat(self._widths[postings.documents], postings.frequencies)
            bits = self._positions.add(postings.positions, widths)
            self._position_starts.append(bits[(np.cumsum(postings.frequencies) - postings.frequencies)[starts]])

    def write(self, terms: bytes, lengths: Array) -> None:
        """Write everything; `terms` are those of the postings, sorted, none empty, one behind the other."""
        writer, name = self._writer, self._name
        write_dictionary(writer, name, terms, lengths)
        ends = np.cumsum(np.concatenate(self._sizes), dtype=np.int64)
        writer.add(f"{name}.starts", smallest(np.concatenate([np.zeros(1, np.int64), ends])))
        self._documents.write(writer, f"{name}.documents")
        if self._frequent or self._places is not None:
            self._frequencies.write(writer, f"{name}.frequencies")
        if self._places is not None:
            writer.add(f"{name}.places", smallest(self._places))
            writer.add(f"{name}.position_starts", smallest(np.concatenate(self._position_starts)))
            self._positions.write(writer, f"{name}.positions")


def place_widths(places: Array) -> Array:
    """Return the bits of a position in documents with so many places."""
    return bit_lengths(np.maximum(places.astype(np.int64) - 1, 0))


class PostingField:
    """One field of one segment; terms are named by their number in the dictionary."""

    def __init__(self, file: SectionFile, name: str) -> None:
        self._file = file
        self._name = name
        self.terms = TermDictionary(file, name)
        self._starts = file[f"{name}.starts"]
        self.has_positions = f"{name}.positions" in file
        self._documents = Packed(file, f"{name}.documents")
        self._frequencies = Packed(file, f"{name}.frequencies") if f"{name}.frequencies" in file else None
        if self.has_positions:
            self._position_starts = file[f"{name}.position_starts"]
            self._positions = Bits(file, f"{name}.positions")

    def span(self, first: int, stop: int) -> tuple[int, int]:
        """Return where the postings of the terms [first, stop) lie."""
        starts = self._starts[first : stop + 1]
        return int(starts[0]), int(starts[-1])

    def starts(self) -> Array:
        """Return where each term's postings begin, and the end."""
        return self._starts.all()

    def sizes(self, first: int, stop: int) -> Array:
        """Return in how many documents each of the terms [first, stop) occurs."""
        sizes: Array = np.diff(self._starts[first : stop + 1].astype(np.int64))
        return sizes

    def document_frequency(self, number: int) -> int:
        """Return in how many documents a term occurs, deleted ones included."""
        start, stop = self.span(number, number + 1)
        return stop - start

    def frequencies(self, start: int, stop: int) -> Array:
        """Return the frequencies of some postings."""
        if self._frequencies is None:
            return np.ones(stop - start, np.uint8)
        frequencies = self._frequencies[start:stop]
        frequencies += np.uint32(1)
        return frequencies

    @cached_property
    def described(self) -> kernel.Field:
        """Return where everything lies in memory, for the kernel; the postings are not checked yet."""
        terms, documents = self.terms.described, self._documents.described
        frequencies = kernel.Packed() if self._frequencies is None else self._frequencies.described
        described = kernel.Field(
            terms=ctypes.addressof(terms),
            starts=kernel.numbers(self._starts.all()),
            documents=documents,
            frequencies=frequencies,
            document_count=self._file.documents,
        )
        described.kept = terms, documents, frequencies
        return described

    @cached_property
    def described_positions(self) -> kernel.Positions:
        """Return where the positions lie in memory, for the kernel; they are not checked yet."""
        words, checked = self._positions.described()
        widths, starts = self._place_widths, kernel.numbers(self._position_starts.all())
        if len(widths) != self._file.documents:
            raise self.damaged()
        described = kernel.Positions(
            words=kernel.address(words),
            word_count=len(words),
            starts=starts,
            widths=kernel.address(widths),
            checked=ctypes.addressof(checked),
        )
        described.kept = words, checked, widths
        return described

    @cached_property
    def most_places(self) -> int:
        """Return the number of positions of the longest document."""
        return int(self.places().max(initial=0))

    def check_positions(self, first_word: int, end_word: int) -> None:
        """Compare some words of 32 bits of the positions with their checksums; raise `Damaged`."""
        self._positions.check(first_word, end_word)

    def check(self, start: int, stop: int) -> None:
        """Compare the blocks of some postings with their checksums; raise `Damaged`."""
        self._documents.check(start, stop)
        if self._frequencies is not None:
            self._frequencies.check(start, stop)

    def damaged(self) -> Damaged:
        """Return the error of postings that cannot be, though they are what was written."""
        return Damaged(self._file.path, f"the postings of {self._name} are not possible")

    def places(self) -> Array:
        """Return how many positions each document has."""
        return self._file[f"{self._name}.places"].all()

    @cached_property
    def _place_widths(self) -> Array:
        return place_widths(self.places()).astype(np.uint8)

    def positions(self, first: int, stop: int) -> Array:
        """Return the positions in all postings of the terms [first, stop)."""
        span = self.span(first, stop)
        frequencies = self.frequencies(*span).astype(np.int64)
        widths, before = self._bits(self.documents(*span), frequencies)
        starts = self._starts[first : stop + 1].astype(np.int64) - span[0]
        shift = self._position_starts[first:stop].astype(np.int64) - before[starts[:-1]]
        return self._read(before + np.repeat(shift, np.diff(starts)), frequencies, widths)

    def positions_of(self, number: int, documents: Array, frequencies: Array, at: Array) -> Array:
        """Return the positions in some of a term's postings, whose documents and frequencies are given; `at` rises."""
        frequencies = frequencies.astype(np.int64)
        widths, before = self._bits(documents, frequencies)
        start = self._position_starts[number : number + 1].astype(np.int64)
        return self._read(before.take(at) + start, frequencies.take(at), widths.take(at))

    def _bits(self, documents: Array, frequencies: Array) -> tuple[Array, Array]:
        """Return for each posting the bits of a position, and those of all positions before."""
        widths = self._place_widths.take(documents).astype(np.int64)
        bits = frequencies * widths
        return widths, np.cumsum(bits) - bits

    def _read(self, starts: Array, frequencies: Array, widths: Array) -> Array:
        rank = np.arange(int(frequencies.sum())) - np.repeat(np.cumsum(frequencies) - frequencies, frequencies)
        widths = np.repeat(widths, frequencies)
        return self._positions.at(np.repeat(starts, frequencies) + rank * widths, widths)

    def documents(self, start: int, stop: int) -> Array:
        """Return the documents of the postings of whole terms: the steps between them add up for each term anew."""
        documents: Array = self._documents[start:stop]
        if start >= stop:
            return documents
        documents += np.uint32(1)
        np.cumsum(documents, out=documents)  # may go beyond 2**32 over many terms; the differences stay right
        starts = self._starts.all()
        first, last = np.searchsorted(starts, np.array([start, stop], starts.dtype))
        if last - first > 1:
            begins = starts[first + 1 : last].astype(np.int64) - start
            bases = np.concatenate([np.zeros(1, np.uint32), documents[begins - 1]])
            documents -= np.repeat(bases, np.diff(begins, prepend=0, append=stop - start))
        documents -= np.uint32(1)
        return documents
