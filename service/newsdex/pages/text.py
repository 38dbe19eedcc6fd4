"""Cleans the short texts of metadata: titles, names and keywords as templates escaped them, once or twice."""

import html
import re

_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\u200b\ufffc]")


def one_line(value: object, max_chars: int) -> str | None:
    """Return a text without markup, entities and line breaks; None where none is left, or where it is too long."""
    if not isinstance(value, str) or len(value) > 8 * max_chars:
        return None
    text = html.unescape(html.unescape(value))
    text = " ".join(_CONTROL.sub("", _TAG.sub(" ", text) if "<" in text else text).split())
    return text if text and len(text) <= max_chars else None
