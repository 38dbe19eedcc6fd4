"""Tells a requester what went wrong."""

import re

from newsdex.errors import Invalid, NewsdexError
from newsdex_schemas import Place, Problem


def problem_of(error: Exception, correlation_id: str | None) -> Problem:
    """Return the reply for whatever went wrong."""
    if isinstance(error, NewsdexError):
        return Problem(
            code=error.code,
            message=error.message,
            retryable=error.retryable,
            place=_place(error.place) if isinstance(error, Invalid) and error.place else None,
            correlation_id=correlation_id,
        )
    message = "newsdex failed on this request; the log has the traceback"
    return Problem(code="internal_error", message=message, retryable=False, correlation_id=correlation_id)


def _place(place: str) -> Place:
    offsets = re.fullmatch(r"(\d+)-(\d+)", place)
    return Place(field="q", start=int(offsets[1]), end=int(offsets[2])) if offsets else Place(field=place)
