"""Turns pydantic's errors into the contract's stable codes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from newsdex.errors import Invalid
from newsdex_schemas.model import RequestModel

Request = TypeVar("Request", bound=RequestModel)

CODES = {
    "missing": "missing_field",
    "json_invalid": "invalid_json",
    "string_type": "wrong_type",
    "int_type": "wrong_type",
    "int_from_float": "wrong_type",
    "tuple_type": "wrong_type",
    "model_type": "wrong_type",
    "model_attributes_type": "wrong_type",
    "literal_error": "not_allowed",
    "not_json_content": "not_allowed",
    "string_too_long": "too_long",
    "string_too_short": "empty_text",
    "too_long": "too_many",
    "too_short": "too_few",
    "string_pattern_mismatch": "malformed_text",
    "timezone_aware": "naive_datetime",
    "datetime_type": "invalid_datetime",
    "datetime_parsing": "invalid_datetime",
    "datetime_from_date_parsing": "invalid_datetime",
    "datetime_object_invalid": "invalid_datetime",
    "datetime_out_of_range": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
    "control_character": "control_character",
    "invalid_url": "invalid_url",
    "reversed_range": "reversed_range",
    "unknown_field": "unknown_field",
    "page_without_name": "page_without_name",
    "number_is_no_name": "number_is_no_name",
}
"""pydantic's error type → our code; any other is `invalid_value`."""
MAX_TOLD = 20
"""Two hundred empty names are one mistake."""


class FieldFault(NamedTuple):
    """One fault of one field; the message begins with the place."""

    code: str
    message: str
    place: str | None


def read_request(model: type[Request], body: bytes) -> Request:
    """Return the request in a message's body, which may be empty; raise `Invalid` with the field that is wrong."""
    try:
        return model.from_json(body or b"{}")
    except ValidationError as error:
        raise as_invalid(error) from error


def faults_of(error: ValidationError) -> list[FieldFault]:
    """Return the faults of a validation in the order of the fields, without the input's text."""
    return [_fault(one) for one in error.errors(include_input=False, include_url=False, include_context=False)]


def as_invalid(error: ValidationError) -> Invalid:
    """Return a validation's faults as one: code and place are the first one's, the message tells them all."""
    return as_one(faults_of(error))


def as_one(faults: Sequence[FieldFault]) -> Invalid:
    """Return the first of some faults, with the others in its message."""
    first, *others = faults
    told = [first.message, *(f"{fault.message} ({fault.code})" for fault in others[: MAX_TOLD - 1])]
    untold = len(faults) - len(told)
    return Invalid(first.code, "; ".join(told) + (f"; and {untold} more" if untold else ""), first.place)


def _fault(error: Mapping[str, object]) -> FieldFault:
    way, type_, message = error["loc"], error["type"], error["msg"]
    assert isinstance(way, tuple)
    assert isinstance(type_, str)
    assert isinstance(message, str)
    place = ".".join(map(str, way)) or None
    code = "too_deep" if type_ == "json_invalid" and "recursion limit" in message else CODES.get(type_, "invalid_value")
    return FieldFault(code, f"{place}: {message}" if place else message, place)
