"""Writes a batch of documents as a new segment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from newsdex.index.columnar.arrays import Array, smallest
from newsdex.index.columnar.indexing.analysis_cache import AnalysisCache
from newsdex.index.columnar.indexing.inversion import invert_texts, invert_values
from newsdex.index.columnar.indexing.signatures import shingles, signatures
from newsdex.index.columnar.storage.columns import ABSENT, write_column
from newsdex.index.columnar.storage.postings import FieldWriter, Postings
from newsdex.index.columnar.storage.section_file import SectionWriter
from newsdex.index.columnar.storage.segment import COLUMNS, ID_FIELD
from newsdex.index.columnar.storage.signatures import write_signatures
from newsdex.index.schema import FILTER_FIELDS, SPELLED_FIELDS, TEXT_FIELDS

Document = Mapping[str, Any]
"""As `schema.document` gives it, with its `sequence` and the language it is `stemmed_as`."""


def write_segment(path: Path, documents: Sequence[Document], cache: AnalysisCache) -> None:
    """Write a segment durably; on failure nothing is left."""
    writer = SectionWriter(path)
    try:
        languages = [document["stemmed_as"] for document in documents]
        parts = []
        for name in TEXT_FIELDS:
            texts = [document.get(name) or "" for document in documents]
            if any(texts):
                terms, postings, found = invert_texts(texts, languages, cache)
                _write_field(writer, name, terms, postings, found.places)
                write_lengths(writer, name, found.lengths)
                parts.append(shingles(*cache.hashes_of_words(found)))
        write_signatures(writer, signatures(parts, len(documents)))
        for name in (ID_FIELD, *FILTER_FIELDS, *SPELLED_FIELDS.values()):
            terms, postings = invert_values([_values(document, name) for document in documents])
            _write_field(writer, name, terms, postings)
        for name in COLUMNS:
            values = [document.get(name, ABSENT) for document in documents]
            write_column(writer, f"{name}.values", np.array(values, np.int64))
        writer.finish(len(documents))
    except BaseException:
        writer.abandon()
        raise
    finally:
        cache.shrink()


def _write_field(
    writer: SectionWriter, name: str, terms: Sequence[bytes], postings: Postings, places: Array | None = None
) -> None:
    if terms:
        with FieldWriter(writer, name, places) as field:
            field.add(postings)
            field.write(b"".join(terms), np.fromiter(map(len, terms), np.int64, len(terms)))


def write_lengths(writer: SectionWriter, field: str, lengths: Array) -> None:
    """Write the number of words of each document's field, and their sum."""
    writer.add(f"{field}.lengths", smallest(lengths), int(lengths.sum()))


def _values(document: Document, name: str) -> Sequence[str]:
    return (document[ID_FIELD],) if name == ID_FIELD else document.get(name, ())
