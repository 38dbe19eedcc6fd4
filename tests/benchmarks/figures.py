"""Latencies and where figures were measured."""

import os
import platform
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


class Latencies(list[float]):
    """Milliseconds."""

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Add the time of the block."""
        start = time.perf_counter()
        yield
        self.append((time.perf_counter() - start) * 1e3)

    def percentiles(self) -> dict[str, float]:
        """Give the median and the 99th percentile."""
        cuts = statistics.quantiles(self, n=100)
        return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


def where_and_when() -> dict[str, object]:
    """Give the date and the machine."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
    }
