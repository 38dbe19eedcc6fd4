"""The segments of one commit as one: documents numbered through, terms found in all, columns joined."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.live_terms import READ_AT_ONCE
from newsdex.index.columnar.query.term_lookup import FieldReader, TermPostings
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.segment import OpenSegment, SegmentData
from newsdex.index.schema import TEXT_FIELDS

B, K1 = 0.75, 1.2
"""Whoosh's own parameters of BM25F (whoosh.scoring.BM25F)."""
MAX_KNOWN_TERMS = 20_000
MAX_KNOWN_MASKS = 64
"""A mask takes one byte for each document."""


class Snapshot:
    """One commit, immutable: any number of threads may search it."""

    def __init__(self, segments: Sequence[OpenSegment]) -> None:
        self.segments = segments
        self.bases = [0]
        """The first document of each segment, and the end."""
        for segment in segments:
            self.bases.append(self.bases[-1] + segment.documents)
        self.documents = self.bases[-1]
        """Deleted ones included, as in Whoosh's statistics."""
        self._fields: dict[str, list[tuple[int, PostingField]]] = {}
        self._norms: dict[str, kernel.Kept] = {}
        self._factors: dict[tuple[str, float], kernel.Kept] = {}
        self._columns: dict[str, Array] = {}
        self._masks: dict[tuple[str, bytes], Array] = {}
        self._sources: dict[str, FieldReader] = {}
        self._terms: dict[tuple[str, bytes], TermPostings] = {}

    @cached_property
    def alive(self) -> Array | None:
        """Tell of each document whether it is not deleted; None where none is."""
        if all(segment.alive is None for segment in self.segments):
            return None
        return self.joined(lambda at: self.segments[at].alive, True, bool)

    @cached_property
    def live_documents(self) -> int:
        """Return the number of documents that are not deleted."""
        return sum(segment.documents - segment.deleted for segment in self.segments)

    def live_count(self, field: str, term: bytes, enough: int | None = None) -> int:
        """Return how many documents that are not deleted have a term; with `enough`, counting may stop there.

        A frequency in statistics counts deleted documents, too. What is told to anybody must not.
        """
        known = self.term(field, term)
        if self.alive is None:
            return known.count
        surely = known.count - (self.documents - self.live_documents)
        return surely if enough is not None and surely >= enough else self.count_in(self.alive, field, term, enough)

    def count_in(self, mask: Array, field: str, term: bytes, enough: int | None = None) -> int:
        """Return how many documents of a mask have a term; with `enough`, counting may stop there."""
        count = 0
        for piece in self.term(field, term).pieces:
            for start in range(piece.start, piece.stop, READ_AT_ONCE):
                documents = piece.field.documents(start, min(start + READ_AT_ONCE, piece.stop))
                count += int(np.count_nonzero(mask[piece.base :].take(documents)))
                if enough is not None and count >= enough:
                    return count
        return count

    def joined(self, part: Callable[[int], Array | None], default: object, dtype: Any) -> Array:
        """Return one array of a part of each segment; where a segment has none, `default` stands."""
        whole: Array = np.empty(self.documents, dtype)
        for number in range(len(self.segments)):
            own = part(number)
            whole[self.bases[number] : self.bases[number + 1]] = default if own is None else own
        return whole

    def posting_field(self, segment: int, name: str) -> PostingField | None:
        """Return a field of a segment, or None where it has no terms there."""
        return self.segments[segment].data.field(name)

    def fields(self, name: str) -> list[tuple[int, PostingField]]:
        """Return a field in each segment that has it, with the segment's first document."""
        known = self._fields.get(name)
        if known is None:
            every = [(base, self.posting_field(at, name)) for at, base in enumerate(self.bases[:-1])]
            known = self._fields[name] = [(base, field) for base, field in every if field is not None]
        return known

    def sources(self, name: str) -> FieldReader:
        """Return a field in all segments, as the kernel sees it."""
        known = self._sources.get(name)
        if known is None:
            known = self._sources[name] = FieldReader(self.fields(name))
        return known

    def term(self, field: str, term: bytes) -> TermPostings:
        """Find a term in all segments."""
        known = self._terms.get((field, term))
        if known is None:
            if len(self._terms) >= MAX_KNOWN_TERMS:
                self._terms.clear()
            known = self._terms[field, term] = self.sources(field).find(term)
        return known

    def mask(self, field: str, value: bytes) -> Array:
        """Tell of each document whether it has a filter's value; some are kept, since filters come again."""
        known = self._masks.get((field, value))
        if known is None:
            known = np.zeros(self.documents, bool)
            known[self.term(field, value).documents()] = True
            if len(self._masks) >= MAX_KNOWN_MASKS:
                self._masks.clear()
            self._masks[field, value] = known
        return known

    @cached_property
    def average_lengths(self) -> dict[str, float]:
        """Return the average length of each text field, in words."""
        totals = {name: sum(segment.data.total_length(name) for segment in self.segments) for name in TEXT_FIELDS}
        return {name: total / (self.documents or 1) or 1 for name, total in totals.items()}

    @cached_property
    def usual_lengths(self) -> dict[str, float]:
        """Return the average length of each text field in the documents that have it: few may have a summary."""
        filled = {name: sum(segment.data.documents_with(name) for segment in self.segments) for name in TEXT_FIELDS}
        return {name: self.average_lengths[name] * self.documents / (filled[name] or 1) or 1 for name in TEXT_FIELDS}

    def length_factors(self, field: str, usual: float, b: float) -> kernel.Kept:
        """Return by how much a document's occurrences count, float32: 1 / (1 − b + b · length / usual length).

        Kept for the commit's own usual length.
        """
        key = (field, b) if usual == self.usual_lengths[field] else None
        known = self._factors.get(key) if key else None
        if known is None:
            factors = self.lengths(field)
            factors *= np.float32(b / usual)
            factors += np.float32(1 - b)
            known = kernel.kept(np.reciprocal(factors, out=factors))
            if key:
                self._factors[key] = known
        return known

    def lengths(self, field: str) -> Array:
        """Return the number of words of each document's field, float32."""
        return self.joined(lambda at: self.segments[at].data.lengths(field), 0, np.float32)

    def norms(self, field: str, average: float) -> kernel.Kept:
        """Return the part of BM25 that depends on a document's length, float32; kept for the commit's own average.

        K1 · ((1 − B) + B · length / average length), as in `whoosh.scoring.bm25`.
        """
        own = average == self.average_lengths[field]
        known = self._norms.get(field) if own else None
        if known is None:
            norms = self.lengths(field)
            norms *= np.float32(K1 * B / average)
            norms += np.float32(K1 * (1 - B))
            known = kernel.kept(norms)
            if own:
                self._norms[field] = known
        return known

    def column(self, name: str) -> Array:
        """Return a number for each document as int64, `ABSENT` where there is none."""
        known = self._columns.get(name)
        if known is None:
            known = self.joined(lambda at: self.segments[at].data.column(name).values(), ABSENT, np.int64)
            self._columns[name] = known
        return known

    def has_column(self, name: str) -> bool:
        """Tell whether any document has a value."""
        return not all(segment.data.column(name).empty for segment in self.segments)

    def article_id(self, document: int) -> str:
        """Return the id of a document's article."""
        return self.article_ids([document])[0]

    def article_ids(self, documents: Sequence[int]) -> list[str]:
        """Return the ids of the articles of some documents."""
        return self._of_each(documents, SegmentData.article_ids)

    def documents_in(self, language: str) -> int:
        """Return how many documents are stemmed by a language, deleted ones included."""
        return self._languages.get(language, 0)

    @cached_property
    def _languages(self) -> Counter[str]:
        """The number of documents by language."""
        counted: Counter[str] = Counter()
        for segment in self.segments:
            counted += segment.data.languages_of_documents
        return counted

    def languages_by(self, documents: Sequence[int]) -> list[str]:
        """Return the codes of the languages by which the words of some documents are stemmed."""
        return self._of_each(documents, SegmentData.languages_by)

    def _of_each(self, documents: Sequence[int], read: Callable[[SegmentData, Array], list[str]]) -> list[str]:
        """Return what is read of each of some documents, of those of one segment at once."""
        ordered = np.unique(np.array(documents, np.int64))
        found: dict[int, str] = {}
        for data, base, span in self.by_segment(ordered):
            own = ordered[span]
            found |= zip(own.tolist(), read(data, own - base), strict=True)
        return [found[document] for document in documents]

    def by_segment(self, documents: Array) -> Iterator[tuple[SegmentData, int, slice]]:
        """Part sorted documents: for each segment that has some, its data, its first document, and their span."""
        cuts = np.searchsorted(documents, self.bases).tolist()
        for segment, base, start, stop in zip(self.segments, self.bases, cuts, cuts[1:], strict=False):
            if start < stop:
                yield segment.data, base, slice(start, stop)
