"""Collects the best matches of a query: exact count, a deadline, order by relevance or date."""

import heapq
import time
from collections.abc import Container
from typing import Any, Literal

from whoosh.collectors import Collector

Sort = Literal["relevance", "newest", "oldest"]
CHECK_EVERY = 64


class BestMatches(Collector):  # type: ignore[misc]  # whoosh has no types
    """Keeps the best `limit` of all matching documents and counts them all, until the deadline.

    Whoosh's own collector skips documents that cannot be among the best, and so cannot count in the same pass.
    """

    def __init__(
        self,
        *,
        limit: int,
        sort: Sort,
        deadline: float,
        allowed: Container[int] | None,
        hidden: Container[int],
    ) -> None:
        super().__init__()
        self._limit = limit
        self._sort = sort
        self._deadline = deadline
        self._allowed = allowed
        self._hidden = hidden
        self._heap: list[tuple[float, int, float]] = []
        self.total = 0
        self.timed_out = False

    def set_subsearcher(self, subsearcher: Any, offset: int) -> None:
        """Turn to the next segment."""
        super().set_subsearcher(subsearcher, offset)
        self._dates = None if self._sort == "relevance" else subsearcher.reader().column_reader("published")

    def collect_matches(self) -> None:
        """Go through the matches of one segment."""
        matcher = self.matcher
        while matcher.is_active() and not self.timed_out:
            number = matcher.id()
            self._take(number, self.offset + number)
            matcher.next()

    def _take(self, number: int, document: int) -> None:
        if self.total % CHECK_EVERY == 0 and time.monotonic() > self._deadline:
            self.timed_out = True
            return
        if document in self._hidden or (self._allowed is not None and document not in self._allowed):
            return
        self.total += 1
        if not self._limit:
            return
        score = self.matcher.score() if self._dates is None else 0.0
        key = score if self._dates is None else self._dates[number]
        entry = (-key if self._sort == "oldest" else key, -document, score)
        if len(self._heap) < self._limit:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapq.heapreplace(self._heap, entry)

    def best(self) -> list[tuple[int, float]]:
        """Give (document, score), best first."""
        return [(-negative, score) for _, negative, score in sorted(self._heap, reverse=True)]
