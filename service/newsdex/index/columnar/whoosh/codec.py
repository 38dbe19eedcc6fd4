"""Lets Whoosh read our segments: with newsdex installed, `whoosh.index.open_dir(folder)` runs any stock query."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.codec import base
from whoosh.columns import ColumnReader
from whoosh.reading import TermInfo, TermNotFound

from newsdex.index.columnar.storage.columns import ABSENT, Column
from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.storage.segment import ID_FIELD, OpenSegment, SegmentData
from newsdex.index.columnar.whoosh.matcher import PostingMatcher
from newsdex.index.columnar.whoosh.numeric_terms import NumericField
from newsdex.index.schema import DATE_FIELDS

Field = PostingField | NumericField


class ColumnarCodec(base.Codec):  # type: ignore[misc]  # whoosh has no types
    """Reads columnar segments; `IndexWriter` of this package writes them."""

    length_stats = True

    def terms_reader(self, storage: Any, segment: Any) -> "ColumnarTerms":
        """Open a segment's terms."""
        return ColumnarTerms(OpenSegment(Path(storage.folder).absolute(), segment).data)

    def per_document_reader(self, storage: Any, segment: Any) -> "ColumnarDocuments":
        """Open what a segment has by document."""
        return ColumnarDocuments(OpenSegment(Path(storage.folder).absolute(), segment))


class ColumnarTerms(base.TermsReader):  # type: ignore[misc]  # whoosh has no types
    """The terms of all fields, sorted by field and term."""

    def __init__(self, data: SegmentData) -> None:
        self._data = data
        self._numeric = {name: NumericField(data.column(name)) for name in DATE_FIELDS if not data.column(name).empty}

    def _field(self, name: str) -> Field | None:
        return self._numeric.get(name) or self._data.field(name)

    def _find(self, fieldname: str, text: bytes) -> tuple[Field, int]:
        field = self._field(fieldname)
        number = field.terms.find(text) if field else -1
        if field is None or number < 0:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return field, number

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        field = self._field(term[0])
        return field is not None and field.terms.find(term[1]) >= 0

    def cursor(self, fieldname: str, fieldobj: Any) -> "TermCursor":
        """Return a cursor over a field's terms."""
        return TermCursor(self._field(fieldname), fieldobj)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Return all terms."""
        return self.terms_from("", b"")

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Return the terms from a place on."""
        for name in self.indexed_field_names():
            if name < fieldname:
                continue
            field = self._field(name)
            assert field is not None
            first = field.terms.lower_bound(prefix) if name == fieldname else 0
            for number in range(first, field.terms.count):
                yield name, field.terms[number]

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Return all terms with their statistics."""
        return self.items_from("", b"")

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Return the terms from a place on with their statistics."""
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        """Return a term's statistics."""
        field, number = self._find(fieldname, text)
        start, stop = field.span(number, number + 1)
        documents, frequencies = field.documents(start, stop), field.frequencies(start, stop)
        lengths = self._data.lengths(fieldname)
        own = lengths[documents] if lengths is not None else np.zeros(1, np.int64)
        return TermInfo(
            weight=float(frequencies.sum(dtype=np.int64)),
            df=stop - start,
            minlength=int(own.min()),
            maxlength=int(own.max()),
            maxweight=float(frequencies.max()),
            minid=int(documents[0]),
            maxid=int(documents[-1]),
        )

    def frequency(self, fieldname: str, text: bytes) -> float:
        """Return how often a term occurs."""
        return float(self.term_info(fieldname, text).weight())

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        """Return in how many documents a term occurs."""
        if (fieldname, text) not in self:
            return 0
        field, number = self._find(fieldname, text)
        return field.document_frequency(number)

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> PostingMatcher:
        """Return a matcher for a term's postings."""
        field, number = self._find(fieldname, text)
        info = self.term_info(fieldname, text)
        return PostingMatcher(field, number, format=format_, scorer=scorer, term=(fieldname, text), terminfo=info)

    def indexed_field_names(self) -> list[str]:
        """Return the fields that have terms."""
        return sorted([*self._data.field_names, *self._numeric])


class TermCursor(base.FieldCursor):  # type: ignore[misc]  # whoosh has no types
    """Goes through the terms of a field, with jumps."""

    def __init__(self, field: Field | None, fieldobj: Any) -> None:
        self._field = field
        self._fieldobj = fieldobj
        self._number = 0

    def first(self) -> str | None:
        """Go to the first term."""
        self._number = 0
        return self.text()

    def find(self, string: str | bytes) -> str | None:
        """Go to the first term that is not less."""
        term = string if isinstance(string, bytes) else self._fieldobj.to_bytes(string)
        self._number = self._field.terms.lower_bound(term) if self._field else 0
        return self.text()

    def next(self) -> str | None:
        """Go to the next term."""
        self._number += 1
        return self.text()

    def text(self) -> str | None:
        """Return the term, or None at the end."""
        if self._field is None or not self.is_valid():
            return None
        text: str = self._fieldobj.from_bytes(self._field.terms[self._number])
        return text

    def is_valid(self) -> bool:
        """Tell whether there is a term."""
        return self._field is not None and self._number < self._field.terms.count


class ColumnarDocuments(base.PerDocumentReader):  # type: ignore[misc]  # whoosh has no types
    """What a segment has by document."""

    def __init__(self, segment: OpenSegment) -> None:
        self._segment = segment
        self._data = segment.data

    def doc_count(self) -> int:
        """Return the number of documents that are not deleted."""
        return self._segment.documents - self._segment.deleted

    def doc_count_all(self) -> int:
        """Return the number of documents, deleted ones included."""
        return self._segment.documents

    def has_deletions(self) -> bool:
        """Tell whether a document is deleted."""
        return self._segment.alive is not None

    def is_deleted(self, docnum: int) -> bool:
        """Tell whether a document is deleted; Whoosh's InverseMatcher asks for one behind the last, too."""
        alive = self._segment.alive
        return alive is not None and docnum < len(alive) and not alive[docnum]

    def deleted_docs(self) -> list[int]:
        """Return the deleted documents."""
        alive = self._segment.alive
        deleted: list[int] = [] if alive is None else np.flatnonzero(~alive).tolist()
        return deleted

    def supports_columns(self) -> bool:
        """Tell that there are columns."""
        return True

    def has_column(self, fieldname: str) -> bool:
        """Tell whether a field has a column."""
        return not self._data.column(fieldname).empty

    def column_reader(self, fieldname: str, column: Any) -> "NumberColumn":
        """Return the values of a numeric field, moved to where the earliest is 0, as Whoosh keeps them."""
        return NumberColumn(self._data.column(fieldname), column.default_value())

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        """Return the number of words in a document's field."""
        lengths = self._data.lengths(fieldname)
        return default if lengths is None else int(lengths[docnum]) or default

    def field_length(self, fieldname: str) -> int:
        """Return the number of words in a field of all documents."""
        return self._data.total_length(fieldname)

    def min_field_length(self, fieldname: str) -> int:
        """Return the number of words of the shortest text of a field."""
        lengths = self._data.lengths(fieldname)
        return 0 if lengths is None else int(lengths[lengths > 0].min(initial=np.iinfo(lengths.dtype).max))

    def max_field_length(self, fieldname: str) -> int:
        """Return the number of words of the longest text of a field."""
        lengths = self._data.lengths(fieldname)
        return 0 if lengths is None else int(lengths.max())

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return the article's id: nothing else is stored."""
        return {ID_FIELD: self._data.article_id(docnum)}


class NumberColumn(ColumnReader):  # type: ignore[misc]  # whoosh has no types
    """A column, as Whoosh reads it."""

    def __init__(self, column: Column, default: int) -> None:
        values = column.values()
        self._values = np.where(values == ABSENT, default, values.view(np.uint64) ^ np.uint64(1 << 63)).tolist()
        self._doccount = len(self._values)
        self._reverse = False

    def __getitem__(self, docnum: int) -> int:
        return int(self._values[docnum])

    def sort_key(self, docnum: int) -> int:
        """Return what sorts the document."""
        return -self[docnum] if self._reverse else self[docnum]

    def set_reverse(self) -> None:
        """Sort the other way round."""
        self._reverse = True
