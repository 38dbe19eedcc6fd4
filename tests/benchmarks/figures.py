"""Latencies and where figures were measured."""

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class Latencies(list[float]):
    """Milliseconds, of a clock that counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__()
        self._clock = clock

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Add the time of the block."""
        start = self._clock()
        yield
        self.append((self._clock() - start) * 1e3)

    def percentiles(self, digits: int = 2) -> dict[str, float]:
        """Return the median and the 99th percentile."""
        cuts = statistics.quantiles(self, n=100, method="inclusive")
        return {"p50": round(cuts[49], digits), "p99": round(cuts[98], digits)}


def worked_s() -> float:
    """Return the processor time of this process and of those that it started and that have ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def where_and_when() -> dict[str, object]:
    """Return the date and the machine."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
    }
