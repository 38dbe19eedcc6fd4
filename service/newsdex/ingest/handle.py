"""Handles a batch of deliveries in one transaction: each gets exactly one outcome."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import structlog

from newsdex.errors import Invalid
from newsdex.ingest.decide import decide
from newsdex.ingest.read import identity, read_event
from newsdex.records import ArticleState, Delivery, Fault, ParkedEvent, ReceivedEvent, Result

log = structlog.get_logger()


class Transaction(Protocol):
    """What handling needs of the archive within one commit; nothing is durable before the commit."""

    def states(self, ids: Iterable[str]) -> dict[str, ArticleState]:
        """Give what is known of some articles; unknown ones are absent."""

    def handled_before(self, deliveries: Sequence[Delivery]) -> set[tuple[int, int]]:
        """Give the (stream_sequence, stored_us) of those that already have an outcome."""

    def parked(self, ids: Sequence[int]) -> dict[int, ParkedEvent]:
        """Give the open parked events among some ids."""

    def change(self, event: ReceivedEvent, state: ArticleState) -> int:
        """Make the event's article what search sees; give the change's sequence number."""

    def note(self, event: ReceivedEvent, state: ArticleState) -> None:
        """Keep a new state of an article whose content stays as it is."""

    def park(self, result: Result, now_us: int) -> int:
        """Keep an event that could not be handled; give the number it is parked under."""

    def resolve_parked(self, id_: int, status: str, resolution: str) -> None:
        """Close a parked event: `resolved` or `dropped`, with the reason."""

    def enter(self, results: Iterable[Result], now_us: int) -> None:
        """Enter outcomes into the ledger."""


class Archive(Protocol):
    """Gives transactions that are durable, or without effect, at their end."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Give a transaction; an exception inside it takes all of it back."""


def handle_batch(archive: Archive, deliveries: Sequence[Delivery], now_us: int) -> list[Result]:
    """Give the outcomes of some deliveries, in their order, once they are durable.

    Whatever is wrong with one delivery parks that one. An exception means that none of them has an outcome.
    """
    read = [_read(delivery) for delivery in deliveries]
    with archive.transaction() as transaction:
        return _settle(transaction, deliveries, read, now_us)


def retry_parked(archive: Archive, ids: Sequence[int], now_us: int) -> dict[int, Result]:
    """Handle parked events once more; ids that are not parked are absent from the result."""
    with archive.transaction() as transaction:
        deliveries = [event.delivery for event in transaction.parked(ids).values()]
        read = [_read(delivery) for delivery in deliveries]
        results = _settle(transaction, deliveries, read, now_us)
        return {result.delivery.parked_id: result for result in results if result.delivery.parked_id is not None}


def drop_parked(archive: Archive, ids: Sequence[int], reason: str) -> set[int]:
    """Close parked events without handling them; give those that were parked."""
    with archive.transaction() as transaction:
        found = transaction.parked(ids)
        for id_ in found:
            transaction.resolve_parked(id_, "dropped", reason or "dropped by an operator")
        return set(found)


def _settle(
    transaction: Transaction,
    deliveries: Sequence[Delivery],
    read: Sequence[ReceivedEvent | Fault],
    now_us: int,
) -> list[Result]:
    # whatever the broker counts: after its crash, or with a new consumer, it calls a redelivery the first delivery
    handled = transaction.handled_before(deliveries)
    states = transaction.states(event.article_id for event in read if isinstance(event, ReceivedEvent))
    results = []
    for delivery, event in zip(deliveries, read, strict=True):
        key = (delivery.stream_sequence, delivery.stored_us)
        if key in handled and delivery.parked_id is None:
            results.append(_redelivered(delivery, event))
        elif isinstance(event, Fault):
            results.append(_park(transaction, delivery, event, now_us))
        else:
            results.append(_apply(transaction, delivery, event, states))
        handled.add(key)  # a batch that waited long may hold the redelivery of its own messages
    transaction.enter(results, now_us)
    return results


def _read(delivery: Delivery) -> ReceivedEvent | Fault:
    try:
        return read_event(delivery)
    except Invalid as fault:
        return Fault(code=fault.code, message=fault.message, place=fault.place)
    except Exception:  # a fault of ours must not stop the stream: the event is kept whole and can be tried again
        log.exception("event.reader_failed", stream_sequence=delivery.stream_sequence, subject=delivery.subject)
        return Fault(code="internal_error", message="newsdex failed on this event; the log has the traceback")


def _apply(
    transaction: Transaction, delivery: Delivery, event: ReceivedEvent, states: dict[str, ArticleState]
) -> Result:
    decision = decide(event, states.get(event.article_id))
    sequence = None
    if decision.state is not None:
        states[event.article_id] = decision.state
        if decision.content_changes:
            sequence = transaction.change(event, decision.state)
        else:
            transaction.note(event, decision.state)
    if delivery.parked_id is not None:
        transaction.resolve_parked(delivery.parked_id, "resolved", f"{decision.outcome}: {decision.reason}")
    return Result(
        delivery=delivery,
        outcome=decision.outcome,
        reason=decision.reason,
        source=event.source,
        event_id=event.id,
        correlation_id=event.correlation_id,
        type=event.type,
        article_id=event.article_id,
        sequence=sequence,
        parked_id=delivery.parked_id,
        unknown_fields=event.unknown_fields,
    )


def _park(transaction: Transaction, delivery: Delivery, fault: Fault, now_us: int) -> Result:
    result = _unread(delivery, fault)
    return replace(result, parked_id=transaction.park(result, now_us))


def _unread(delivery: Delivery, fault: Fault) -> Result:
    name = identity(delivery)
    return Result(
        delivery=delivery,
        outcome="parked",
        reason=fault.code,
        source=name.source,
        event_id=name.id,
        article_id=name.article_id,
        correlation_id=delivery.correlation_id or name.id,
        fault=fault,
    )


def _redelivered(delivery: Delivery, event: ReceivedEvent | Fault) -> Result:
    """The outcome was durable, but the acknowledgement did not reach the broker."""
    if isinstance(event, Fault):
        return replace(_unread(delivery, event), outcome="duplicate", reason="redelivered", fault=None)
    return Result(
        delivery=delivery,
        outcome="duplicate",
        reason="redelivered",
        source=event.source,
        event_id=event.id,
        correlation_id=event.correlation_id,
        type=event.type,
        article_id=event.article_id,
    )
