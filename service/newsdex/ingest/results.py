"""Makes the values that the ledger and the archive keep of an event: its outcome, and the page it was read off."""

from collections.abc import Mapping
from dataclasses import replace

from newsdex.ingest.identity import identity
from newsdex.ingest.pages import page_reader
from newsdex.order import EventKey, Place
from newsdex.records.events import Delivery, Fault, KeptPage, Outcome, ReceivedEvent, Result


def named_result(delivery: Delivery, place: Place, event: ReceivedEvent, outcome: Outcome, reason: str) -> Result:
    """Return the outcome of an event that changes nothing."""
    return Result(
        delivery=delivery,
        place=place,
        outcome=outcome,
        reason=reason,
        source=event.source,
        event_id=event.id,
        correlation_id=event.correlation_id,
        type=event.type,
        article_id=event.article_id,
    )


def unread_result(delivery: Delivery, place: Place, fault: Fault) -> Result:
    """Return the outcome of a message that is no event: it is named as far as it can be."""
    name = identity(delivery)
    return Result(
        delivery=delivery,
        place=place,
        outcome="parked",
        reason=fault.code,
        source=name.source,
        event_id=name.id,
        article_id=name.article_id,
        correlation_id=delivery.correlation_id or name.id,
        fault=fault,
    )


def redelivered_result(delivery: Delivery, place: Place, event: ReceivedEvent | Fault) -> Result:
    """Return the outcome where it was durable, but the acknowledgement did not reach the broker."""
    if isinstance(event, Fault):
        return replace(unread_result(delivery, place, event), outcome="duplicate", reason="redelivered", fault=None)
    return named_result(delivery, place, event, "duplicate", "redelivered")


def kept_page(event: ReceivedEvent, page: bytes, key: EventKey, headers: Mapping[str, str]) -> KeptPage:
    """Return the page that the article of an event was made of, as it is kept."""
    return KeptPage(
        article_id=event.article_id,
        place=key.place,
        stored_us=key.stored_us,
        correlation_id=event.correlation_id,
        reader=page_reader(),
        headers=headers,
        body=page,
    )
