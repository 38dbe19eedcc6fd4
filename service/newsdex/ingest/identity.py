"""Finds what an event that may not be readable calls itself, and which version of its article it was to bring."""

from typing import Any, NamedTuple
from urllib.parse import unquote

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from newsdex.normalise import page_id
from newsdex.records import NONE_STATED, Claim, Delivery, microseconds
from newsdex_schemas import channels
from newsdex_schemas.model import Timestamp, Version
from newsdex_schemas.outcomes import SOURCE_WITHOUT_CLOUDEVENT

MAX_NAME = 512
NO_CLAIM = Claim(None, None)
_TIME: TypeAdapter[Any] = TypeAdapter(Timestamp)
_VERSION: TypeAdapter[int] = TypeAdapter(Version)


class Identity(NamedTuple):
    """What an event calls itself."""

    source: str
    id: str
    article_id: str | None


def identity(delivery: Delivery) -> Identity:
    """Name an event whose content may not be readable, by what can be found in it."""
    attributes, data = _parts(delivery)
    article_id = _name(data.get("id")) or _page_name(delivery, data)
    source, id_ = _name(attributes.get("source")), _name(attributes.get("id"))
    if source and id_:
        return Identity(source, id_, article_id)
    given = delivery.headers.get(channels.MESSAGE_ID_HEADER, "")[:MAX_NAME]
    return Identity(SOURCE_WITHOUT_CLOUDEVENT, given or f"{channels.STREAM}:{delivery.stream_sequence}", article_id)


def is_place_in_stream(source: str, event_id: str) -> bool:
    """Tell whether an event has no name of its own: the place stands for another message in a stream made anew."""
    return source == SOURCE_WITHOUT_CLOUDEVENT and event_id.startswith(f"{channels.STREAM}:")


def claim(delivery: Delivery) -> Claim:
    """Tell which version an event was to bring, by the rules for valid events as far as its content can be read."""
    attributes, data = _parts(delivery)
    withdrawal = delivery.subject == channels.ARTICLES_WITHDRAWN
    version, stated_us = _version(data), _stated_us(attributes, data)
    if withdrawal and version == NONE_STATED and stated_us is None:
        return NO_CLAIM  # a takedown that may be a late one must not close by itself
    return Claim(version, stated_us)


def _version(data: dict[str, Any]) -> int | None:
    if data.get("version") is None:
        return NONE_STATED
    try:
        return _VERSION.validate_python(data["version"])
    except ValidationError:
        return None


def _stated_us(attributes: dict[str, Any], data: dict[str, Any]) -> int | None:
    given = attributes.get("time") if attributes else data.get("updated_at")
    if given is None:
        return NONE_STATED
    try:
        return microseconds(_TIME.validate_python(given))
    except ValidationError:
        return None


def _parts(delivery: Delivery) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give attributes and data; both are empty where nothing can be read."""
    try:
        value = from_json(delivery.body)
    except ValueError:
        value = None
    value = value if isinstance(value, dict) else {}
    structured = "specversion" in value
    data = value.get("data") if structured else value
    return value if structured else header_attributes(delivery), data if isinstance(data, dict) else {}


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME else None


def _page_name(delivery: Delivery, data: dict[str, Any]) -> str | None:
    """Name a scraped page's article as the normaliser does."""
    url = data.get("url")
    return page_id(url) if delivery.subject == channels.ARTICLES_SCRAPED and isinstance(url, str) and url else None


def header_attributes(delivery: Delivery) -> dict[str, Any]:
    """Read the attributes of binary mode, percent-encoded as the CloudEvents binding for NATS has it (section 3.2)."""
    return {
        name[3:].lower(): unquote(text) for name, text in delivery.headers.items() if name.lower().startswith("ce-")
    }
