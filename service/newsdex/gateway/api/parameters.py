"""Reads the parameters of an address as a request of the contract."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl, unquote
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import Request

from newsdex.clock import now_us
from newsdex.errors import Invalid
from newsdex.records.moments import moment_of
from newsdex.search.language.dates import QueryClock, read_date, time_range
from newsdex.validation import FieldFault, as_one, faults_of
from newsdex_schemas.model import RequestModel
from newsdex_schemas.query_string import parameter_at, read_parameters

MAX_PARAMETERS = 400
_RFC_3339 = re.compile(r"\s*\d{4}-\d\d-\d\d[Tt ]")
DATES = frozenset(("published_from", "published_to"))
Asked = TypeVar("Asked", bound=RequestModel)


def read_request(request: Request, model: type[Asked], **given: str) -> Asked:
    """Return what an address asks for; `given` are parameters that stand in its path.

    Raises `Invalid` with the name of the parameter that is wrong.
    """
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise Invalid("invalid_utf8", "the parameters are not UTF-8") from error
    except ValueError as error:
        raise Invalid("too_many", f"there are more than {MAX_PARAMETERS} parameters") from error
    return read_pairs(model, [*_dates_read(pairs), *given.items()])


def read_pairs(model: type[Asked], pairs: Iterable[tuple[str, str]]) -> Asked:
    """Return what some parameters ask for; raise `Invalid` with the name of the one that is wrong."""
    try:
        return model.model_validate_json(to_json(read_parameters(model, pairs)))
    except ValidationError as error:
        raise as_one([_with_parameter(model, fault) for fault in faults_of(error)]) from error


def id_of(request: Request) -> str:
    """Return the id in an address, where it is percent-encoded whole; raise `Invalid` for what is not UTF-8."""
    try:
        return unquote(request.path_params["id"], errors="strict")
    except UnicodeDecodeError as error:
        raise Invalid("malformed_text", "id: the percent-encoding is not UTF-8", "id") from error


def _with_parameter(model: type[RequestModel], fault: FieldFault) -> FieldFault:
    if fault.place is None:
        return fault
    name = parameter_at(model, fault.place)
    return FieldFault(fault.code, f"{name}{fault.message.removeprefix(fault.place)}", name)


def _dates_read(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield parameters with dates as people write them, such as `2024-06-30`, as their first moments.

    They are meant in the zone that the parameters name; what is no such date, and no zone, the model refuses.
    """
    zone = next((text for name, text in pairs if name == "timezone"), "UTC")
    for name, text in pairs:
        date = read_date(text) if name in DATES and not _RFC_3339.match(text) else None
        if date is None:
            yield name, text
            continue
        try:
            start_us, _ = time_range(date, QueryClock(now_us=now_us(), zone=ZoneInfo(zone)))
        except (ValueError, OSError, KeyError) as error:
            raise Invalid("unknown_timezone", "timezone: no IANA time zone", "timezone") from error
        yield name, moment_of(start_us).isoformat()
