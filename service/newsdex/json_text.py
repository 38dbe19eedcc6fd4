"""Reads JSON as publishers' serializers write it: pure."""

import re
from typing import Any

from pydantic_core import from_json

from newsdex.errors import Invalid
from newsdex_schemas.model import BYTE_ORDER_MARK

REPLACEMENT = b"\\ufffd"
_ESCAPES = re.compile(
    rb"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\.",
    re.DOTALL,
)


def parse_json(body: bytes) -> Any:
    """Read one JSON value; half a surrogate pair, which is no character, is read as U+FFFD.

    Raises `Invalid` with the place of the fault: a byte, or a line and a column.
    """
    text = _utf8(body.removeprefix(BYTE_ORDER_MARK))
    if not text.strip():
        raise Invalid("empty_message", "the message has no content")
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        whole = _ESCAPES.sub(_without_halves, text)
        if whole != text:
            return parse_json(whole)
        message = str(error)
        code = "too_deep" if "recursion limit" in message else "invalid_json"
        raise Invalid(code, f"not JSON: {message}", message.rpartition(" at ")[2] or None) from error


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object; raise `Invalid` for anything else."""
    return as_object(parse_json(body))


def as_object(value: Any) -> dict[str, Any]:
    """Return a value that is an object; raise `Invalid` for another one."""
    if not isinstance(value, dict):
        raise Invalid("not_an_object", "the message must be a JSON object")
    return value


def _utf8(body: bytes) -> bytes:
    """Return a text as UTF-8; surrogates that were encoded one by one, as in CESU-8, are joined or replaced."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        try:
            text = body.decode(errors="surrogatepass")
        except UnicodeDecodeError:
            raise Invalid("invalid_utf8", f"not UTF-8 at byte {error.start}", f"byte {error.start}") from error
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return body


def _without_halves(escape: re.Match[bytes]) -> bytes:
    return REPLACEMENT if escape["half"] else escape[0]
