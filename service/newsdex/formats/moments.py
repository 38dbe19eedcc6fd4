"""Reads moments as formats and databases write them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from newsdex.errors import Invalid
from newsdex.normalise.dates import PageClock
from newsdex.pages.stated_dates import read_date

FOR_EVER = datetime(8999, 1, 1, tzinfo=UTC)
"""Embargoes and ends lie ahead."""


def zone_of(name: str) -> ZoneInfo:
    """Return an IANA zone; raise `Invalid` where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # no such zone; no zone's file; a folder of zones
        raise Invalid("unknown_timezone", f"{name} is not an IANA time zone") from error


def read_moment(value: object, zone: ZoneInfo) -> datetime | None:
    """Return the moment in a text; one without a zone is in the publisher's. None where it cannot be read."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            pass
        else:
            return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    stated = read_date(value, PageClock(zone=zone, fetched_at=FOR_EVER))
    return stated.moment if stated else None


def read_moments(values: Mapping[str, object], zone: ZoneInfo) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the fields that could be read, for JSON, and the names of those that hold something else."""
    read = {name: read_moment(value, zone) for name, value in values.items() if value not in (None, "")}
    return (
        {name: moment.isoformat() for name, moment in read.items() if moment},
        tuple(name for name, moment in read.items() if moment is None),
    )


def required_moment(value: object, zone: ZoneInfo, place: str) -> str | None:
    """Return a moment that must not be overlooked, such as an embargo's; raise `Invalid` where it cannot be read."""
    if value in (None, ""):
        return None
    moment = read_moment(value, zone)
    if moment is None:
        raise Invalid("invalid_datetime", f"{place}: no date that can be read", place)
    return moment.isoformat()
