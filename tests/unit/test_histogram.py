"""What a histogram promises: few intervals without a gap, on the zone's calendar, that hold every date."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsdex.records.moments import microseconds, moment_of
from newsdex.search.reply.histogram import Intervals
from newsdex_schemas.search import MAX_BUCKETS
from newsdex_schemas.values.timestamps import EARLIEST, LATEST

ZONES = ["UTC", "Asia/Karachi", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]
stamps = st.integers(microseconds(EARLIEST), microseconds(LATEST))


def us(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


@given(stamps, stamps, st.sampled_from(ZONES))
@example(us("2026-10-25T00:30"), us("2026-10-25T01:30"), "Europe/Berlin")
@example(us("2011-12-29T00:30"), us("2011-12-31T01:30"), "Pacific/Apia")
def test_intervals_are_few_sorted_and_hold_every_date(one: int, other: int, zone: str) -> None:
    earliest, latest = sorted((one, other))
    intervals = Intervals(ZoneInfo(zone))
    edges = intervals(earliest, latest)

    assert 2 <= len(edges) <= MAX_BUCKETS + 1
    assert edges[0] <= earliest <= latest < edges[-1]
    assert all(before < after for before, after in pairwise(edges))
    histogram = intervals.histogram(edges, [1] * (len(edges) - 1), len(edges) + 1)
    assert 2 == histogram.undated
    assert list(edges[:-1]) == [microseconds(bucket.start) for bucket in histogram.buckets]


@pytest.mark.parametrize(
    ("span", "interval", "start"),
    [
        (timedelta(hours=3), "hour", "2024-03-06 10:00"),
        (timedelta(days=9), "day", "2024-03-06 00:00"),
        (timedelta(days=90), "week", "2024-03-04 00:00"),
        (timedelta(days=700), "month", "2024-03-01 00:00"),
        (timedelta(days=3_000), "year", "2024-01-01 00:00"),
        (timedelta(days=30_000), "decade", "2020-01-01 00:00"),
        (timedelta(days=300_000), "century", "2000-01-01 00:00"),
    ],
)
def test_the_shortest_intervals_are_taken_that_are_not_too_many(span: timedelta, interval: str, start: str) -> None:
    first = us("2024-03-06T10:40")
    intervals = Intervals(UTC)
    edges = intervals(first, first + span // timedelta(microseconds=1))

    assert (interval, start) == (intervals.interval, f"{moment_of(edges[0]):%Y-%m-%d %H:%M}")


def test_days_begin_in_the_zone_of_the_request_and_may_have_25_hours() -> None:
    intervals = Intervals(ZoneInfo("Europe/Berlin"))
    edges = intervals(us("2026-10-23T12:00"), us("2026-10-27T12:00"))

    assert "day" == intervals.interval
    assert [24, 24, 25, 24, 24] == [(after - before) // 3_600_000_000 for before, after in pairwise(edges)]
