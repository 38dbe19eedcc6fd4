"""Where the terms of one field occur in one segment: documents, frequencies, positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from newsdex.index.columnar.dictionary import TermDictionary, write_dictionary
from newsdex.index.columnar.sections import Array, SectionFile, SectionWriter, smallest

ESCAPE = 255
"""This frequency means: look it up among the high ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvertedField:
    """A field inverted, on its way into a segment."""

    name: str
    terms: Sequence[bytes]
    starts: Array
    """Where each term's postings begin, and the end: terms + 1 numbers."""
    documents: Array
    frequencies: Array | None
    """None where all are 1."""
    position_starts: Array | None = None
    """Where each term's positions begin, and the end."""
    positions: Array | None = None


def write_field(writer: SectionWriter, field: InvertedField) -> None:
    """Write one field's dictionary and postings."""
    name = field.name
    write_dictionary(writer, name, field.terms, fuzzy=field.positions is not None)
    writer.add(f"{name}.starts", smallest(field.starts))
    writer.add(f"{name}.documents", smallest(field.documents))
    if field.frequencies is not None:
        high = np.flatnonzero(field.frequencies >= ESCAPE)
        writer.add(f"{name}.frequencies", np.minimum(field.frequencies, ESCAPE).astype(np.uint8))
        if len(high):
            writer.add(f"{name}.high_postings", smallest(high))
            writer.add(f"{name}.high_frequencies", smallest(field.frequencies[high]))
    if field.positions is not None and field.position_starts is not None:
        writer.add(f"{name}.position_starts", smallest(field.position_starts))
        writer.add(f"{name}.positions", smallest(field.positions))


class PostingField:
    """One field of one segment; terms are named by their number in the dictionary."""

    def __init__(self, file: SectionFile, name: str) -> None:
        self._file = file
        self._name = name
        self.terms = TermDictionary(file, name)
        self._starts = file[f"{name}.starts"]
        self._documents = file[f"{name}.documents"]
        self._frequencies = file[f"{name}.frequencies"] if f"{name}.frequencies" in file else None  # noqa: SIM401 - no dict
        self.has_positions = f"{name}.positions" in file

    def span(self, first: int, stop: int) -> tuple[int, int]:
        """Give where the postings of the terms [first, stop) lie."""
        starts = self._starts[first : stop + 1]
        return int(starts[0]), int(starts[-1])

    def starts(self) -> Array:
        """Give where each term's postings begin, and the end."""
        return self._starts.all()

    def document_frequency(self, number: int) -> int:
        """Give in how many documents a term occurs, deleted ones included."""
        start, stop = self.span(number, number + 1)
        return stop - start

    def documents(self, start: int, stop: int) -> Array:
        """Give the documents of some postings."""
        return self._documents[start:stop]

    def frequencies(self, start: int, stop: int) -> Array:
        """Give the frequencies of some postings."""
        if self._frequencies is None:
            return np.ones(stop - start, np.uint8)
        low = self._frequencies[start:stop]
        if self._high is None:
            return low
        postings, frequencies = self._high
        first, last = np.searchsorted(postings, (start, stop))
        if first == last:
            return low
        exact: Array = low.astype(np.uint32)
        exact[postings[first:last] - start] = frequencies[first:last]
        return exact

    @cached_property
    def _high(self) -> tuple[Array, Array] | None:
        if f"{self._name}.high_postings" not in self._file:
            return None
        postings = self._file[f"{self._name}.high_postings"].all().astype(np.int64)
        return postings, self._file[f"{self._name}.high_frequencies"].all()

    def position_span(self, first: int, stop: int) -> tuple[int, int]:
        """Give where the positions of the terms [first, stop) lie."""
        starts = self._file[f"{self._name}.position_starts"][first : stop + 1]
        return int(starts[0]), int(starts[-1])

    def positions(self, start: int, stop: int) -> Array:
        """Give some positions."""
        return self._file[f"{self._name}.positions"][start:stop]
