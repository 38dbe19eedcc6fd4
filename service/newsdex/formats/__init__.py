"""Reads the formats in which people have articles: bytes to items, without any I/O.

    recognise(head, suffix)          the name of a format, by content: READ has those that are read
    read(content, context, suffix)   what stands in the content, one Reading after the other

A Reading is an `Item` (an article, a takedown or a page, of which `to_event` makes a CloudEvent), a `Given` (an article
or event of the contract, to be sent as it is) or a `Refused` (an error with a stable code, and where). A reader is a
module with a `read`, and gets an entry below, or in `json_values` where its items are JSON objects.
"""

from collections.abc import Iterator
from importlib import import_module

from newsdex.errors import Invalid
from newsdex.formats import json_values, recognition
from newsdex.formats.items import Context, Given, Item, Reading, Refused
from newsdex.formats.json_values import read_line, read_value
from newsdex.formats.recognition import recognise

__all__ = ["READ", "Context", "Given", "Item", "Reading", "Refused", "read", "read_line", "read_value", "recognise"]

_MODULES = {
    recognition.TEXT: "page",
    recognition.HTML: "html_page",
    recognition.FEED: "feed",
    recognition.NEWSML_G2: "newsml_g2",
    recognition.CSV: "table",
    recognition.TABS: "table",
}
"""Loaded when they are needed: some of them stand on libraries that searchers and indexers do without."""
READ = frozenset((recognition.JSON, recognition.JSON_LINES, *_MODULES))
"""The formats that are read; the others are recognised and refused by their names."""


def read(content: bytes, context: Context, suffix: str = "") -> Iterator[Reading]:
    """Return what stands in content, in order; any bytes give readings, and no exception."""
    name = recognise(content[: recognition.HEAD_BYTES], suffix)
    if name == recognition.TEXT and context.mapping:
        name = recognition.CSV  # who maps columns has a table
    try:
        if name in (recognition.JSON, recognition.JSON_LINES):
            yield from json_values.read_json(content, context)
        elif name in READ:
            yield from _read_with(name, content, context)
        else:
            yield Refused(error=json_values.unreadable(name))
    except Invalid as error:
        yield Refused(error=error)


def _read_with(name: str, content: bytes, context: Context) -> Iterator[Reading]:
    try:
        module = import_module(f"newsdex.formats.{_MODULES[name]}")
    except ImportError as error:
        raise Invalid("reader_not_installed", f"{name} is read with newsdex[pages], which is not installed") from error
    yield from module.read(content, context)
