"""How often something may happen for each of many: token buckets."""

from collections import OrderedDict

MAX_KEPT = 20_000
"""Those of whom nothing was heard for longest are forgotten; they may begin anew."""


class Rates:
    """A bucket for each name, which fills by `per_s` a second up to `burst`; times are of `time.monotonic`."""

    def __init__(self, *, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Name → what was left, and when."""

    def wait_s(self, name: str, now: float) -> float:
        """Return how long nothing may happen for a name; 0 where it may now."""
        return max(0.0, (1.0 - self._left(name, now)) / self._per_s)

    def spend(self, name: str, now: float) -> None:
        """Count that it happened."""
        self._buckets[name] = (self._left(name, now) - 1.0, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_KEPT:
            self._buckets.popitem(last=False)

    def _left(self, name: str, now: float) -> float:
        left, at = self._buckets.get(name, (self._burst, now))
        return min(self._burst, left + (now - at) * self._per_s)
