"""Knows for how long the oldest change of the archive has waited for the index."""

import threading
import time
from collections import deque
from collections.abc import Callable

MAX_KEPT = 10_000
"""Beyond so many commits of the archive, the newest are taken together; the oldest, which the age is of, stay."""


class Unindexed:
    """The archive's commits that the index does not have yet; used from two threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, float]] = deque()
        self._position = 0

    def archived(self, sequence: int) -> None:
        """Note that changes up to a sequence number are in the archive from now on."""
        with self._lock:
            if sequence <= self._position:
                return
            at = self._clock()
            if len(self._waiting) >= MAX_KEPT:
                at = self._waiting.pop()[1]
            self._waiting.append((sequence, at))

    def indexed(self, position: int) -> None:
        """Note that the index has the changes up to a position."""
        with self._lock:
            self._position = position
            while self._waiting and self._waiting[0][0] <= position:
                self._waiting.popleft()

    def age_s(self) -> float | None:
        """Return for how many seconds the oldest one has waited; None where the index has everything."""
        with self._lock:
            return self._clock() - self._waiting[0][1] if self._waiting else None
