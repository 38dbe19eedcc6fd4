"""Turns pydantic's errors into the contract's stable codes."""

from pydantic import ValidationError

from newsdex.errors import Invalid

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


def as_invalid(error: ValidationError) -> Invalid:
    """Give the first fault of a validation with its code and place, without the input's text."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or None
    message = f"{place}: {first['msg']}" if place else first["msg"]
    if first["type"] == "json_invalid" and "recursion limit" in first["msg"]:
        return Invalid("too_deep", message, place)
    return Invalid(CODES.get(first["type"], "invalid_value"), message, place)
