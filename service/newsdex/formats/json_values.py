"""Reads JSON: articles and events of the contract, and items of other formats, alone, in lists or a line each."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from newsdex.errors import Invalid
from newsdex.formats import json_feed, json_ld, ninjs, wordpress
from newsdex.formats.items import Context, Given, Item, Reading, Refused, placed
from newsdex.formats.mapping import mapped_item, mapping_of
from newsdex.json_text import parse_json
from newsdex_schemas.model import BYTE_ORDER_MARK


class JsonFormat(NamedTuple):
    """A format whose items are JSON objects; without a reader it is refused by its name."""

    name: str
    is_one: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Mapping[str, Any], Context], Iterator[Item | Refused]] | None


def _is_ans(value: Mapping[str, Any]) -> bool:
    return "content_elements" in value or ("_id" in value and "canonical_website" in value)


def _is_ghost(value: Mapping[str, Any]) -> bool:
    return ("db" in value and "id" not in value) or bool({"mobiledoc", "lexical"} & value.keys())


FORMATS = (
    JsonFormat(json_feed.NAME, json_feed.is_feed, json_feed.read),
    JsonFormat(json_ld.NAME, json_ld.is_object, json_ld.read),
    JsonFormat("ANS", _is_ans, None),
    JsonFormat("a Ghost export", _is_ghost, None),
    JsonFormat(wordpress.NAME, wordpress.is_post, wordpress.read),
    JsonFormat(ninjs.NAME, ninjs.is_item, ninjs.read),
)


def unreadable(name: str) -> Invalid:
    """Return the refusal of a format that is known and not read."""
    return Invalid("unreadable_format", f"this is {name}, which newsdex does not read")


def json_format(value: object) -> JsonFormat | None:
    """Return the format of a value; None for an article or an event of the contract, or what was to be one."""
    return next((one for one in FORMATS if isinstance(value, dict) and one.is_one(value)), None)


def read_value(value: Any, body: bytes, context: Context) -> Iterator[Reading]:
    """Return what stands in one value, whose bytes travel as they are where it is of the contract."""
    try:
        if context.mapping and isinstance(value, dict):
            yield mapped_item(value, mapping_of(context.mapping, value), context)
        elif (found := json_format(value)) is None:
            yield Given(body=body)
        elif found.read is None:
            yield Refused(error=unreadable(found.name))
        else:
            yield from found.read(value, context)
    except Invalid as error:
        yield Refused(error=error)


def read_json(content: bytes, context: Context) -> Iterator[Reading]:
    """Return what stands in one value, in a list of them, or in JSON Lines."""
    content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        value = parse_json(content)
    except Invalid as error:
        if error.code == "invalid_json" and (lenient := _as_web_pages_write_it(content)) is not None:
            yield from read_value(lenient, content, context)
        elif error.code == "invalid_json" and has_lines(content):
            for number, line in enumerate(content.splitlines(), 1):
                yield from read_line(line, number, context)
        else:
            yield Refused(error=error)
        return
    if not isinstance(value, list):
        yield from read_value(value, content, context)
        return
    for number, item in members(value):
        for found in read_value(item, to_json(item), context):
            yield placed(found, f"[{number}]")


def members(values: list[Any]) -> list[tuple[int, Any]]:
    """Return those of a list that may be articles, each with its number.

    Beside an article, a web page describes itself, its site and the way to it.
    """
    items = list(enumerate(values, 1))
    return [one for one in items if not json_ld.has_no_article(one[1])] or items


def _as_web_pages_write_it(content: bytes) -> Any:
    """Return JSON-LD with the faults that web pages have and browsers' readers take; None for anything else."""
    if SCHEMA_ORG not in content:
        return None
    try:
        return json_ld.load(content.decode())
    except ValueError:
        return None


SCHEMA_ORG = b"schema.org"
SAMPLE = 10
"""Lines, one of which is JSON by itself where content has JSON Lines."""
_PIECES = tuple(b'[]}"')
"""How a line begins that is a piece of a value on several lines."""


def has_lines(content: bytes) -> bool:
    """Return whether content is JSON Lines, broken ones among them, and not one broken value on several lines."""
    lines = map(bytes.strip, content.removeprefix(BYTE_ORDER_MARK).splitlines())
    sample = list(islice(filter(None, lines), SAMPLE))
    return len(sample) > 1 and any(map(_is_object, sample)) and not any(line[0] in _PIECES for line in sample)


def read_line(line: bytes, number: int, context: Context) -> Iterator[Reading]:
    """Return what stands in one of JSON Lines; nothing where it is blank."""
    line = line.strip()
    if not line:
        return
    try:
        value = parse_json(line)
    except Invalid as error:
        yield Refused(error=error, place=f":{number}")
        return
    for found in read_value(value, line, context):
        yield placed(found, f":{number}")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(from_json(line), dict)
    except ValueError:
        return False
