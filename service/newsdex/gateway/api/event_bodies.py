"""Takes a request's body apart into events: CloudEvents (HTTP binding, 1.0.2), JSON Lines, and the formats of files."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from pydantic_core import to_json

from newsdex.errors import Invalid
from newsdex.formats import Context, Given, Item, Reading, Refused, json_ld, read, recognise
from newsdex.formats.bounds import MAX_EVENTS, refuse_long_reading
from newsdex.formats.json_values import has_lines, json_format
from newsdex.formats.recognition import CSV, FEED, HEAD_BYTES, HTML, TABS, TEXT
from newsdex.ingest.cloudevents import CONTENT_TYPE, PREFIX, header_attributes
from newsdex.ingest.single_item import single_object
from newsdex.json_text import parse_json
from newsdex_schemas import channels

STRUCTURED = channels.CONTENT_TYPE_STRUCTURED
BATCH = "application/cloudevents-batch+json"
LINES = frozenset(
    (
        "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
        "application/json-lines", "application/json-seq", "text/jsonl", "text/x-ndjson",
    )
)  # fmt: skip
JSON = "application/json"
FORMS = frozenset(("application/x-www-form-urlencoded", "multipart/form-data"))
"""What browsers send without a script, and curl without being told."""
TAKEN = (
    f"{JSON}, {STRUCTURED}, {BATCH}, application/x-ndjson, a CloudEvent with ce- headers, or a page, a feed or another "
    "format under its own media type"
)
WITH_MANY = frozenset((FEED, CSV, TABS))
"""Formats in which there may always be several articles."""


class Events(NamedTuple):
    """Each event, and whether there may be several."""

    bodies: Sequence[bytes | Item | Invalid]
    """Its bytes as they travel, an item of another format, or why that cannot be read."""
    several: bool


def split_body(body: bytes, headers: Mapping[str, str], context: Context) -> Events:
    """Return the events in a body; raise `Invalid` for one that cannot be read as a whole.

    What is no event and no article of the contract is recognised by its content, as files are.
    """
    events, named = _split(body, headers, context)
    for place in ("url", "id"):
        if getattr(context, place) and not named:
            text = f"{place}: names a page or one JSON-LD article, which this is not"
            raise Invalid("invalid_request", text, place)
    return events


def _split(body: bytes, headers: Mapping[str, str], context: Context) -> tuple[Events, bool]:
    """Return the events, and whether what the address says of a page applies to them."""
    media_type = headers.get(CONTENT_TYPE, "").partition(";")[0].strip().lower()
    if media_type == BATCH:
        return _listed(body), False
    if media_type in LINES:
        lines = [line.strip(b"\x1e\r\t ") for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
        return _bounded([line for line in lines if line]), False
    if media_type == STRUCTURED:
        return Events([body], several=False), False
    if any(name.lower().startswith(PREFIX) for name in headers):
        return Events([_from_headers(body, headers)], several=False), False
    if not media_type or media_type in FORMS:
        raise Invalid("unsupported_media_type", f"an event is {TAKEN}")
    if not body.strip():
        raise Invalid("empty_message", "there is no event in the body")
    if media_type == JSON or media_type.endswith("+json"):
        return _of_json(body, context)
    return _of_format(body, context)


def _of_json(body: bytes, context: Context) -> tuple[Events, bool]:
    is_list = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    try:
        value = parse_json(body)
    except Invalid:
        if has_lines(body):
            return _of_format(body, context, ".jsonl")
        if _SCHEMA_ORG in body:
            return _of_format(body, context)
        return Events([body], several=is_list), False
    if context.mapping or any(json_format(one) for one in (value if is_list else [value])):
        return _of_format(body, context)
    return _listed(body) if is_list else Events([body], several=False), False


_SCHEMA_ORG = b"schema.org"
"""Web pages write it with faults that readers take."""


def _of_format(body: bytes, context: Context, suffix: str = "") -> tuple[Events, bool]:
    """Return what a body holds, in whatever format, without making more articles of it than are taken."""
    name = recognise(body[:HEAD_BYTES], suffix)
    refuse_long_reading(name, body)
    named = replace(context, name=hashlib.sha256(body).hexdigest()[:32])
    found = [_event_of(reading) for reading in islice(read(body, named, suffix), MAX_EVENTS + 1)]
    if len(found) == 1 and isinstance(found[0], Invalid):
        raise found[0]
    events = _bounded(found)
    is_named = len(found) == 1 and not context.mapping and (name in (TEXT, HTML) or _is_json_ld(body))
    return events if len(found) > 1 or name in WITH_MANY else events._replace(several=False), is_named


def _is_json_ld(body: bytes) -> bool:
    try:
        value = parse_json(body)
    except Invalid:
        return _SCHEMA_ORG in body  # with the faults that readers take
    values = value if isinstance(value, list) else [value]
    return any(isinstance(one, dict) and json_ld.is_object(one) for one in values)


def _event_of(reading: Reading) -> bytes | Item | Invalid:
    if isinstance(reading, Refused):
        return reading.error
    return reading.body if isinstance(reading, Given) else reading


def _listed(body: bytes) -> Events:
    value = parse_json(body)
    if not isinstance(value, list):
        raise Invalid("wrong_type", "a batch is a list of events")
    return _bounded([to_json(item) for item in value])


def _bounded(bodies: Sequence[bytes | Item | Invalid]) -> Events:
    if not bodies:
        raise Invalid("empty_message", "there is no event in the body")
    if len(bodies) > MAX_EVENTS:
        raise Invalid("too_many", f"at most {MAX_EVENTS:,} events are taken at once")
    return Events(bodies, several=True)


def _from_headers(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return an event in binary mode as one in structured mode."""
    value = single_object(body)
    attributes = header_attributes(headers, value)
    unreadable = [name for name, text in attributes.items() if text is None]
    if unreadable:
        raise Invalid("malformed_text", f"{unreadable[0]}: the header's percent-encoding is not UTF-8", unreadable[0])
    if content_type := headers.get(CONTENT_TYPE):
        attributes["datacontenttype"] = content_type
    return to_json({**attributes, "data": value})
