"""A term in all segments of a commit, and its postings in one array."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from newsdex.index.columnar.packing import Packed
from newsdex.index.columnar.postings import PostingField
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.spans import unpack_spans


class Piece(NamedTuple):
    """Where one segment holds the postings of a term."""

    field: PostingField
    number: int
    """The term's, in the segment's dictionary."""
    start: int
    stop: int
    base: int
    """The segment's first document in the commit."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class KnownTerm:
    """A term in all segments."""

    pieces: Sequence[Piece]
    """In the order of the segments that have the term."""
    count: int
    """In how many documents it occurs, deleted ones included."""


AT_ONCE = 1 << 18
"""So many postings are read at a time where only their documents are wanted: bounds the memory."""
LONG = 1 << 14
"""Of lists of more postings the frequencies are read by themselves: often only documents are wanted."""


class TermPostings:
    """The postings of one term in a commit."""

    def __init__(self, known: KnownTerm, documents: Array, frequencies: Array | None = None) -> None:
        self.pieces = known.pieces
        self.documents = documents
        self._frequencies = frequencies

    @property
    def frequencies(self) -> Array:
        """Give how often the term occurs in each of its documents, float32; read now where they were not yet."""
        if self._frequencies is None:
            parts = [piece.field.frequencies(piece.start, piece.stop) for piece in self.pieces]
            self._frequencies = np.concatenate(parts).astype(np.float32)
        return self._frequencies


def read_postings(terms: Sequence[KnownTerm]) -> list[TermPostings]:
    """Read the postings of some terms in one go, but frequencies of long lists only when asked for."""
    pieces = [piece for known in terms for piece in known.pieces]
    spans = [piece.field.packed_documents(piece.start, piece.stop) for piece in pieces]
    short = {known: packed for known in terms if (packed := _short_frequencies(known))}
    spans += [span for packed in short.values() for span in packed]
    numbers = unpack_spans(spans) if spans else np.zeros(0, np.int64)
    count = sum(known.count for known in terms)
    sizes = np.array([piece.stop - piece.start for piece in pieces], np.intp)
    documents = _numbered(numbers[:count], sizes, np.array([piece.base for piece in pieces], np.int64))
    frequencies = numbers[count:].astype(np.float32)
    frequencies += np.float32(1)
    read, at, frequency_at = [], 0, 0
    for known in terms:
        own = documents[at : at + known.count]
        at += known.count
        if known not in short:
            read.append(TermPostings(known, own))
            continue
        read.append(TermPostings(known, own, frequencies[frequency_at : frequency_at + known.count]))
        frequency_at += known.count
    return read


def _short_frequencies(known: KnownTerm) -> list[tuple[Packed, int, int]]:
    """Give where a short list's frequencies are packed; nothing where they are not, or for a long list."""
    if known.count > LONG:
        return []
    spans = [piece.field.packed_frequencies(piece.start, piece.stop) for piece in known.pieces]
    packed = [span for span in spans if span is not None]
    return packed if len(packed) == len(spans) else []


def _numbered(steps: Array, sizes: Array, bases: Array) -> Array:
    """Add up the steps from document to document, for each list anew; `bases` are the segments' first documents."""
    steps += 1
    documents = np.cumsum(steps, out=steps)
    before = bases - 1
    before[1:] -= documents.take(np.cumsum(sizes[:-1]) - 1)
    documents += before.repeat(sizes) if len(sizes) > 1 else before
    return documents


class TermRange(NamedTuple):
    """Terms of one segment that follow each other."""

    field: PostingField
    first: int
    stop: int
    base: int
    """The segment's first document in the commit."""


def read_documents(ranges: Iterable[TermRange]) -> Iterator[Array]:
    """Give the documents of some terms, in any order and some twice, a bounded number at a time."""
    waiting: list[tuple[TermRange, int, int]] = []
    postings = 0
    for part in (part for whole in ranges for part in _parts(whole)):
        start, stop = part.field.span(part.first, part.stop)
        if waiting and postings + stop - start > AT_ONCE:
            yield _documents(waiting)
            waiting, postings = [], 0
        waiting.append((part, start, stop))
        postings += stop - start
    if waiting:
        yield _documents(waiting)


def _parts(whole: TermRange) -> Iterator[TermRange]:
    first, starts = whole.first, whole.field.starts()
    while whole.stop - first > 1 and int(starts[whole.stop]) - int(starts[first]) > AT_ONCE:
        stop = int(np.searchsorted(starts, starts[first] + starts.dtype.type(AT_ONCE), "right")) - 1
        stop = min(max(stop, first + 1), whole.stop)
        yield whole._replace(first=first, stop=stop)
        first = stop
    if first < whole.stop:
        yield whole._replace(first=first) if first > whole.first else whole


def _documents(parts: Sequence[tuple[TermRange, int, int]]) -> Array:
    spans, sizes, bases = [], list[int](), list[int]()
    for one, start, stop in parts:
        spans.append(one.field.packed_documents(start, stop))
        terms = one.stop - one.first
        sizes += [stop - start] if terms == 1 else one.field.sizes(one.first, one.stop).tolist()
        bases += [one.base] * terms
    return _numbered(unpack_spans(spans), np.array(sizes), np.array(bases))
