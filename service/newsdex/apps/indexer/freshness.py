"""Measures for each article how long it took to be searchable: since its publisher's time, and since the broker's."""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from newsdex import metrics
from newsdex.clock import now_us
from newsdex.records.events import Result

MAX_KEPT = 10_000
"""Of a longer backlog, the newest changes are measured."""


class Freshness:
    """The publications that the index does not have yet; used from two threads."""

    def __init__(self, clock_us: Callable[[], int] = now_us) -> None:
        self._clock_us = clock_us
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, int, int | None]] = deque(maxlen=MAX_KEPT)
        """Sequence number, when the broker stored it, and the time that it states."""

    def archived(self, results: Sequence[Result]) -> None:
        """Note what was archived now; a parked event that is tried again was late for another reason."""
        with self._lock:
            for result in results:
                if result.sequence is not None and result.outcome == "accepted" and result.parked_id is None:
                    self._waiting.append((result.sequence, result.delivery.stored_us, result.stated_us))

    def indexed(self, position: int) -> None:
        """Measure what the index has from now on: every change up to a position."""
        now_us_ = self._clock_us()
        with self._lock:
            while self._waiting and self._waiting[0][0] <= position:
                _, stored_us, stated_us = self._waiting.popleft()
                _observe("broker", now_us_ - stored_us)
                if stated_us is not None:
                    _observe("publisher", now_us_ - stated_us)


def _observe(since: str, took_us: int) -> None:
    """Observe a time; of clocks that disagree it may be negative."""
    metrics.FRESHNESS.labels(since).observe(max(0, took_us) / 1e6)
