"""Dates as the pages write them: absolute, in English, in the zone of the search."""

from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from newsdex.errors import Invalid

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; raise `Invalid` where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise Invalid("unknown_timezone", "timezone: no IANA time zone", "timezone") from error


def day_text(day: date) -> str:
    """Return a day, such as `3 March 2024`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month_text(day: date) -> str:
    """Return the month of a day, such as `March 2024`."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def moment_text(moment: datetime, zone: tzinfo) -> str:
    """Return a moment, such as `3 March 2024, 07:45`; one at midnight of its own zone is taken for a day."""
    if moment.timetz().replace(tzinfo=None) == time():
        return day_text(moment)
    local = moment.astimezone(zone)
    return f"{day_text(local)}, {local:%H:%M}"


def start_of(text: str, zone: tzinfo) -> str:
    """Return the moment that a parameter stands for: a bare date is its midnight; all else stays as it is."""
    day = bare_day(text)
    return text if day is None else datetime.combine(day, time(), zone).isoformat()


def bare_day(text: str) -> date | None:
    """Return the day where a text is no more than one."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def day_after(day: date) -> date:
    """Return the next day; the last that there is has none, and stands for itself."""
    return day if day == date.max else day + timedelta(days=1)
