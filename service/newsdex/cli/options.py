"""Reads what options say, and names the option that is wrong rather than the field of the request it fills."""

from datetime import datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from newsdex.errors import Invalid, Refused
from newsdex.records.moments import moment_of
from newsdex.search.language.dates import QueryClock, read_date, time_range
from newsdex.validation import FieldFault, as_one, faults_of
from newsdex_schemas.values.timestamps import Timestamp

OPTIONS = {
    "q": "the query",
    "id": "the article's id",
    "filters.section": "--section",
    "filters.authors": "--author",
    "filters.tags": "--tag",
    "filters.agency": "--agency",
    "filters.language": "--language",
    "filters.published_from": "--from",
    "filters.published_to": "--to",
    "timezone": "--timezone",
    "sort": "--sort",
    "size": "--size",
    "offset": "--offset",
    "cursor": "--cursor",
    "recency.weight": "--recency",
    "timeout_ms": "--timeout-ms",
    "kinds": "--kind",
    "wait_for": "--wait-for",
}
"""Field of a request → the option that fills it."""
DATE_HELP = "A date as published: takes it, such as 1987-03, yesterday or 2024-06-30T10:00Z; its first moment"
_RFC_3339: TypeAdapter[datetime] = TypeAdapter(Timestamp)


def first_moment(text: str | None, option: str, *, timezone: str, now_us: int) -> datetime | None:
    """Return the first moment of a date as people write it in a query; None where there is no text.

    Raises `Invalid` with the option's name.
    """
    if text is None or not text.strip():
        return None
    try:
        return _RFC_3339.validate_python(text)
    except ValidationError:
        date = read_date(text)
    if date is None:
        message = f"{option}: no date such as 1987-03, 2024-06-30, yesterday, “last 7 days” or 2024-06-30T10:00Z"
        raise Invalid("unreadable_date", message, option)
    start_us, _ = time_range(date, QueryClock(now_us=now_us, zone=_zone(timezone)))
    return moment_of(start_us)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise Invalid("unknown_timezone", "--timezone: no IANA time zone", "--timezone") from error


def refuse_options(error: ValidationError) -> NoReturn:
    """Raise for a request that breaks the contract, in terms of the options it was made of."""
    raise as_one([_with_option(fault) for fault in faults_of(error)]) from error


def _with_option(fault: FieldFault) -> FieldFault:
    option = _option_of(fault.place)
    if option is None or fault.place is None:
        return fault
    return FieldFault(fault.code, f"{option}{fault.message.removeprefix(fault.place)}", option)


def name_option(refused: Refused) -> None:
    """Put the option before what a searcher says of the field that it filled."""
    place = refused.problem.place
    option = _option_of(place.field) if place is not None and place.start is None else None
    if option is not None:
        refused.message = f"{option}: {refused.message}"


def _option_of(place: str | None) -> str | None:
    """Return the option for a field, or for a value in its list."""
    parts = (place or "").split(".")
    return next((OPTIONS[name] for end in (1, 2) if (name := ".".join(parts[:end])) in OPTIONS), None)
