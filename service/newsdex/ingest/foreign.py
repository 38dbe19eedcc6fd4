"""Reads an article of another format, such as ninjs, that came as a message or as an event's data: pure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from newsdex.errors import Invalid
from newsdex.formats import READ, Context, Item, Reading, Refused, read, read_value, recognise
from newsdex.formats.bounds import refuse_long_reading
from newsdex.formats.json_values import unreadable
from newsdex.formats.recognition import FEED, HEAD_BYTES, NEWSML_G2
from newsdex.ingest.single_item import several_items
from newsdex.records.events import Delivery
from newsdex_schemas.model import BYTE_ORDER_MARK

START = 100
MICROSECONDS = 1_000_000


def foreign_message(delivery: Delivery) -> Item | None:
    """Return the item of a message in NewsML-G2; None for any other message, which is JSON or nothing.

    Raises `Invalid` where it holds none that can be read, or several: one message has one outcome.
    """
    if not delivery.body[:START].removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"<"):
        return None
    name = recognise(delivery.body[:HEAD_BYTES])
    if name == FEED:
        raise several_items("this is a feed, which holds several articles")
    if name not in READ:
        raise unreadable(name)
    if name != NEWSML_G2:
        return None
    refuse_long_reading(name, delivery.body)
    return _one(read(delivery.body, _context(delivery)))


def foreign_data(value: Any, delivery: Delivery) -> Item | None:
    """Return the item of a JSON value of another format; None for an article of the contract, or what was to be one."""
    return _one(read_value(value, b"", _context(delivery)))


def _context(delivery: Delivery) -> Context:
    return Context(fetched_at=datetime.fromtimestamp(delivery.stored_us / MICROSECONDS, UTC))


def _one(readings: Iterator[Reading]) -> Item | None:
    found = list(islice(readings, 2))
    if not found:
        raise Invalid("no_items", "the message holds no article")
    if len(found) > 1:
        raise several_items()
    if isinstance(found[0], Refused):
        raise found[0].error
    return found[0] if isinstance(found[0], Item) else None
