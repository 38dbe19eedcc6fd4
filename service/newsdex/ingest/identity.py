"""Finds what an event that may not be readable calls itself, and which version of its article it was to bring."""

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from newsdex.errors import Invalid
from newsdex.ingest.cloudevents import header_attributes, is_cloudevent, set_attributes, with_payload
from newsdex.ingest.single_item import single_member, single_object
from newsdex.normalise.page_address import page_id
from newsdex.records.events import Delivery
from newsdex.records.moments import microseconds
from newsdex.records.parked import NONE_STATED, Claim
from newsdex_schemas import channels
from newsdex_schemas.model import Version, is_empty
from newsdex_schemas.outcomes import SOURCE_WITHOUT_CLOUDEVENT
from newsdex_schemas.values.timestamps import OptionalMoment

MAX_NAME = 512
NAMED_BY_URL = (channels.ARTICLES_SCRAPED, channels.ARTICLES_WITHDRAWN)
NO_CLAIM = Claim(None, None)
_TIME: TypeAdapter[datetime | None] = TypeAdapter(OptionalMoment)
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


def data_of(delivery: Delivery) -> dict[str, Any]:
    """Return the data of an event as it was given; empty where it cannot be read."""
    return _parts(delivery)[1]


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
    if is_empty(data.get("version")):
        return NONE_STATED
    try:
        return _VERSION.validate_python(data["version"])
    except ValidationError:
        return None


def _stated_us(attributes: dict[str, Any], data: dict[str, Any]) -> int | None:
    try:
        stated = _TIME.validate_python(attributes.get("time") if attributes else data.get("updated_at"))
    except ValidationError:
        return None
    return NONE_STATED if stated is None else microseconds(stated)


def _parts(delivery: Delivery) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return attributes and data; both are empty where nothing can be read."""
    try:
        value = single_object(delivery.body)
    except Invalid:
        value = {}
    if attributes := header_attributes(delivery.headers, value):
        return attributes, value
    if not is_cloudevent(value):
        return {}, value
    try:
        event = with_payload(value)
    except Invalid:
        event = set_attributes(value)
    try:
        data = single_member(event.get("data"))
    except Invalid:
        data = None
    return event, data if isinstance(data, dict) else {}


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME else None


def _page_name(delivery: Delivery, data: dict[str, Any]) -> str | None:
    """Name a scraped page's article as the normaliser does."""
    if delivery.subject not in NAMED_BY_URL:
        return None
    addresses = (data.get(name) for name in ("canonical_url", "fetched_url", "url"))
    return next((page_id(url) for url in addresses if isinstance(url, str) and url), None)
