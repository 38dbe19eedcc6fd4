"""Builds the events that the tests of ingest and archive are about."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from newsdex.order import EventKey, EventName, OrderedEvent, Place
from newsdex.records.events import Delivery
from newsdex_schemas import Article, channels

SOURCE = "https://courier.example/newsroom"
ARTICLE_ID = "courier:tide-tables"
TIME = "2024-06-11T08:30:00Z"
TYPES = {
    channels.ARTICLES_PUBLISHED: "article.published.v1",
    channels.ARTICLES_UPDATED: "article.updated.v1",
    channels.ARTICLES_WITHDRAWN: "article.withdrawn.v1",
    channels.ARTICLES_SCRAPED: "article.scraped.v1",
}
HOUR_US = 3_600_000_000
NOON_US = 1_718_107_200 * 1_000_000
"""2024-06-11T12:00Z."""


def to_body(value: Any) -> bytes:
    """Write a value as JSON; bytes stay as they are."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def article(**fields: Any) -> dict[str, Any]:
    return {"id": ARTICLE_ID, "title": "Tide tables for the estuary"} | fields


def page(**fields: Any) -> dict[str, Any]:
    text = "Orchard opens its gates\n\nThe hives arrive in April, and visitors are asked to come on foot."
    return {"url": "https://gazette.example/orchard", "text": text, "fetched_at": TIME} | fields


def event(data: Any = None, channel: str = channels.ARTICLES_PUBLISHED, **attributes: Any) -> dict[str, Any]:
    """Return a CloudEvent in structured mode."""
    required = {"specversion": "1.0", "id": "evt-1", "source": SOURCE, "type": TYPES[channel], "time": TIME}
    return {**required, "data": article() if data is None else data, **attributes}


def without(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != name}


def delivery(value: Any = None, channel: str = channels.ARTICLES_PUBLISHED, number: int = 1, **fields: Any) -> Delivery:
    """Return a message as the broker delivers it for the first time; `number` is its place in the stream."""
    given: dict[str, Any] = {
        "subject": channel,
        "headers": {},
        "body": to_body(event() if value is None else value),
        "stream_sequence": number,
        "stored_us": NOON_US + number,
        "deliveries": 1,
    }
    return Delivery(**(given | fields))


def publishing(number: int = 1, *, id_: str = ARTICLE_ID, at: str = TIME, **fields: Any) -> Delivery:
    """Return the delivery of an article's publication; the event is named after its place in the stream."""
    value = event(article(id=id_, **fields), id=f"evt-{number}", time=at)
    return delivery(value, number=number)


def withdrawing(number: int = 1, *, id_: str = ARTICLE_ID, at: str = TIME, version: int | None = None) -> Delivery:
    """Return the delivery of an article's withdrawal."""
    data = {"id": id_} if version is None else {"id": id_, "version": version}
    channel = channels.ARTICLES_WITHDRAWN
    return delivery(event(data, channel, id=f"evt-{number}", time=at), channel, number)


def ordered(
    position: int,
    *,
    version: int | None = None,
    stated: int | None = None,
    stored: int | None = None,
    incarnation: int = 1,
    withdrawal: bool = False,
    source: str = SOURCE,
    name: str = "",
    title: str = "Tide tables",
) -> OrderedEvent:
    """Return an event as the order sees it; times are small numbers, and the broker's clock counts positions."""
    content = b"" if withdrawal else Article(id=ARTICLE_ID, title=title, version=version).to_json()
    place = Place(incarnation, position)
    return OrderedEvent(
        name=EventName(source, name or f"e-{incarnation}-{position}", hashlib.sha256(content).digest()),
        key=EventKey(version, stated, position if stored is None else stored, place),
        withdrawal=withdrawal,
        content=content,
    )
