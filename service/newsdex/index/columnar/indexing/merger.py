"""Makes one segment of several, by array operations, some terms at a time, without the deleted documents."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.indexing.dictionary_union import union
from newsdex.index.columnar.indexing.segment_writer import write_lengths
from newsdex.index.columnar.storage.columns import write_column
from newsdex.index.columnar.storage.postings import FieldWriter, Postings
from newsdex.index.columnar.storage.section_file import SectionWriter
from newsdex.index.columnar.storage.segment import COLUMNS, ID_FIELD, OpenSegment
from newsdex.index.columnar.storage.signatures import write_signatures
from newsdex.index.columnar.storage.term_dictionary import TermDictionary
from newsdex.index.schema import FILTER_FIELDS, SPELLED_FIELDS, TEXT_FIELDS

CHUNK_POSTINGS = 1 << 17
"""So many postings are worked on at a time: bounds the memory, and how long a commit can wait for the interpreter."""
GONE = -1


def document_maps(segments: Sequence[OpenSegment]) -> list[Array]:
    """Return for each segment the new number of each document, `GONE` for a deleted one."""
    maps, count = [], 0
    for segment in segments:
        alive = np.ones(segment.documents, bool) if segment.alive is None else segment.alive
        maps.append(np.where(alive, np.cumsum(alive) - 1 + count, GONE).astype(np.int64))
        count += int(alive.sum())
    return maps


def merge_segments(path: Path, segments: Sequence[OpenSegment], chunk_postings: int = CHUNK_POSTINGS) -> int:
    """Write the merged segment durably; give its number of documents. On failure nothing is left."""
    maps = document_maps(segments)
    documents = sum(int((numbers != GONE).sum()) for numbers in maps)
    writer = SectionWriter(path)
    try:
        for name in (*TEXT_FIELDS, ID_FIELD, *FILTER_FIELDS, *SPELLED_FIELDS.values()):
            sources = [_Source(segment, name, numbers) for segment, numbers in zip(segments, maps, strict=True)]
            _merge_field(writer, name, sources, chunk_postings)
            if name in TEXT_FIELDS and any(source.has_lengths for source in sources):
                write_lengths(writer, name, np.concatenate([source.lengths() for source in sources]))
        for name in COLUMNS:
            columns = [
                segment.data.column(name).values()[numbers != GONE]
                for segment, numbers in zip(segments, maps, strict=True)
            ]
            write_column(writer, f"{name}.values", np.concatenate(columns))
        kept = [segment.data.signatures[:, numbers != GONE] for segment, numbers in zip(segments, maps, strict=True)]
        write_signatures(writer, np.concatenate(kept, axis=1))
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
        self._whole = segment.alive is None
        self._field = field = segment.data.field(name)
        self.terms = field.terms.count if field else 0
        self.new_terms = np.zeros(self.terms, np.int64)
        """The merged number of each of its terms; it rises."""

    @property
    def dictionary(self) -> TermDictionary:
        """Return the terms."""
        assert self._field is not None
        return self._field.terms

    @property
    def has_lengths(self) -> bool:
        """Tell whether the segment has the field's lengths."""
        return self._segment.data.lengths(self._name) is not None

    def lengths(self) -> Array:
        """Return the number of words of each document that stays."""
        lengths = self._segment.data.lengths(self._name)
        stays = self._numbers != GONE
        return np.zeros(int(stays.sum()), np.int64) if lengths is None else lengths[stays]

    def places(self) -> Array:
        """Return the number of positions of each document that stays."""
        stays = self._numbers != GONE
        if self._field is None:
            return np.zeros(int(stays.sum()), np.int64)
        places: Array = self._field.places()[stays].astype(np.int64)
        return places

    def sizes(self) -> Array:
        """Return the number of postings of each term, those of deleted documents included."""
        assert self._field is not None
        return np.diff(self._field.starts().astype(np.int64))

    def part(self, first: int, stop: int) -> "_Part":
        """Return the postings of those terms whose merged number is in [first, stop)."""
        assert self._field is not None
        begin, end = np.searchsorted(self.new_terms, (first, stop)).tolist()
        start, last = self._field.span(begin, end)
        documents = self._numbers.take(self._field.documents(start, last))
        frequencies = self._field.frequencies(start, last)
        sizes: Array = np.diff(self._field.starts()[begin : end + 1].astype(np.int64))
        term = np.repeat(self.new_terms[begin:end] - first, sizes)
        positions = None
        if self._field.has_positions:
            positions = self._field.positions(begin, end)
        if not self._whole:
            stays = documents != GONE
            positions = None if positions is None else positions[np.repeat(stays, frequencies)]
            term, documents, frequencies = term[stays], documents[stays], frequencies[stays]
        return _Part(term, documents, frequencies, positions)


class _Part:
    """Some postings of one segment, as they go into the merged one; all by term."""

    def __init__(self, term: Array, documents: Array, frequencies: Array, positions: Array | None) -> None:
        self.term = term
        self.documents = documents
        self.frequencies = frequencies
        self.positions = positions


def _merge_field(writer: SectionWriter, name: str, sources: Sequence[_Source], chunk_postings: int) -> None:
    # a segment without the field has no terms, but documents
    places = np.concatenate([source.places() for source in sources]) if name in TEXT_FIELDS else None
    sources = [source for source in sources if source.terms]
    if not sources:
        return
    terms = union([source.dictionary for source in sources])
    for source, numbers in zip(sources, terms.numbers, strict=True):
        source.new_terms = numbers
    kept = np.zeros(len(terms), bool)
    with FieldWriter(writer, name, places) as field:
        for first, stop in _chunks(sources, len(terms), chunk_postings):
            sizes, postings = _merged([source.part(first, stop) for source in sources], stop - first)
            if postings is not None:
                field.add(postings)
                kept[first:stop] = sizes > 0
        if kept.any():
            field.write(*terms.chosen(kept))


def _chunks(sources: Sequence[_Source], terms: int, postings: int) -> Iterator[tuple[int, int]]:
    """Return ranges of merged terms that have about so many postings together."""
    sizes = np.zeros(terms, np.int64)
    for source in sources:
        sizes[source.new_terms] += source.sizes()
    ends = np.cumsum(sizes)
    first = 0
    while first < terms:
        before = int(ends[first - 1]) if first else 0
        stop = max(int(np.searchsorted(ends, before + postings, "right")), first + 1)
        yield first, stop
        first = stop


def _merged(parts: Sequence[_Part], terms: int) -> tuple[Array, Postings | None]:
    """Put the postings of each term one behind the other; give the number of each term's, and those that have any."""
    counts = [np.bincount(part.term, minlength=terms) for part in parts]
    sizes: Array = np.add.reduce(counts, axis=0, dtype=np.int64)
    total = int(sizes.sum())
    if not total:
        return sizes, None
    documents, frequencies = np.empty(total, np.uint32), np.empty(total, np.uint32)
    following = np.cumsum(sizes) - sizes
    for part, own in zip(parts, counts, strict=True):
        at = _places(following, own)
        documents[at], frequencies[at] = part.documents, part.frequencies
    positions = _merged_positions(parts, terms)
    return sizes, Postings(sizes=sizes[sizes > 0], documents=documents, frequencies=frequencies, positions=positions)


def _merged_positions(parts: Sequence[_Part], terms: int) -> Array | None:
    if parts[0].positions is None:
        return None
    counts = [np.bincount(part.term, part.frequencies, terms).astype(np.int64) for part in parts]
    sizes: Array = np.add.reduce(counts, axis=0, dtype=np.int64)
    positions = np.empty(int(sizes.sum()), np.uint32)
    following = np.cumsum(sizes) - sizes
    for part, own in zip(parts, counts, strict=True):
        assert part.positions is not None
        positions[_places(following, own)] = part.positions
    return positions


def _places(following: Array, counts: Array) -> Array:
    """Return the places of the next `counts` items of each term, and move on behind them."""
    places: Array = np.arange(int(counts.sum())) + np.repeat(following - (np.cumsum(counts) - counts), counts)
    following += counts
    return places
