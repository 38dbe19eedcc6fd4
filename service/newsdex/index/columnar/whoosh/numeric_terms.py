"""The terms that Whoosh expects of a numeric field, made from its column when a stock query asks for them.

Whoosh indexes a number once for each of eight precisions; a column answers ranges better, so none of that is stored.
"""

from bisect import bisect_left
from functools import cached_property
from itertools import pairwise

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.columns import Column
from newsdex.index.schema import NUMBER_BITS, SHIFT_STEP, numeric_field

_SIGN = np.uint64(1 << 63)


class NumericTerms(list[bytes]):
    """A dictionary in memory, with the methods of `TermDictionary`."""

    @property
    def count(self) -> int:  # type: ignore[override]  # a dictionary counts its terms; nobody calls list.count
        """Return the number of terms."""
        return len(self)

    def lower_bound(self, term: bytes) -> int:
        """Return the number of the first term that is not less."""
        return bisect_left(self, term)

    def find(self, term: bytes) -> int:
        """Return a term's number, or -1."""
        number = self.lower_bound(term)
        return number if number < len(self) and self[number] == term else -1


class NumericField:
    """Postings of a numeric field, with the methods of `PostingField`."""

    has_positions = False

    def __init__(self, column: Column) -> None:
        self._column = column

    @cached_property
    def _inverted(self) -> tuple[NumericTerms, Array, Array]:
        documents = np.flatnonzero(self._column.present)
        values = self._column.values()[documents].view(np.uint64) ^ _SIGN
        order = np.argsort(values, kind="stable")
        documents, values = documents[order], values[order]
        terms, starts, postings, field = NumericTerms(), [0], [], numeric_field()
        for shift in range(0, NUMBER_BITS, SHIFT_STEP):
            shifted = values >> np.uint64(shift)
            first = np.flatnonzero(np.diff(shifted, prepend=~shifted[:1]))
            terms += [field.sortable_to_bytes(value << shift, shift) for value in shifted[first].tolist()]
            for begin, end in pairwise([*first.tolist(), len(shifted)]):
                postings.append(np.sort(documents[begin:end]))
                starts.append(starts[-1] + end - begin)
        return terms, np.array(starts), np.concatenate(postings) if postings else documents

    @property
    def terms(self) -> NumericTerms:
        """Return the terms."""
        return self._inverted[0]

    def span(self, first: int, stop: int) -> tuple[int, int]:
        """Return where the postings of the terms [first, stop) lie."""
        starts = self._inverted[1]
        return int(starts[first]), int(starts[stop])

    def document_frequency(self, number: int) -> int:
        """Return in how many documents a term occurs."""
        start, stop = self.span(number, number + 1)
        return stop - start

    def documents(self, start: int, stop: int) -> Array:
        """Return the documents of some postings."""
        return self._inverted[2][start:stop]

    def frequencies(self, start: int, stop: int) -> Array:
        """Return the frequencies of some postings: a number occurs once."""
        return np.ones(stop - start, np.uint8)

    def positions_of(self, number: int, documents: Array, frequencies: Array, at: Array) -> Array:
        """Return nothing: numbers have no positions."""
        raise NotImplementedError
