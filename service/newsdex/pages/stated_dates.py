"""Reads the dates of metadata: ISO 8601 as templates really fill it in, RFC 822, and the dates of people."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz

from newsdex.normalise.calendar_names import named_zone
from newsdex.normalise.dates import EARLIEST_YEAR, PageClock, find_dates
from newsdex.pages.fields import StatedDate

MAX_DATE_CHARS = 100
MAX_SEARCHED_CHARS = 2_000
CENTURY, SHORT_YEAR_DIGITS = 2_000, 2
MAX_OFFSET = timedelta(hours=14)
SECONDS_DIGITS, MILLISECONDS_DIGITS = 10, 13

_ISO = re.compile(
    r"""(?P<year>\d{4})
        (?: [-/.] (?P<month>\d{1,2}) [-/.] (?P<day>\d{1,2}) | (?P<packed_month>\d\d)(?P<packed_day>\d\d) )
        (?: (?:[T,]|\s)\s* (?P<hour>\d{1,2}) :? (?P<minute>\d\d) (?: :? (?P<second>\d\d) (?:[.,]\d+)? )?
            \s* (?P<zone>[A-Za-z]{1,5}|(?:UTC|GMT)?\s?[+\-−]\d{1,2}(?::?\d\d)?)? )?
        (?:\s*[(\[][^)\]]*[)\]])?""",
    re.VERBOSE,
)
_DAY_FIRST = re.compile(
    r"(?<![\d.])(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4}|\d\d)(?!\d|\.\d)"
    r"(?:(?:\s*[,|–/-]|\s+um)?\s+(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?::(?P<second>\d\d))?)?"
)
_ASCTIME = re.compile(r"(?:\w{3},? )?(?P<rest>\w{3} \d{1,2} \d\d:\d\d:\d\d) (?P<zone>[A-Z]{2,5}) (?P<year>\d{4})")
_SCRIPT_DATE = re.compile(
    r"\w{3} (?P<month>\w{3}) (?P<day>\d\d) (?P<year>\d{4}) (?P<time>\d\d:\d\d:\d\d) GMT(?P<zone>[+-]\d{4})"
)
_IN_ADDRESS = re.compile(r"[/_=-]((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?([0-3]\d)(?=[/_.-]|$)")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?(?P<sign>[+\-−])(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?")


def read_date(value: object, clock: PageClock) -> StatedDate | None:
    """Read a date of metadata; None where it means none, or one that lies after the page was fetched.

    A date with dots has its day first. What states no zone is in the publisher's.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(int(value)) if abs(value) < 10**MILLISECONDS_DIGITS else ""
    if not isinstance(value, str) or len(value) > MAX_DATE_CHARS:
        return None
    text = " ".join(value.split())
    for read in (_numeric, _mail_date, _epoch, _worded):
        if (found := read(text, clock)) is not None:
            return _plausible(found, clock)
    return None


def _plausible(found: StatedDate, clock: PageClock) -> StatedDate | None:
    # the true zone of a clock without one may lie far ahead of the one that is assumed
    slack = MAX_OFFSET if found.zone == "assumed" else timedelta()
    in_time = found.moment <= clock.fetched_at + slack
    return found if in_time and found.moment.year >= EARLIEST_YEAR else None


def _numeric(text: str, clock: PageClock) -> StatedDate | None:
    match = _ISO.fullmatch(text) or _DAY_FIRST.fullmatch(text)
    return _of_numbers(match.groupdict(), clock) if match else None


def find_date(lines: Iterable[str], clock: PageClock) -> StatedDate | None:
    """Return the first date in some lines, which may be parted between them; two digits are a year of this century."""
    text = " ".join(" ".join(lines).split())[:MAX_SEARCHED_CHARS]
    worded = _worded(text, clock)
    dotted = next(filter(None, (_of_numbers(match.groupdict(), clock) for match in _DAY_FIRST.finditer(text))), None)
    found = dotted or worded
    return _plausible(found, clock) if found else None


def _of_numbers(parts: Mapping[str, str | None], clock: PageClock) -> StatedDate | None:
    month, day = parts["month"] or parts["packed_month"], parts["day"] or parts["packed_day"]
    time = (int(parts["hour"] or 0), int(parts["minute"] or 0), int(parts["second"] or 0))
    zone = _zone(parts.get("zone") or "")
    try:
        year = int(parts["year"] or 0)
        moment = datetime(
            year + (CENTURY if len(parts["year"] or "") == SHORT_YEAR_DIGITS else 0),
            int(month or 0),
            int(day or 0),
            *time,
            tzinfo=zone or clock.zone,
        )
    except ValueError:
        return None
    return _stated(moment, has_time=parts["hour"] is not None, has_zone=zone is not None)


def _stated(moment: datetime, *, has_time: bool, has_zone: bool) -> StatedDate:
    # midnight to the second is what templates fill in where they know the day only
    is_minute = has_time and (moment.hour, moment.minute, moment.second) != (0, 0, 0)
    return StatedDate(
        moment=moment, precision="minute" if is_minute else "day", zone="stated" if has_zone else "assumed"
    )


def _zone(name: str) -> tzinfo | None:
    if not name:
        return None
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        return named_zone(name.upper())
    size = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
    if size > MAX_OFFSET:
        return None
    return timezone(size if offset["sign"] == "+" else -size)


def _mail_date(text: str, clock: PageClock) -> StatedDate | None:
    """Read RFC 822, asctime and what `Date` of JavaScript prints."""
    if script := _SCRIPT_DATE.match(text):
        text = f"{script['day']} {script['month']} {script['year']} {script['time']} {script['zone']}"
    elif asctime := _ASCTIME.fullmatch(text):
        month, day, time = asctime["rest"].split(" ")
        zone = _zone(asctime["zone"])
        text = f"{day} {month} {asctime['year']} {time}" + (f" {_written(zone)}" if zone else "")
    elif not re.match(r"(?:\w{3,9}, )?\d{1,2} \w{3} \d{4} \d\d?:\d\d", text):
        return None
    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    offset = parsed[9]
    named = re.search(r"[A-Z]{2,5}$", text)
    zone = _zone(named[0]) if named else timezone(timedelta(seconds=offset)) if offset is not None else None
    try:
        moment = datetime(*parsed[:6], tzinfo=zone or clock.zone)
    except ValueError:
        return None
    return _stated(moment, has_time=True, has_zone=zone is not None)


def _written(zone: tzinfo) -> str:
    return datetime(2000, 1, 1, tzinfo=zone).strftime("%z")


def _epoch(text: str, _clock: PageClock) -> StatedDate | None:
    if not text.isdecimal() or len(text) not in (SECONDS_DIGITS, MILLISECONDS_DIGITS):
        return None
    seconds = int(text) / (1000 if len(text) == MILLISECONDS_DIGITS else 1)
    return _stated(datetime.fromtimestamp(seconds, UTC), has_time=True, has_zone=True)


def _worded(text: str, clock: PageClock) -> StatedDate | None:
    """Read a date with the rules for the text of pages, where one stands in the value."""
    moment = next((found.moment for found in find_dates(text, clock) if found.moment), None)
    if moment is None:
        return None
    has_time = re.search(r"\d[:.h]\d\d|\d\s?[ap]\.?m\b", text, re.IGNORECASE) is not None
    return _stated(moment, has_time=has_time, has_zone=moment.tzinfo is not clock.zone)


def date_in_address(url: str, clock: PageClock) -> StatedDate | None:
    """Return the day that stands in an address, such as `/2022/05/04/` or `/20220504-`."""
    found = _IN_ADDRESS.search(url)
    return read_date("-".join(found.groups()), clock) if found else None
