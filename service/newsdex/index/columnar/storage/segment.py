"""A segment: what the list of segments keeps of it, and its file once it is opened."""

import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from whoosh.codec.base import Segment

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.columns import Column, code_of
from newsdex.index.columnar.storage.deletions import read_deletions
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.section_file import Damaged, SectionFile
from newsdex.index.columnar.storage.signatures import read_signatures
from newsdex.index.columnar.storage.term_dictionary import TermDictionary
from newsdex.index.schema import DATE_FIELDS, TEXT_FIELDS
from newsdex.index.text.analysis import MARK
from newsdex.index.text.languages import DEFAULT

EXTENSION = ".cols"
DELETIONS_EXTENSION = ".deleted"
SEQUENCE_COLUMN = "sequence"
STEMMER_COLUMN = "stemmer"
"""The language by which an article's words are stemmed."""
COLUMNS = (*DATE_FIELDS, SEQUENCE_COLUMN, STEMMER_COLUMN)
ID_FIELD = "id"
CODEC = "newsdex.index.columnar.whoosh.codec"


class ColumnarSegment(Segment):  # type: ignore[misc]  # whoosh has no types
    """The part that is pickled in Whoosh's list of segments: names and counts only.

    The list has no checksum, so each entry has one of its own.
    """

    def __init__(self, indexname: str, *, documents: int, position: int) -> None:
        super().__init__(indexname)
        self.documents = documents
        self.deleted = 0
        self.deletions = 0
        """The commit that wrote its bitmap of deletions; 0 where nothing is deleted."""
        self.position = position
        """The archive's sequence number up to which changes are in the commit."""
        self.as_of_us = 0
        """The moment as of which the commit shows articles: none under embargo then, none that had expired."""
        self.hidden_since_us: int | None = None
        """Since when an article of the file is shown in no version; its words stay in the file until a merge."""

    def _described(self) -> dict[str, Any]:
        names = ("indexname", "segid", "compound", "documents", "deleted", "deletions", "position")
        return {name: getattr(self, name) for name in (*names, "as_of_us", "hidden_since_us")}

    def __getstate__(self) -> tuple[dict[str, Any], int]:
        state = self._described()
        return state, zlib.crc32(repr(state).encode())

    def __setstate__(self, pickled: tuple[dict[str, Any], int]) -> None:
        state, checksum = pickled
        if zlib.crc32(repr(state).encode()) != checksum:
            raise ValueError("the list of segments is damaged")
        self.__dict__.update(state)

    def codec(self) -> Any:
        """Return the codec by which stock Whoosh reads the segment; loaded by name, as nothing here depends on it."""
        return import_module(CODEC).ColumnarCodec()

    def file_name(self) -> str:
        """Return the name of the segment's file."""
        return str(self.make_filename(EXTENSION))

    def deletions_name(self) -> str:
        """Return the name of the file with the bitmap of deletions, which other segments may be in, too."""
        return deletions_name(self.indexname, self.deletions)

    def file_names(self) -> list[str]:
        """Return the names of all its files."""
        return [self.file_name(), self.deletions_name()] if self.deletions else [self.file_name()]

    def doc_count_all(self) -> int:
        """Return the number of documents, deleted ones included."""
        return self.documents

    def deleted_count(self) -> int:
        """Return the number of deleted documents."""
        return self.deleted

    def deleted_docs(self) -> Any:
        """Refuse: the bitmap is read with the segment, see `OpenSegment`."""
        raise NotImplementedError

    def is_deleted(self, docnum: int) -> bool:
        """Refuse: the bitmap is read with the segment, see `OpenSegment`."""
        raise NotImplementedError

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        """Refuse: only our writer deletes."""
        raise NotImplementedError


def deletions_name(indexname: str, commit: int) -> str:
    """Return the name of the file with what a commit deleted."""
    return f"{indexname}_{commit}{DELETIONS_EXTENSION}"


class SegmentData:
    """The file of a segment, opened; the same for every commit that has the segment, and for every thread."""

    def __init__(self, path: Path) -> None:
        self.file = SectionFile(path)
        self.documents = self.file.documents
        self._columns: dict[str, Column] = {}
        self._fields: dict[str, PostingField] = {}
        self._filled: dict[str, int] = {}
        self._values: dict[str, DocumentValues] = {}

    @cached_property
    def field_names(self) -> list[str]:
        """Return the names of the fields that have postings, sorted."""
        return sorted(name.removesuffix(".terms") for name in self.file.names() if name.endswith(".terms"))

    def field(self, name: str) -> PostingField | None:
        """Return a field's postings, or None where no document has the field."""
        known = self._fields.get(name)
        if known is None:
            if name not in self.field_names:
                return None
            known = self._fields[name] = PostingField(self.file, name)
        return known

    @cached_property
    def languages(self) -> frozenset[str]:
        """Return the languages that have stems of their own here."""
        fields = [self.field(name) for name in TEXT_FIELDS]
        dictionaries = [field.terms for field in fields if field is not None]
        return frozenset(language for terms in dictionaries for language in _marked(terms))

    def column(self, name: str) -> Column:
        """Return a column of numbers."""
        known = self._columns.get(name)
        if known is None:
            section = self.file[f"{name}.values"] if f"{name}.values" in self.file else None  # noqa: SIM401 - no dict
            known = self._columns[name] = Column(section, self.documents)
        return known

    @cached_property
    def languages_of_documents(self) -> Counter[str]:
        """Return how many documents are stemmed by each language."""
        numbers, counts = np.unique(self.column(STEMMER_COLUMN).values(), return_counts=True)
        return Counter(dict(zip(map(code_of, numbers.tolist()), counts.tolist(), strict=True)))

    def languages_by(self, documents: Array) -> list[str]:
        """Return the codes of the languages by which the words of some documents are stemmed."""
        numbers = self.column(STEMMER_COLUMN).some(documents).tolist()
        codes = {number: code_of(number) for number in set(numbers)}
        return [codes[number] for number in numbers]

    @cached_property
    def signatures(self) -> Array:
        """Return the signature of each document, uint64[4, n]; zeros where a text is too short to have one."""
        return read_signatures(self.file)

    def lengths(self, field: str) -> Array | None:
        """Return the number of words of each document's field, or None for a field that is not scored."""
        return self.file[f"{field}.lengths"].all() if f"{field}.lengths" in self.file else None

    def documents_with(self, field: str) -> int:
        """Return how many documents have words in a field, deleted ones included."""
        known = self._filled.get(field)
        if known is None:
            lengths = self.lengths(field)
            known = self._filled[field] = 0 if lengths is None else int(np.count_nonzero(lengths))
        return known

    def total_length(self, field: str) -> int:
        """Return the number of words in a field of all documents, deleted ones included."""
        return self.file[f"{field}.lengths"].base if f"{field}.lengths" in self.file else 0

    @cached_property
    def ids(self) -> PostingField:
        """Return the articles' ids: the terms of a field."""
        field = self.field(ID_FIELD)
        assert field is not None
        return field

    @cached_property
    def id_ranks(self) -> Array:
        """Return for each document the number of its article's id, in the ids' byte order."""
        ids = self.ids.documents(0, self.ids.terms.count)
        numbers = np.empty(len(ids), np.uint32)
        numbers[ids] = np.arange(len(ids), dtype=np.uint32)
        return numbers

    @cached_property
    def _id_spans(self) -> tuple[Array, Array, memoryview]:
        """Where the id of each document begins and ends among the bytes of the ids, and these bytes."""
        ends = self.ids.terms.ends
        starts = ends - self.ids.terms.lengths()
        return starts.take(self.id_ranks), ends.take(self.id_ranks), self.ids.terms.data().data

    def article_id(self, document: int) -> str:
        """Return the id of a document's article."""
        starts, ends, data = self._id_spans
        return str(data[starts.item(document) : ends.item(document)], "utf-8")

    def article_ids(self, documents: Array) -> list[str]:
        """Return the ids of the articles of some documents."""
        return list(map(self.article_id, documents.tolist()))

    def values(self, name: str) -> "DocumentValues":
        """Return a filter field's values by document."""
        known = self._values.get(name)
        if known is None:
            known = self._values[name] = DocumentValues(self.field(name), self.documents)
        return known


class DocumentValues:
    """The values of a filter field by document, as numbers of the dictionary; made of the postings once."""

    def __init__(self, field: PostingField | None, documents: int) -> None:
        self.terms: list[bytes] = [] if field is None else [field.terms[number] for number in range(field.terms.count)]
        self.counts = np.zeros(documents, np.uint16)
        """How many values each document has."""
        self.numbers = np.zeros(0, np.uint32)
        """The numbers of the values of each document, one document after the other."""
        if field is not None:
            spans = [field.span(number, number + 1) for number in range(field.terms.count)]
            owners = field.documents(0, spans[-1][1])
            order = np.argsort(owners, kind="stable")
            sizes = [stop - start for start, stop in spans]
            self.numbers = np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes)[order]
            self.counts = np.bincount(owners, minlength=documents).astype(np.uint16)


def _marked(terms: TermDictionary) -> Iterator[str]:
    """Return the languages whose stems are in a dictionary: they stand before all words, each language together."""
    mark = MARK.encode()
    number, end = terms.prefix_range(mark)
    while number < end:
        language = terms[number][len(mark) : len(mark) + 2]
        if language != DEFAULT.encode():  # the few of it that have a mark are no sign of another language
            yield language.decode()
        _, number = terms.prefix_range(mark + language)


class OpenSegment:
    """A segment as one commit sees it: its data without its deleted documents."""

    def __init__(self, folder: Path, segment: ColumnarSegment) -> None:
        """Open a segment; raise `Damaged`, or `FileNotFoundError` where a later commit has removed it."""
        path = folder / segment.file_name()
        self.name = segment.segment_id()
        self.deletions = segment.deletions
        self.data = _opened(path)
        if self.data.documents != segment.documents:
            raise Damaged(path, f"it has {self.data.documents} documents, the index expects {segment.documents}")
        self.alive: Array | None = None
        if segment.deletions:
            deletions = folder / segment.deletions_name()
            self.alive = ~read_deletions(deletions, self.name, segment.documents)
            if int(self.alive.sum()) != segment.documents - segment.deleted:
                raise Damaged(deletions, f"the index expects {segment.deleted} deletions")
        self.documents = segment.documents
        self.deleted = segment.deleted


_known: WeakValueDictionary[Path, SegmentData] = WeakValueDictionary()


def _opened(path: Path) -> SegmentData:
    """Return an opened file once more while anyone uses it: names of segments are never used twice."""
    data = _known.get(path)
    if data is None:
        data = _known[path] = SegmentData(path)
    return data
