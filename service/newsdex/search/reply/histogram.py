"""Chooses the intervals of a date histogram, and makes the reply's part of the index's counts."""

from collections.abc import Sequence
from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo
from typing import Literal

from newsdex.records.moments import microseconds, moment_of
from newsdex.search.language.dates import floor
from newsdex_schemas import Bucket, Histogram
from newsdex_schemas.search import MAX_BUCKETS
from newsdex_schemas.values.timestamps import EARLIEST

Interval = Literal["hour", "day", "week", "month", "year", "decade", "century", "millennium"]
INTERVALS: tuple[Interval, ...] = ("hour", "day", "week", "month", "year", "decade", "century", "millennium")
SHORT_US: dict[Interval, int] = {"hour": 3_600_000_000, "day": 86_400_000_000, "week": 7 * 86_400_000_000}
"""How long short intervals last; where a zone's clock or calendar is changed, up to twice so long."""
YEARS: dict[Interval, int] = {"year": 1, "decade": 10, "century": 100, "millennium": 1000}


class Intervals:
    """The intervals in one time zone; called with the earliest and the latest date, it gives their edges."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self.interval: Interval = "day"

    def __call__(self, earliest_us: int, latest_us: int) -> Sequence[int]:
        """Return the edges of the shortest intervals that are not too many, in microseconds since 1970."""
        first = moment_of(earliest_us).astimezone(self._zone)
        for interval in INTERVALS:
            if interval in SHORT_US and latest_us - earliest_us > 2 * SHORT_US[interval] * MAX_BUCKETS:
                continue
            edges = _edges(first, latest_us, interval)
            if len(edges) <= MAX_BUCKETS + 1:
                self.interval = interval
                break
        return edges

    def histogram(self, edges: Sequence[int], counts: Sequence[int], total: int) -> Histogram:
        """Return the reply's part; `total` counts matches without a date too."""
        buckets = tuple(
            # moments of a zone, as the contract's own validation would leave them
            Bucket(start=moment_of(edge).astimezone(self._zone), count=count)
            for edge, count in zip(edges, counts, strict=False)
        )
        return Histogram(interval=self.interval, buckets=buckets, undated=total - sum(counts))


def _edges(first: datetime, latest_us: int, interval: Interval) -> list[int]:
    """Return edges up to one behind the latest date, or one more than there may be."""
    edges: list[int] = []
    start = _start(first, interval)
    while len(edges) <= MAX_BUCKETS + 1:
        # no bucket begins before the contract's dates do
        edges.append(microseconds(max(start.astimezone(UTC), EARLIEST)))
        if edges[-1] > latest_us:
            break
        start = _next(start, interval)
    return edges


def _start(moment: datetime, interval: Interval) -> datetime:
    if interval in YEARS:
        year = moment.year // YEARS[interval] * YEARS[interval]
        return floor(moment, "year").replace(year=max(year, 1))
    if interval == "hour":
        # an hour that a change of clocks repeats stays two
        return floor(moment.astimezone(UTC), "hour").astimezone(moment.tzinfo)
    return floor(moment, interval)  # type: ignore[arg-type]  # the years are done with


def _next(start: datetime, interval: Interval) -> datetime:
    if interval in YEARS:
        return start.replace(year=min((start.year // YEARS[interval] + 1) * YEARS[interval], MAXYEAR))
    if interval == "month":
        return (start + timedelta(days=31)).replace(day=1)
    if interval == "hour":
        return (start.astimezone(UTC) + timedelta(hours=1)).astimezone(start.tzinfo)
    return start + timedelta(days=7 if interval == "week" else 1)
