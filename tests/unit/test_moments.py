"""What dates in a query mean: a stretch of time in the zone of the request, at the moment of the request."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsdex.records.moments import microseconds, moment_of
from newsdex.search.language.dates import QueryClock, read_date, time_range, written

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KARACHI = ZoneInfo("Asia/Karachi")
BERLIN = ZoneInfo("Europe/Berlin")
LISBON = ZoneInfo("Europe/Lisbon")


def meant(text: str, now: datetime = NOON) -> tuple[str, str]:
    """Return start and end as the clock of the zone shows them."""
    date = read_date(text)
    assert date is not None
    start, end = time_range(date, QueryClock(now_us=microseconds(now), zone=now.tzinfo or UTC))
    return tuple(f"{moment_of(one).astimezone(now.tzinfo):%Y-%m-%d %H:%M}" for one in (start, end))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("today", "2026-11-24 00:00", "2026-11-25 00:00"),
        ("Yesterday", "2026-11-23 00:00", "2026-11-24 00:00"),
        ("tomorrow", "2026-11-25 00:00", "2026-11-26 00:00"),
        ("tuesday", "2026-11-24 00:00", "2026-11-25 00:00"),
        ("wednesday", "2026-11-18 00:00", "2026-11-19 00:00"),
        ("this week", "2026-11-23 00:00", "2026-11-30 00:00"),
        ("last week", "2026-11-16 00:00", "2026-11-23 00:00"),
        ("this month", "2026-11-01 00:00", "2026-12-01 00:00"),
        ("last year", "2025-01-01 00:00", "2026-01-01 00:00"),
        ("2 days ago", "2026-11-22 00:00", "2026-11-23 00:00"),
        ("1 month ago", "2026-10-01 00:00", "2026-11-01 00:00"),
        ("3 hours ago", "2026-11-24 09:00", "2026-11-24 10:00"),
        ("last 7 days", "2026-11-17 12:00", "2026-11-24 12:00"),
        ("past 1 week", "2026-11-17 12:00", "2026-11-24 12:00"),
        ("last 90 minutes", "2026-11-24 10:30", "2026-11-24 12:00"),
        ("last 13 months", "2025-10-24 12:00", "2026-11-24 12:00"),
        ("2024", "2024-01-01 00:00", "2025-01-01 00:00"),
        ("2024-02", "2024-02-01 00:00", "2024-03-01 00:00"),
        ("2024-02-29", "2024-02-29 00:00", "2024-03-01 00:00"),
        ("2024-02-29T23:59", "2024-02-29 23:59", "2024-03-01 00:00"),
        ("2024-06-01T10:00+02:00", "2024-06-01 08:00", "2024-06-01 08:01"),
        ("2024-06-01 10:00", "2024-06-01 10:00", "2024-06-01 10:01"),
        ("1 June 2024", "2024-06-01 00:00", "2024-06-02 00:00"),
        ("June 1, 2024", "2024-06-01 00:00", "2024-06-02 00:00"),
        ("30.06.2024", "2024-06-30 00:00", "2024-07-01 00:00"),
        ("June 2024", "2024-06-01 00:00", "2024-07-01 00:00"),
        ("März 2024", "2024-03-01 00:00", "2024-04-01 00:00"),
    ],
)
def test_a_date_means_a_stretch_of_time(text: str, start: str, end: str) -> None:

    assert (start, end) == meant(text)


@pytest.mark.parametrize(
    ("text", "now", "start", "end"),
    [
        # nine in the evening in UTC is the next day in Karachi
        ("today", datetime(2026, 11, 24, 2, tzinfo=KARACHI), "2026-11-24 00:00", "2026-11-25 00:00"),
        # the day the clocks go back has 25 hours, the day they go forward 23
        ("today", datetime(2026, 10, 25, 12, tzinfo=BERLIN), "2026-10-25 00:00", "2026-10-26 00:00"),
        ("last 2 days", datetime(2026, 10, 26, 12, tzinfo=BERLIN), "2026-10-24 12:00", "2026-10-26 12:00"),
        ("last 24 hours", datetime(2026, 10, 25, 12, tzinfo=BERLIN), "2026-10-24 13:00", "2026-10-25 12:00"),
        ("last 1 month", datetime(2026, 3, 31, 12, tzinfo=LISBON), "2026-02-28 12:00", "2026-03-31 12:00"),
        ("2024-06-01", datetime(2026, 11, 24, 12, tzinfo=KARACHI), "2024-06-01 00:00", "2024-06-02 00:00"),
    ],
)
def test_a_date_is_meant_in_the_zone_of_the_request(text: str, now: datetime, start: str, end: str) -> None:

    assert (start, end) == meant(text, now)


def test_the_day_on_which_clocks_go_back_is_an_hour_longer() -> None:
    date = read_date("2026-10-25")
    assert date is not None
    start, end = time_range(date, QueryClock(now_us=microseconds(NOON), zone=BERLIN))

    assert 25 * 3_600_000_000 == end - start


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2024-13", "2024-02-30", "0999", "9000", "2024-6", "24", "2024-06-01T25:00", "Juni", "last days", "-1",
     "last 7 fortnights", "03/04/2024", "2024-06-01T10", "next week", "2024..", "99999 days ago"],
)  # fmt: skip
def test_what_is_no_date_or_means_two_is_not_read(text: str) -> None:

    assert read_date(text) is None


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_not(text: str) -> None:
    date = read_date(text)

    assert date is None or time_range(date, QueryClock(now_us=0))


@pytest.mark.parametrize(
    "text", ["last 9999 years", "9999 years ago", "last 9999 months", "9999 days ago", "1000", "8999"]
)
def test_the_contracts_years_bound_every_date(text: str) -> None:
    date = read_date(text)
    assert date is not None
    start, end = time_range(date, QueryClock(now_us=microseconds(NOON)))

    assert start <= end


@given(
    st.datetimes(datetime(1001, 1, 1), datetime(8998, 1, 1)),  # noqa: DTZ001 - hypothesis wants them so
    st.sampled_from(["UTC", "Asia/Karachi", "Europe/Berlin"]),
)
def test_a_moment_that_was_written_is_read_again(moment: datetime, zone: str) -> None:
    stamp_us = microseconds(moment.replace(tzinfo=UTC))
    when = QueryClock(now_us=0, zone=ZoneInfo(zone))
    date = read_date(written(stamp_us, when.zone))
    assert date is not None

    assert stamp_us == time_range(date, when)[0]
