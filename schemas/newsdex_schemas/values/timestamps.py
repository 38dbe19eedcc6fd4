"""Moments in messages: RFC 3339 as serializers really write it, and the values that they write for none."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
FIRST_DAYS = tuple(
    datetime(*day, tzinfo=UTC)
    for day in ((1601, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1))
)
"""Where the calendars of Windows, SQL Server, OLE, spreadsheets and Unix begin."""
ZONES_REACH = timedelta(hours=14)
BEFORE_ALL = re.compile(r"-\d{4,}-\d\d-\d\d|000[01]-\d\d-\d\d|0002-11-30|(?:0?1[/.]){2}0001\b|-infinity$")
"""How a date begins that lies before any calendar of ours: the zero of Go, of .NET, of MySQL and of who reads it."""
AFTER_ALL = re.compile(r"\+?\d{5,}-\d\d-\d\d|9\d{3}-\d\d-\d\d|infinity$")
"""How a date begins that never comes: a year of more digits than four, and 9000 or later."""
EPOCH_WITHOUT_ZONE = re.compile(r"1970-01-01(?:[T ]00:00(?::00(?:\.0+)?)?)?")

_WRITTEN = re.compile(
    r"""(?P<date>\d{4}-\d\d-\d\d) [Tt ] (?P<minute>\d\d:\d\d) (?P<second>:\d\d(?:[.,]\d+)?)? \s*
        (?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?
        (?:\[[^\]]*\] | [ ](?:[A-Z]{3,5}|[+-]\d\d(?:\d\d)?))? (?:[ ]m=[+-][\d.]+)?""",
    re.VERBOSE | re.IGNORECASE,
)
_HOURS_ONLY = 3


def _normal_text(value: object) -> object:
    """Return a time in the one form that is parsed; raise for what is none.

    Numbers are refused, quoted ones too: seconds and milliseconds since 1970 cannot be told apart. PostgreSQL, Ruby and
    Java write offsets of hours only, `UTC`, and the zone's name in brackets behind the offset, Go without.
    """
    if isinstance(value, datetime):
        return value
    value = value.strip() if isinstance(value, str) else value
    if not isinstance(value, str) or value[4:5] != "-":
        raise PydanticCustomError("datetime_type", "must be an RFC 3339 text such as 2024-06-30T02:58:00+05:00")
    written = _WRITTEN.fullmatch(value)
    if written is None:
        return value
    second, zone = written["second"] or ":00", (written["zone"] or "").upper()
    if zone in ("UTC", "GMT"):
        zone = "Z"
    elif len(zone) == _HOURS_ONLY:
        zone += ":00"
    if not second.startswith(":60"):
        return f"{written['date']}T{written['minute']}{second}{zone}"
    return _before_leap_second(f"{written['date']}T{written['minute']}:59.999999{zone}")


def _before_leap_second(text: str) -> str:
    """Return the last moment before a leap second, which Python's calendar lacks; the day stays the same."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    if (moment.hour, moment.minute) != (23, 59):
        raise PydanticCustomError("datetime_parsing", "second 60 is there at 23:59 UTC only, as a leap second")
    return text


def _in_calendar(value: datetime) -> datetime:
    if not EARLIEST <= value <= LATEST:
        raise PydanticCustomError("datetime_out_of_range", "must lie in the years 1000 to 9000")
    return _with_fixed_offset(value)


def _with_fixed_offset(value: datetime) -> datetime:
    """Keep the moment and, where RFC 3339 can write it, the offset.

    Zones before standard time have offsets with seconds, which RFC 3339 has no place for; and Python calls no two
    moments equal where one of them lies in a fold of its zone.
    """
    offset = value.utcoffset() or timedelta()
    return value.astimezone(UTC if offset % timedelta(minutes=1) else timezone(offset))


def _none_if_zero(value: object) -> object:
    """Return None for what stands for no time at all: 0, and times before any calendar of ours."""
    if isinstance(value, str):
        text = value.strip()
        return None if text in ("", "0") or BEFORE_ALL.match(text) else value
    if isinstance(value, datetime):
        return None if value.year == 1 else value
    return None if value == 0 and not isinstance(value, bool) else value


def _none_at_epoch_without_zone(value: object) -> object:
    return None if isinstance(value, str) and EPOCH_WITHOUT_ZONE.fullmatch(value.strip()) else value


def _none_on_first_day(value: datetime | None) -> datetime | None:
    """Return None for where a calendar begins, in whatever zone its clock stood."""
    if value is None or any(abs(value - day) <= ZONES_REACH for day in FIRST_DAYS):
        return None
    return value


def _none_if_never(value: object) -> object:
    """Return None for a time that never comes, such as 9999-12-31."""
    if isinstance(value, str) and AFTER_ALL.match(value.strip()):
        return None
    return None if isinstance(value, datetime) and value.year >= LATEST.year else value


Timestamp = Annotated[AwareDatetime, BeforeValidator(_normal_text), AfterValidator(_in_calendar)]
"""A moment with a time zone, as RFC 3339 text in JSON."""

OptionalDate = Annotated[Timestamp | None, BeforeValidator(_none_if_zero)]
"""A moment, or none; 1970-01-01T00:00:00Z is a date like any other."""

OptionalMoment = Annotated[
    OptionalDate, AfterValidator(_none_on_first_day), BeforeValidator(_none_at_epoch_without_zone)
]
"""A moment, or none: the zeros of software's calendars, see FIRST_DAYS, stand for none."""

OptionalDateEnd = Annotated[OptionalDate, BeforeValidator(_none_if_never)]
"""The end of a stretch of dates, or none; the end of the calendar stands for none."""

OptionalEnd = Annotated[OptionalMoment, BeforeValidator(_none_if_never)]
"""The end of something, or none; the end of the calendar stands for none as well."""
