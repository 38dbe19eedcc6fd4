"""Where the terms of one field occur in one segment: documents, frequencies, positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from newsdex.index.columnar.dictionary import TermDictionary, write_dictionary
from newsdex.index.columnar.packing import Packed, Packer
from newsdex.index.columnar.sections import Array, SectionFile, SectionWriter, smallest

KEPT_FROM = 4_096
"""Lists of so many postings and more are kept once they are unpacked."""
KEPT_PER_DOCUMENT = 16
"""So many numbers are kept for each document of the segment; then keeping starts anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Postings:
    """Postings of some terms that follow each other, on their way into a segment."""

    sizes: Array
    """How many each term has, none 0."""
    documents: Array
    """Rising within a term."""
    frequencies: Array | None = None
    """None where all are 1."""
    positions: Array | None = None
    """Those of each posting, rising."""


class FieldWriter:
    """Writes one field's postings, some terms at a time, and then its dictionary."""

    def __init__(self, writer: SectionWriter, name: str, *, text: bool) -> None:
        """A field of `text` has positions, and its documents are packed: a field of values is counted as a whole."""
        self._writer = writer
        self._name = name
        self._text = text
        self._sizes: list[Array] = []
        self._position_sizes: list[Array] = []
        self._documents: list[Array] = []
        self._packed = {what: Packer(writer.path.parent) for what in ("documents", "frequencies", "positions")}
        self._frequent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for packed in self._packed.values():
            packed.close()

    def add(self, postings: Postings) -> None:
        """Take the postings of the next terms."""
        sizes = postings.sizes
        self._sizes.append(sizes)
        starts = np.cumsum(sizes) - sizes
        frequencies = postings.frequencies
        if frequencies is None:
            frequencies = np.ones(len(postings.documents), np.uint32)
        self._frequent |= bool((frequencies > 1).any())
        self._packed["frequencies"].add(frequencies - 1)
        if not self._text:
            self._documents.append(postings.documents)
            return
        assert postings.positions is not None
        steps = np.diff(postings.documents.astype(np.int64), prepend=0) - 1
        steps[starts] = postings.documents[starts]
        self._packed["documents"].add(steps)
        self._packed["positions"].add(postings.positions)
        self._position_sizes.append(np.add.reduceat(frequencies, starts, dtype=np.int64))

    def write(self, terms: bytes, lengths: Array) -> None:
        """Write everything; `terms` are those of the postings, sorted, none empty, one behind the other."""
        writer, name = self._writer, self._name
        write_dictionary(writer, name, terms, lengths)
        writer.add(f"{name}.starts", smallest(_ends(self._sizes)))
        if self._text or self._frequent:
            self._packed["frequencies"].write(writer, f"{name}.frequencies")
        if self._text:
            self._packed["documents"].write(writer, f"{name}.documents")
            writer.add(f"{name}.position_starts", smallest(_ends(self._position_sizes)))
            self._packed["positions"].write(writer, f"{name}.positions")
        else:
            writer.add(f"{name}.documents", smallest(np.concatenate(self._documents)))


def _ends(sizes: Sequence[Array]) -> Array:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes), dtype=np.int64)])


class PostingField:
    """One field of one segment; terms are named by their number in the dictionary."""

    def __init__(self, file: SectionFile, name: str) -> None:
        self._file = file
        self.terms = TermDictionary(file, name)
        self._starts = file[f"{name}.starts"]
        self.has_positions = f"{name}.positions" in file
        self._documents = Packed(file, f"{name}.documents") if self.has_positions else file[f"{name}.documents"]
        self._frequencies = Packed(file, f"{name}.frequencies") if f"{name}.frequencies" in file else None
        self._kept: dict[tuple[str, int, int], Array] = {}
        self._kept_numbers = 0
        if self.has_positions:
            self._position_starts = file[f"{name}.position_starts"]
            self._positions = Packed(file, f"{name}.positions")

    def span(self, first: int, stop: int) -> tuple[int, int]:
        """Give where the postings of the terms [first, stop) lie."""
        starts = self._starts[first : stop + 1]
        return int(starts[0]), int(starts[-1])

    def starts(self) -> Array:
        """Give where each term's postings begin, and the end."""
        return self._starts.all()

    def sizes(self, first: int, stop: int) -> Array:
        """Give in how many documents each of the terms [first, stop) occurs."""
        sizes: Array = np.diff(self._starts[first : stop + 1].astype(np.int64))
        return sizes

    def document_frequency(self, number: int) -> int:
        """Give in how many documents a term occurs, deleted ones included."""
        start, stop = self.span(number, number + 1)
        return stop - start

    def documents(self, start: int, stop: int) -> Array:
        """Give the documents of the postings of some whole terms, or of any postings of a field of values."""
        if not isinstance(self._documents, Packed):
            return self._documents[start:stop]
        return self._remembered("documents", start, stop)

    def frequencies(self, start: int, stop: int) -> Array:
        """Give the frequencies of some postings."""
        if self._frequencies is None:
            return np.ones(stop - start, np.uint8)
        return self._remembered("frequencies", start, stop)

    def packed(self) -> tuple[Packed, Packed] | None:
        """Give documents, as steps from one to the next, and frequencies less one; None for a field of values."""
        if isinstance(self._documents, Packed) and self._frequencies is not None:
            return self._documents, self._frequencies
        return None

    def packed_positions(self, number: int) -> tuple[Packed, int, int]:
        """Give a term's positions: where they are packed, and their span there."""
        return self._positions, *self.position_span(number, number + 1)

    def position_span(self, first: int, stop: int) -> tuple[int, int]:
        """Give where the positions of the terms [first, stop) lie."""
        starts = self._position_starts[first : stop + 1]
        return int(starts[0]), int(starts[-1])

    def positions(self, start: int, stop: int) -> Array:
        """Give some positions."""
        return self._positions[start:stop]

    def _remembered(self, what: str, start: int, stop: int) -> Array:
        """Unpack postings, and keep long lists: unpacking takes longer than scoring."""
        known = self._kept.get((what, start, stop))
        if known is not None:
            return known
        unpacked = self._unpacked_documents(start, stop) if what == "documents" else self._unpacked(start, stop)
        unpacked.flags.writeable = False
        if stop - start >= KEPT_FROM:
            if self._kept_numbers > KEPT_PER_DOCUMENT * self._file.documents:
                self._kept, self._kept_numbers = {}, 0
            self._kept[what, start, stop] = unpacked
            self._kept_numbers += stop - start
        return unpacked

    def _unpacked(self, start: int, stop: int) -> Array:
        assert self._frequencies is not None
        frequencies = self._frequencies[start:stop]
        frequencies += np.uint32(1)
        return frequencies

    def _unpacked_documents(self, start: int, stop: int) -> Array:
        """Add up the steps from document to document, for each term anew."""
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
