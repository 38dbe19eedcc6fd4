"""How commands name parked events: by number, by code, by the time at which they were parked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from newsdex.apps.inspection.data_folder import parked_ids
from newsdex.errors import Invalid
from newsdex.records.moments import microseconds
from newsdex.records.parked import ParkedChoice
from newsdex.settings import Settings

Ids = Annotated[
    list[int] | None, typer.Argument(metavar="ID...", help="Numbers from `parked list`.", show_default=False)
]
Codes = Annotated[
    list[str] | None, typer.Option("--code", help="Only those parked with this code; repeat for alternatives.")
]
Since = Annotated[str | None, typer.Option("--since", help="Only those parked then or later: RFC 3339 or date (UTC).")]
Before = Annotated[str | None, typer.Option("--before", help="Only those parked earlier: RFC 3339 time or date (UTC).")]


def parked_choice(
    codes: Sequence[str] | None, since: str | None, before: str | None, *, include_closed: bool = False
) -> ParkedChoice:
    """Read the options; raise `Invalid` for a time that is none."""
    return ParkedChoice(
        codes=tuple(codes or ()),
        since_us=_moment_us(since, "--since"),
        before_us=_moment_us(before, "--before"),
        include_closed=include_closed,
    )


def chosen_ids(settings: Settings, ids: Sequence[int] | None, choice: ParkedChoice, *, everything: bool) -> list[int]:
    """Return the numbers of the chosen events, oldest first; raise `Invalid` where it is not clear which are meant."""
    by_property = choice != ParkedChoice()
    if bool(ids) == (everything or by_property):
        raise Invalid("nothing_chosen", "name the events by their numbers, by --code, --since, --before, or by --all")
    return list(ids) if ids else parked_ids(settings, choice)


def _moment_us(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("invalid_datetime", f"{option}: neither an RFC 3339 time nor a date: {text}") from error
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
