"""Whole numbers by document: dates, sequence numbers, field lengths, languages."""

from functools import cached_property

import numpy as np

from newsdex.index.columnar.arrays import Array, smallest
from newsdex.index.columnar.storage.section_file import Section, SectionWriter

ABSENT = -(1 << 63)
"""Stands for a document without a value; no date is as early."""


def write_column(writer: SectionWriter, name: str, values: Array) -> None:
    """Write int64 values as distances from the least, plus one; 0 is a document without a value."""
    present = values != ABSENT
    if not present.any():
        return
    base = int(values[present].min())
    writer.add(name, smallest(np.where(present, values - base + 1, 0).astype(np.uint64)), base - 1)


def code_number(code: str) -> int:
    """Return a language's code of two letters as a number."""
    return int.from_bytes(code.encode(), "big")


def code_of(number: int) -> str:
    """Return the language's code that is written as a number."""
    return number.to_bytes(2, "big").decode()


class Column:
    """A column; `section` is None where no document has a value."""

    def __init__(self, section: Section | None, documents: int) -> None:
        self._section = section
        self._documents = documents

    @property
    def empty(self) -> bool:
        """Tell whether no document has a value."""
        return self._section is None

    def values(self) -> Array:
        """Return the values as int64, `ABSENT` where there is none."""
        if self._section is None:
            return np.full(self._documents, ABSENT, np.int64)
        distances = self._section.all()
        return np.where(distances == 0, ABSENT, distances.astype(np.int64) + self._section.base)

    def some(self, documents: Array) -> Array:
        """Return the values of some documents as int64, `ABSENT` where there is none; not all of the column is read."""
        if self._section is None:
            return np.full(len(documents), ABSENT, np.int64)
        first = int(documents.min(initial=self._documents))
        distances = self._section[first : int(documents.max(initial=-1)) + 1].take(documents - first)
        return np.where(distances == 0, ABSENT, distances.astype(np.int64) + self._section.base)

    @cached_property
    def present(self) -> Array:
        """Tell which documents have a value."""
        if self._section is None:
            return np.zeros(self._documents, bool)
        present: Array = self._section.all() != 0
        return present
