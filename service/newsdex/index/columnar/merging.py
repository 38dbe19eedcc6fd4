"""Makes one segment of several, by array operations, without the deleted documents."""

from collections.abc import Iterator, Sequence
from heapq import merge as merge_sorted
from pathlib import Path

import numpy as np

from newsdex.index.columnar.building import write_lengths
from newsdex.index.columnar.columns import write_column
from newsdex.index.columnar.postings import InvertedField, PostingField, write_field
from newsdex.index.columnar.sections import Array, SectionWriter
from newsdex.index.columnar.segment import COLUMNS, ID_FIELD, OpenSegment
from newsdex.index.schema import FILTER_FIELDS, SPELLED_FIELDS, TEXT_FIELDS

CHUNK_POSTINGS = 1 << 20
"""So many postings are worked on at a time: bounds the memory, and how long a commit can wait for the interpreter."""
CHUNK_TERMS = 8_192
GONE = -1


def document_maps(segments: Sequence[OpenSegment]) -> list[Array]:
    """Give for each segment the new number of each document, `GONE` for a deleted one."""
    maps, count = [], 0
    for segment in segments:
        alive = np.ones(segment.documents, bool) if segment.alive is None else segment.alive
        maps.append(np.where(alive, np.cumsum(alive) - 1 + count, GONE).astype(np.int64))
        count += int(alive.sum())
    return maps


def merge_segments(path: Path, segments: Sequence[OpenSegment]) -> int:
    """Write the merged segment durably; give its number of documents. On failure nothing is left."""
    maps = document_maps(segments)
    documents = sum(int((numbers != GONE).sum()) for numbers in maps)
    writer = SectionWriter(path)
    try:
        for name in (*TEXT_FIELDS, ID_FIELD, *FILTER_FIELDS, *SPELLED_FIELDS.values()):
            sources = [_Source(segment, name, numbers) for segment, numbers in zip(segments, maps, strict=True)]
            inverted = _merge_field(name, [source for source in sources if source.terms])
            if inverted is not None:
                write_field(writer, inverted)
            if name in TEXT_FIELDS and inverted is not None:
                write_lengths(writer, name, np.concatenate([source.lengths() for source in sources]))
        for name in COLUMNS:
            columns = [
                segment.data.column(name).values()[numbers != GONE]
                for segment, numbers in zip(segments, maps, strict=True)
            ]
            write_column(writer, f"{name}.values", np.concatenate(columns))
        writer.finish(documents)
    except BaseException:
        writer.abandon()
        raise
    return documents


class _Source:
    """One field of one of the segments."""

    def __init__(self, segment: OpenSegment, name: str, numbers: Array) -> None:
        self._segment = segment
        self._name = name
        self._numbers = numbers
        field = segment.data.field(name)
        assert field is None or isinstance(field, PostingField)
        self.field: PostingField | None = field
        self.terms = field.terms.count if field else 0
        self.new_terms = np.zeros(self.terms, np.int64)
        """The merged number of each of its terms."""
        self.counts = np.zeros(self.terms, np.int64)
        """How many postings of each term stay."""
        self.position_counts = np.zeros(self.terms, np.int64)

    def term_chunks(self) -> Iterator[list[bytes]]:
        """Give the terms, some at a time."""
        assert self.field is not None
        for start in range(0, self.terms, CHUNK_TERMS):
            yield self.field.terms.slice(start, min(start + CHUNK_TERMS, self.terms))

    def lengths(self) -> Array:
        """Give the number of words of each document that stays."""
        lengths = self._segment.data.lengths(self._name)
        stays = self._numbers != GONE
        return np.zeros(int(stays.sum()), np.int64) if lengths is None else lengths[stays]

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Give ranges of terms that have about `CHUNK_POSTINGS` postings together."""
        assert self.field is not None
        starts, first = self.field.starts(), 0
        while first < self.terms:
            stop = int(np.searchsorted(starts, int(starts[first]) + CHUNK_POSTINGS, "right")) - 1
            stop = min(max(stop, first + 1), self.terms)
            yield first, stop
            first = stop

    def postings(self, first: int, stop: int) -> tuple[Array, Array, Array]:
        """Give the postings of the terms [first, stop): term, new document or `GONE`, frequency."""
        assert self.field is not None
        start, end = self.field.span(first, stop)
        sizes: Array = np.diff(self.field.starts()[first : stop + 1].astype(np.int64))
        term = np.repeat(np.arange(first, stop), sizes)
        documents = self._numbers.take(self.field.documents(start, end))
        return term, documents, self.field.frequencies(start, end)


def _merge_field(name: str, sources: Sequence[_Source]) -> InvertedField | None:
    terms = _merge_terms(sources)
    for source in sources:
        _count(source)
    counts = np.zeros(len(terms), np.int64)
    position_counts = np.zeros(len(terms), np.int64)
    for source in sources:
        counts[source.new_terms] += source.counts
        position_counts[source.new_terms] += source.position_counts
    _drop_empty(terms, counts, sources)
    stays = counts > 0
    starts = _ends(counts[stays])
    position_starts = _ends(position_counts[stays])
    if not stays.any():
        return None
    with_positions = any(source.field and source.field.has_positions for source in sources)
    documents = np.empty(int(starts[-1]), np.uint32)
    frequencies = np.empty(int(starts[-1]), np.uint32)
    positions = np.empty(int(position_starts[-1]), np.uint32) if with_positions else None
    next_posting, next_position = starts[:-1].copy(), position_starts[:-1].copy()
    for source in sources:
        for first, stop in source.chunks():
            _place(source, (first, stop), next_posting, next_position, (documents, frequencies, positions))
    return InvertedField(
        name=name,
        terms=terms,
        starts=starts,
        documents=documents,
        frequencies=frequencies if with_positions or int(frequencies.max()) > 1 else None,
        position_starts=position_starts if with_positions else None,
        positions=positions,
    )


def _merge_terms(sources: Sequence[_Source]) -> list[bytes]:
    """Merge the dictionaries, and note what each term's number becomes."""
    terms: list[bytes] = []
    for term in merge_sorted(*map(_flat, sources)):
        if not terms or terms[-1] != term:
            terms.append(term)
    numbers = {term: number for number, term in enumerate(terms)}
    for source in sources:
        at = 0
        for chunk in source.term_chunks():
            source.new_terms[at : at + len(chunk)] = [numbers[term] for term in chunk]
            at += len(chunk)
    return terms


def _flat(source: _Source) -> Iterator[bytes]:
    for chunk in source.term_chunks():
        yield from chunk


def _count(source: _Source) -> None:
    for first, stop in source.chunks():
        term, documents, frequencies = source.postings(first, stop)
        stays = documents != GONE
        own = term[stays] - first
        source.counts[first:stop] = np.bincount(own, minlength=stop - first)
        weights = np.bincount(own, weights=frequencies[stays], minlength=stop - first)
        source.position_counts[first:stop] = weights.astype(np.int64)


def _drop_empty(terms: list[bytes], counts: Array, sources: Sequence[_Source]) -> None:
    """Forget terms whose documents are all deleted."""
    stays = counts > 0
    if stays.all():
        return
    renumbered = np.cumsum(stays) - 1
    for source in sources:
        source.new_terms = renumbered[source.new_terms]
    terms[:] = [term for term, kept in zip(terms, stays.tolist(), strict=True) if kept]


def _ends(counts: Array) -> Array:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _place(
    source: _Source,
    chunk: tuple[int, int],
    next_posting: Array,
    next_position: Array,
    output: tuple[Array, Array, Array | None],
) -> None:
    """Copy the postings of some terms to where they go, after those of the segments before."""
    first, stop = chunk
    assert source.field is not None
    _, new_documents, frequencies = source.postings(first, stop)
    stays = new_documents != GONE
    counts, new_terms = source.counts[first:stop], source.new_terms[first:stop]
    kept = counts > 0
    out_documents, out_frequencies, out_positions = output
    at = _scattered(next_posting, new_terms[kept], counts[kept])
    out_documents[at] = new_documents[stays]
    out_frequencies[at] = frequencies[stays]
    if out_positions is None:
        return
    positions = source.field.positions(*source.field.position_span(first, stop))
    position_counts = source.position_counts[first:stop]
    at = _scattered(next_position, new_terms[kept], position_counts[kept])
    out_positions[at] = positions if stays.all() else positions[np.repeat(stays, frequencies)]


def _scattered(following: Array, terms: Array, counts: Array) -> Array:
    """Give the places of the next `counts` items of each term, and move on behind them."""
    begin = np.cumsum(counts) - counts
    places: Array = np.arange(int(counts.sum())) + np.repeat(following[terms] - begin, counts)
    following[terms] += counts
    return places
