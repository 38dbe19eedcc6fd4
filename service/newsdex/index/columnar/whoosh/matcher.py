"""Goes through the postings of one term, for Whoosh's own query execution."""

from bisect import bisect_left
from typing import Any

import numpy as np
from whoosh.matching import ListMatcher, ReadTooFar

from newsdex.index.columnar.storage.postings import PostingField
from newsdex.index.columnar.whoosh.numeric_terms import NumericField


class PostingMatcher(ListMatcher):  # type: ignore[misc]  # whoosh has no types
    """A term's postings; all of them are one block of Whoosh's quality optimisation."""

    _i: int
    """Whoosh's name for the place in the list."""

    def __init__(self, field: PostingField | NumericField, number: int, **options: Any) -> None:
        start, stop = field.span(number, number + 1)
        super().__init__(
            field.documents(start, stop).tolist(),
            weights=field.frequencies(start, stop).astype(float).tolist(),
            **options,
        )
        self._field = field
        self._number = number
        self._options = options

    def copy(self) -> "PostingMatcher":
        """Return a second matcher at the same place."""
        twin = PostingMatcher(self._field, self._number, **self._options)
        twin._i = self._i
        return twin

    def skip_to(self, id: int) -> None:  # noqa: A002 - whoosh's name
        """Go on to the first document that is not before."""
        if not self.is_active():
            raise ReadTooFar
        self._i = bisect_left(self._ids, id, self._i)

    def skip_to_quality(self, minquality: float) -> int:
        """Go to the end where no posting is good enough."""
        if self.block_quality() <= minquality:
            self._i = len(self._ids)
        return 0

    def supports(self, astype: str) -> bool:
        """Tell what `value_as` can give."""
        return astype in {"frequency", "weight"} or (astype == "positions" and self._field.has_positions)

    def value_as(self, astype: str) -> Any:
        """Return the current posting's frequency, weight or positions."""
        if astype == "positions":
            documents, frequencies = np.array(self._ids), np.array(self._weights)
            return self._field.positions_of(self._number, documents, frequencies, np.array([self._i])).tolist()
        return self._weights[self._i]

    def value(self) -> bytes:
        """Refuse: there are no encoded values."""
        raise NotImplementedError
