"""Reads dates as news pages write them, and only those that mean one moment."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from newsdex.normalise.calendar_names import (
    AMBIGUOUS_ZONES,
    MONTH_PATTERN,
    MONTHS,
    WEEKDAY_PATTERN,
    ZONE_PATTERN,
    named_zone,
)

EARLIEST_YEAR = 1605
"""The first printed newspaper; an earlier year is no date of publication."""
MAX_OFFSET = timedelta(hours=14)

_DAY = rf"""
    (?:(?:on|le|el|il|am|vom)\s)?(?:{WEEKDAY_PATTERN}\.?,?\s+)?
    (?: (?P<iso_year>\d{{4}}) (?P<iso_mark>[-/.]) (?P<iso_month>\d{{1,2}}) (?P=iso_mark) (?P<iso_day>\d{{1,2}})(?!\d)
      | (?P<cjk_year>\d{{4}})\s?[年년]\s?(?P<cjk_month>\d{{1,2}})\s?[月월]\s?(?P<cjk_day>\d{{1,2}})\s?[日일]
        (?:\s?[（(][^\s()（）]{{1,4}}[)）])?
      | (?P<first>\d{{1,2}}) (?P<mark>[-/.])\s? (?P<second>\d{{1,2}}) (?P=mark)\s? (?P<number_year>\d{{4}})(?!\d)
      | (?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?[\s-](?:(?:de|of)\s)?(?P<month>{MONTH_PATTERN})\.?
        (?:,|،|\sde|\sdel)?[\s-](?P<year>\d{{4}})(?!\d)
      | (?P<us_month>{MONTH_PATTERN})\.?\s(?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?(?:[,،]\s?|\s)(?P<us_year>\d{{4}})(?!\d)
    )
"""


def _clock(place: str) -> str:
    """Write the pattern of a clock time; it may stand before or after the day, so its groups carry the place."""
    return rf"""
    (?P<{place}_half>上午|下午|午前|午後|오전|오후)?\s?(?P<{place}_hour>\d{{1,2}})
    (?: \s?[:.h：時时시]\s?(?P<{place}_minute>\d{{2}})[分분]? (?::(?P<{place}_second>\d{{2}})(?:[.,]\d{{1,9}})?)?
      | (?=\s?[ap]\.?m\b) )(?!\d)
    (?:\s?(?P<{place}_ampm>[ap]\.?m\b\.?))?
    (?:\s(?:hrs|hours|uhr)\b)?
    (?:\s?[(]?(?P<{place}_zone>(?:UTC|GMT)\s?[+\-−]\d{{1,2}}(?::?\d{{2}})?|[+\-−]\d{{2}}:?\d{{2}}|\b{ZONE_PATTERN}|(?<=\d)Z)\b[)]?)?
    """


_BETWEEN = r"(?:[\s,،|•·–—-]*(?:(?:at|on|um|à|às|a\slas|alle|ore|le|el|am|в|@)\s)?)"
_DATE = re.compile(
    rf"(?<![\w.:/-])(?:{_clock('early')}{_BETWEEN})?{_DAY}(?:(?:T|{_BETWEEN}){_clock('late')})?",
    re.VERBOSE | re.IGNORECASE,
)
_YEAR = re.compile(r"\d{4}")
"""Stands in every date; most lines are done with here."""
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+\-−])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageClock:
    """What a page's dates are read against."""

    zone: ZoneInfo
    fetched_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundDate:
    """A date in a line; `moment` is None where it is ambiguous, impossible or later than the page was fetched."""

    start: int
    end: int
    moment: datetime | None
    has_time: bool
    has_zone: bool


def find_dates(text: str, clock: PageClock) -> list[FoundDate]:
    """Find every full date, year included, from left to right.

    A date without a clock time is midnight in the publisher's zone, and an hour that a change of clocks repeats is the
    first of the two.
    """
    if not _YEAR.search(text):
        return []
    return [
        FoundDate(
            start=match.start(),
            end=match.end(),
            moment=_moment(match, clock),
            has_time=(place := _clock_place(match)) is not None,
            has_zone=place is not None and match.group(f"{place}_zone") is not None,
        )
        for match in _DATE.finditer(text)
    ]


def _moment(match: re.Match[str], clock: PageClock) -> datetime | None:
    day = _day(match)
    time = _time(match)
    if day is None or time is None or not EARLIEST_YEAR <= day[0] <= clock.fetched_at.year + 1:
        return None
    zone = _zone(match, day, time, clock)
    if zone is None:
        return None
    try:
        moment = datetime(*day, *time, tzinfo=zone)
    except ValueError:
        return None
    # compared in UTC: in a repeated hour Python orders moments of one zone by the clock on the wall
    return moment if moment.astimezone(UTC) <= clock.fetched_at else None


def _day(match: re.Match[str]) -> tuple[int, int, int] | None:
    part = match.group
    for kind in ("iso", "cjk"):
        if part(f"{kind}_year"):
            return int(part(f"{kind}_year")), int(part(f"{kind}_month")), int(part(f"{kind}_day"))
    for prefix in ("", "us_"):
        if part(f"{prefix}year"):
            # a pattern that ignores case also takes the long s and the dotless i, which are no month's spelling
            month = MONTHS.get(part(f"{prefix}month").lower())
            return (int(part(f"{prefix}year")), month, int(part(f"{prefix}day"))) if month else None
    first, second, year = int(part("first")), int(part("second")), int(part("number_year"))
    if part("mark") == ".":
        return year, second, first  # who writes dots writes the day first
    if first == second or second > 12 >= first:  # noqa: PLR2004 - months in a year
        return year, first, second
    return (year, second, first) if first > 12 else None  # noqa: PLR2004 - months in a year


def _time(match: re.Match[str]) -> tuple[int, int, int] | None:
    """Read the clock time; None where the clock has no such time."""
    place = _clock_place(match)
    if place is None:
        return 0, 0, 0
    part = match.group
    hour, minute, second = (int(part(f"{place}_{unit}") or 0) for unit in ("hour", "minute", "second"))
    half = part(f"{place}_half") or (part(f"{place}_ampm") or "")[:1].lower()
    if not half:
        return hour, minute, second
    if not 1 <= hour <= 12:  # noqa: PLR2004 - the hours of a twelve-hour clock
        return None
    return hour % 12 + (12 if half in ("p", "下午", "午後", "오후") else 0), minute, second


def _clock_place(match: re.Match[str]) -> str | None:
    return next((place for place in ("late", "early") if match.group(f"{place}_hour")), None)


def _zone(
    match: re.Match[str], day: tuple[int, int, int], time: tuple[int, int, int], clock: PageClock
) -> tzinfo | None:
    place = _clock_place(match)
    name = match.group(f"{place}_zone") if place else None
    if not name:
        return clock.zone
    if offset := _OFFSET.fullmatch(name):
        return _fixed(offset)
    name = name.upper()
    if name not in AMBIGUOUS_ZONES:
        return named_zone(name)
    try:
        local = datetime(*day, *time, tzinfo=clock.zone)
    except ValueError:
        return None
    return clock.zone if local.tzname() == name else None


def _fixed(offset: re.Match[str]) -> timezone | None:
    minutes = int(offset["minutes"] or 0)
    size = timedelta(hours=int(offset["hours"]), minutes=minutes)
    if size > MAX_OFFSET or minutes >= 60:  # noqa: PLR2004 - minutes in an hour
        return None
    return timezone(size if offset["sign"] == "+" else -size)
