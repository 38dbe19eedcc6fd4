"""Takes a request's body apart into events: an article, a CloudEvent (HTTP binding, 1.0.2), a batch, JSON Lines."""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic_core import to_json

from newsdex.errors import Invalid
from newsdex.ingest.cloudevents import CONTENT_TYPE, PREFIX, header_attributes
from newsdex.json_text import parse_json, parse_object
from newsdex_schemas import channels

MAX_EVENTS = 1_000
STRUCTURED = channels.CONTENT_TYPE_STRUCTURED
BATCH = "application/cloudevents-batch+json"
LINES = frozenset(
    (
        "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
        "application/json-lines", "application/json-seq", "text/jsonl", "text/x-ndjson",
    )
)  # fmt: skip
JSON = "application/json"
TAKEN = f"{JSON}, {STRUCTURED}, {BATCH}, application/x-ndjson, or a CloudEvent with ce- headers"


class Events(NamedTuple):
    """The bytes of each event, and whether there may be several."""

    bodies: list[bytes]
    several: bool


def split_body(body: bytes, headers: Mapping[str, str]) -> Events:
    """Return the events in a body; raise `Invalid` for one that cannot be read as a whole."""
    media_type = headers.get(CONTENT_TYPE, "").partition(";")[0].strip().lower()
    if media_type == BATCH:
        return _listed(body)
    if media_type in LINES:
        lines = [line.strip(b"\x1e\r\t ") for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
        return _bounded([line for line in lines if line])
    if media_type == STRUCTURED:
        return Events([body], several=False)
    if any(name.lower().startswith(PREFIX) for name in headers):
        return Events([_from_headers(body, headers)], several=False)
    if media_type == JSON or media_type.endswith("+json"):
        return _listed(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") else Events([body], several=False)
    raise Invalid("unsupported_media_type", f"an event is {TAKEN}")


def _listed(body: bytes) -> Events:
    value = parse_json(body)
    if not isinstance(value, list):
        raise Invalid("wrong_type", "a batch is a list of events")
    return _bounded([to_json(item) for item in value])


def _bounded(bodies: list[bytes]) -> Events:
    if not bodies:
        raise Invalid("empty_message", "there is no event in the body")
    if len(bodies) > MAX_EVENTS:
        raise Invalid("too_many", f"at most {MAX_EVENTS:,} events are taken at once")
    return Events(bodies, several=True)


def _from_headers(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return an event in binary mode as one in structured mode."""
    value = parse_object(body)
    attributes = header_attributes(headers, value)
    unreadable = [name for name, text in attributes.items() if text is None]
    if unreadable:
        raise Invalid("malformed_text", f"{unreadable[0]}: the header's percent-encoding is not UTF-8", unreadable[0])
    if content_type := headers.get(CONTENT_TYPE):
        attributes["datacontenttype"] = content_type
    return to_json({**attributes, "data": value})
