"""Bounds how much the log says: one line a minute for each cause of a fault, and a sample of what is well."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY_S = 60.0


@dataclass(kw_only=True)
class CountedLines:
    """Counts what happens again and again by its cause; the first has a line at once, and then one line a minute."""

    clock: Callable[[], float] = time.monotonic
    _told_at: dict[str, float] = field(default_factory=dict)
    _untold: dict[str, int] = field(default_factory=dict)

    def count(self, cause: str) -> int | None:
        """Return how many there were since the last line where one is due now, else None."""
        now = self.clock()
        self._untold[cause] = self._untold.get(cause, 0) + 1
        told_at = self._told_at.get(cause)
        if told_at is not None and now - told_at < EVERY_S:
            return None
        self._told_at[cause] = now
        return self._untold.pop(cause)

    def rest(self) -> dict[str, int]:
        """Return what has no line yet, by cause, once it is over; the next one has a line at once."""
        untold, self._untold = self._untold, {}
        self._told_at.clear()
        return untold


def is_sampled(correlation_id: str, part: float) -> bool:
    """Return whether a line that tells of nothing wrong is written, where a part of them is, from 0 to 1.

    The same id decides the same in every process, so that whatever is followed is followed whole.
    """
    return part >= 1 or zlib.crc32(correlation_id.encode(errors="replace")) < part * 2**32
