"""Bounds how often something expensive may be asked for."""

import time
from collections import deque
from collections.abc import Callable

from newsdex.errors import Unavailable


class RateLimit:
    """At most `number` in any `period_s`; `clock` gives seconds that never go back."""

    def __init__(self, number: int, period_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._period_s = period_s
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=number)

    def take(self) -> None:
        """Count one more; raise `Unavailable` where that would be too many, and say when it will not be."""
        now = self._clock()
        if len(self._taken) == self._taken.maxlen and now < (free_at := self._taken[0] + self._period_s):
            number, minutes = self._taken.maxlen, self._period_s / 60
            reason = f"at most {number} in {minutes:g} minutes; the next one in {free_at - now:.0f} s"
            raise Unavailable("too_many_orders", reason)
        self._taken.append(now)
