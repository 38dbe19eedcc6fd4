"""Reads dates as people write them in a query, and finds the range of time that they mean at some moment."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from newsdex.normalise.calendar_names import MONTHS
from newsdex.normalise.dates import PageClock, find_dates
from newsdex.records.moments import microseconds, moment_of
from newsdex_schemas.values.timestamps import EARLIEST, LATEST

Unit = Literal["year", "month", "week", "day", "hour", "minute", "second", "microsecond"]
UNITS: tuple[Unit, ...] = ("year", "month", "day", "hour", "minute", "second", "microsecond")
"""The units that an ISO date may end with."""
LEAST = (1, 1, 1, 0, 0, 0, 0)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS_OF_A_YEAR = 12

_ISO = re.compile(
    r"""(?P<year>\d{4}) (?:-(?P<month>\d\d) (?:-(?P<day>\d\d) (?:[T ](?P<hour>\d\d):(?P<minute>\d\d)
        (?: :(?P<second>\d\d) (?:[.](?P<fraction>\d{1,6}))? )? (?P<zone>Z|[+-]\d\d:?\d\d)? )? )? )?""",
    re.VERBOSE | re.IGNORECASE,
)
_ROLLING = re.compile(r"(?:last|past)\s+(\d{1,4})\s+(minute|hour|day|week|month|year)s?", re.IGNORECASE)
_AGO = re.compile(r"(\d{1,4})\s+(minute|hour|day|week|month|year)s?\s+ago", re.IGNORECASE)
_NAMED = re.compile(r"(this|last)\s+(week|month|year)", re.IGNORECASE)
_MONTH = re.compile(r"([^\W\d]+)\.?\s+(\d{4})")
PAGE_CLOCK = PageClock(zone=ZoneInfo("UTC"), fetched_at=LATEST)
"""For dates that are written out: a query has no page that says when it was made."""
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryClock:
    """The moment of a request, and the time zone its dates are meant in."""

    now_us: int
    zone: tzinfo = UTC

    @property
    def now(self) -> datetime:
        """Return the moment on the zone's clock."""
        return moment_of(self.now_us).astimezone(self.zone)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """A year, a month, a day or something shorter; in the zone of the request where it names none."""

    parts: tuple[int, ...]
    """Year, month, day, hour, minute, second, microsecond, as many as were written."""
    zone: tzinfo | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shifted:
    """The unit that now lies in, or one that is so many units later: yesterday is a day with -1."""

    unit: Unit
    by: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rolling:
    """So many units up to now."""

    number: int
    unit: Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekday:
    """The latest Monday, say, up to today."""

    number: int


DateExpression = Fixed | Shifted | Rolling | Weekday


def read_date(text: str) -> DateExpression | None:
    """Read one date; None for a text that is none."""
    text = text.strip()
    lower = text.lower()
    if lower in _DAYS:
        return Shifted(unit="day", by=_DAYS[lower])
    if lower in WEEKDAYS:
        return Weekday(number=WEEKDAYS.index(lower))
    if named := _NAMED.fullmatch(lower):
        return Shifted(unit=_unit(named[2]), by=0 if named[1] == "this" else -1)
    if rolling := _ROLLING.fullmatch(lower):
        return Rolling(number=int(rolling[1]), unit=_unit(rolling[2]))
    if ago := _AGO.fullmatch(lower):
        return Shifted(unit=_unit(ago[2]), by=-int(ago[1]))
    return _iso(text) or _written(text)


def _unit(name: str) -> Unit:
    units: dict[str, Unit] = {unit: unit for unit in (*UNITS, "week")}
    return units[name]


def _iso(text: str) -> Fixed | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    parts = [int(match[unit]) for unit in UNITS[:-1] if match[unit]]
    if match["fraction"]:
        parts.append(int(match["fraction"].ljust(6, "0")))
    return _possible(Fixed(parts=tuple(parts), zone=_offset(match["zone"])))


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    size = min(timedelta(hours=hours, minutes=minutes), timedelta(hours=23, minutes=59))
    return timezone(size if text[0] == "+" else -size)


def _written(text: str) -> Fixed | None:
    """Read `1 June 2024`, `June 1, 2024`, `30.06.2024`, `June 2024`, in the languages of the normaliser."""
    if month := _MONTH.fullmatch(text):
        number = MONTHS.get(month[1].lower())
        return _possible(Fixed(parts=(int(month[2]), number))) if number else None
    found = find_dates(text, PAGE_CLOCK)
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) and found[0].moment:
        moment = found[0].moment
        return _possible(Fixed(parts=(moment.year, moment.month, moment.day)))
    return None


def _possible(date: Fixed) -> Fixed | None:
    """Return the date if the calendar has it, and the contract's years."""
    try:
        start = _first_moment(date, UTC)
    except (ValueError, OverflowError):
        return None
    return date if EARLIEST.year <= start.year < LATEST.year else None


def time_range(expression: DateExpression, when: QueryClock) -> tuple[int, int]:
    """Return what an expression means: microseconds since 1970, the end exclusive."""
    if isinstance(expression, Rolling):
        return microseconds(_moved(when.now, expression.unit, -expression.number)), when.now_us
    if isinstance(expression, Fixed):
        unit = UNITS[len(expression.parts) - 1]
        start = _first_moment(expression, when.zone)
    elif isinstance(expression, Weekday):
        unit, today = "day", floor(when.now, "day")
        start = _moved(today, "day", -((today.weekday() - expression.number) % len(WEEKDAYS)))
    else:
        unit = expression.unit
        start = _moved(floor(when.now, unit), unit, expression.by)
    return microseconds(start), microseconds(_moved(start, unit, 1))


def _first_moment(date: Fixed, zone: tzinfo) -> datetime:
    return _datetime(date.parts, date.zone or zone)


def _datetime(parts: Sequence[int], zone: tzinfo | None, fold: int = 0) -> datetime:
    """Return the first moment of what was written or kept of a date and time."""
    year, month, day, hour, minute, second, microsecond = (*parts, *LEAST[len(parts) :])
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone, fold=fold)


def floor(moment: datetime, unit: Unit) -> datetime:
    """Return the beginning of the year, month, week, day, hour or minute that a moment lies in, on its zone's clock."""
    if unit == "week":
        return floor(moment, "day") - timedelta(days=moment.weekday())
    kept = UNITS.index(unit) + 1
    values = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond)
    return _datetime(values[:kept], moment.tzinfo, fold=0 if unit in ("year", "month", "day") else moment.fold)


def _moved(moment: datetime, unit: Unit, by: int) -> datetime:
    """Go some units on: days and longer on the clock of the zone, shorter ones in time that really passes."""
    if unit in ("year", "month"):
        months = moment.year * MONTHS_OF_A_YEAR + moment.month - 1 + by * (MONTHS_OF_A_YEAR if unit == "year" else 1)
        year, month = divmod(months, MONTHS_OF_A_YEAR)
        if not EARLIEST.year <= year < LATEST.year:
            return EARLIEST if year < EARLIEST.year else LATEST
        first = moment.replace(year=year, month=month + 1, day=1)
        last_day = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return first.replace(day=min(moment.day, last_day.day))
    if unit in ("week", "day"):
        return moment + timedelta(days=by * (7 if unit == "week" else 1))
    return (moment.astimezone(UTC) + timedelta(**{f"{unit}s": by})).astimezone(moment.tzinfo)


def written(stamp_us: int, zone: tzinfo) -> str:
    """Write a moment so that `read_date` reads it again: a date alone where it is the beginning of a day."""
    moment = moment_of(stamp_us).astimezone(zone)
    if moment == floor(moment, "day"):
        return moment.date().isoformat()
    whole_minutes = (moment.utcoffset() or timedelta()) % timedelta(minutes=1) == timedelta()
    return (moment if whole_minutes else moment.astimezone(UTC)).isoformat().replace("+00:00", "Z")
