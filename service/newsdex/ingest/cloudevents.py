"""Takes CloudEvents apart, in both modes: pure. The rules are those of the JSON format and of the NATS binding, 1.0."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from newsdex.errors import Invalid
from newsdex.json_text import parse_json
from newsdex_schemas import EVENT_MODELS, channels
from newsdex_schemas.events import event_type
from newsdex_schemas.model import is_empty

PREFIX = "ce-"
CONTENT_TYPE = "content-type"
KNOWN_TYPES = tuple(event_type(model) for model in EVENT_MODELS.values())
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def is_cloudevent(value: Mapping[str, Any]) -> bool:
    """Return whether a value is an event; a bare article may have a field `type` of its own."""
    type_ = value.get("type")
    return "specversion" in value or (isinstance(type_, str) and type_ in KNOWN_TYPES)


def unknown_type() -> Invalid:
    """Return the fault of an event whose type is none of ours, which it does not repeat."""
    return Invalid("unknown_type", f"the event's type is none of {', '.join(KNOWN_TYPES)}", "type")


def header_attributes(headers: Mapping[str, str], body: object) -> dict[str, str | None]:
    """Return the attributes that a message in binary mode has in its headers; None stands for one that is not UTF-8.

    In structured mode there are none: whoever relays such an event may add headers of its own.
    """
    if _is_structured(headers, body):
        return {}
    return {
        name[len(PREFIX) :].lower(): decoded(text) for name, text in headers.items() if name.lower().startswith(PREFIX)
    }


def _is_structured(headers: Mapping[str, str], body: object) -> bool:
    content_type = next((text for name, text in headers.items() if name.lower() == CONTENT_TYPE), "")
    if content_type.strip().lower().startswith(channels.CONTENT_TYPE_STRUCTURED):
        return True
    return isinstance(body, dict) and "specversion" in body


def decoded(text: str) -> str | None:
    """Return a header's value: quoted strings unescaped, then one round of percent-decoding (section 3.1.3.2).

    None where the percent-encoded bytes are not UTF-8.
    """
    text = _QUOTED.sub(lambda quoted: _ESCAPED.sub(r"\1", quoted[1]), text.strip())
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


def with_payload(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's attributes that are set, and its data as a JSON value.

    The data may be there as Base64, or as the text of a JSON object; the contract's types say that it is JSON, also
    where no `datacontenttype` does. Raises `Invalid` where it cannot be read.
    """
    attributes = set_attributes(event)
    encoded = attributes.pop("data_base64", None)
    if encoded == "" and not is_empty(event.get("data")):
        encoded = None
    if "data" in event and (encoded is None or not is_empty(event["data"])):
        if encoded is not None:
            raise Invalid("not_allowed", "data_base64: an event has data or data_base64, not both", "data_base64")
        return {**attributes, "data": _object_in_text(event["data"])}
    return attributes if encoded is None else {**attributes, "data": _from_base64(encoded)}


def set_attributes(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of an event but its data, without attributes that are null: those are unset."""
    return {name: value for name, value in event.items() if value is not None and name != "data"}


def _object_in_text(data: object) -> object:
    """Return what is in a text that some SDKs make of data that was JSON already; other data stays as it is."""
    if not isinstance(data, str) or not data.lstrip("\ufeff \t\r\n").startswith("{"):
        return data
    try:
        return parse_json(data.encode())
    except Invalid as fault:
        raise Invalid(fault.code, f"data: {fault.message}", "data") from fault


def _from_base64(encoded: object) -> object:
    if not isinstance(encoded, str):
        raise Invalid("wrong_type", "data_base64: must be a text", "data_base64")
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("malformed_text", "data_base64: not Base64", "data_base64") from error
    try:
        return parse_json(content)
    except Invalid as fault:
        raise Invalid(fault.code, f"data_base64: {fault.message}", "data_base64") from fault
