"""Handles a batch of deliveries in one transaction: each gets exactly one outcome."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

import structlog

from newsdex.errors import Invalid
from newsdex.ingest.decide import decide
from newsdex.ingest.identity import claim, identity
from newsdex.ingest.read import read_event
from newsdex.ingest.supersede import Waiting
from newsdex.records import (
    ArticleState,
    Claim,
    Delivery,
    Fault,
    ParkedEvent,
    ReceivedEvent,
    Redrive,
    Result,
    WaitingEvent,
)

log = structlog.get_logger()


class Transaction(Protocol):
    """What handling needs of the archive within one commit; nothing is durable before the commit."""

    def states(self, ids: Iterable[str]) -> dict[str, ArticleState]:
        """Give what is known of some articles; unknown ones are absent."""

    def handled_before(self, deliveries: Sequence[Delivery]) -> set[tuple[int, int]]:
        """Give the (stream_sequence, stored_us) of those that already have an outcome."""

    def parked(self, ids: Sequence[int]) -> dict[int, ParkedEvent]:
        """Give the parked events among some ids, closed ones too."""

    def waiting(self, events: Iterable[ReceivedEvent]) -> list[WaitingEvent]:
        """Give the open parked events with the names or the articles of some events."""

    def change(self, event: ReceivedEvent, state: ArticleState) -> int:
        """Make the event's article what search sees; give the change's sequence number."""

    def note(self, event: ReceivedEvent, state: ArticleState) -> None:
        """Keep a new state of an article whose content stays as it is."""

    def park(self, result: Result, claim: Claim, now_us: int) -> int:
        """Keep an event that could not be handled; give the number it is parked under."""

    def close_parked(self, id_: int, status: str, resolution: str, now_us: int, *, tried: bool = False) -> None:
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


def retry_parked(archive: Archive, ids: Sequence[int], now_us: int) -> Redrive:
    """Handle parked events once more, those that are still open."""
    with archive.transaction() as transaction:
        named = transaction.parked(ids)
        deliveries = [event.delivery for event in named.values() if event.status == "open"]
        read = [_read(delivery) for delivery in deliveries]
        results = _settle(transaction, deliveries, read, now_us)
    done = {result.delivery.parked_id: result for result in results}
    return Redrive(results={id_: done[id_] for id_ in named if id_ in done}, closed=_closings(named))


def drop_parked(
    archive: Archive, ids: Sequence[int], reason: str, now_us: int
) -> tuple[Sequence[ParkedEvent], Mapping[int, str]]:
    """Close parked events without handling them; give those that were open, and why the others were closed."""
    with archive.transaction() as transaction:
        named = transaction.parked(ids)
        dropped = [event for event in named.values() if event.status == "open"]
        for event in dropped:
            transaction.close_parked(event.id, "dropped", reason or "dropped by an operator", now_us)
    return dropped, _closings(named)


def _closings(events: Mapping[int, ParkedEvent]) -> dict[int, str]:
    return {id_: f"{event.status}: {event.resolution}" for id_, event in events.items() if event.status != "open"}


def _settle(
    transaction: Transaction,
    deliveries: Sequence[Delivery],
    read: Sequence[ReceivedEvent | Fault],
    now_us: int,
) -> list[Result]:
    # whatever the broker counts: after its crash, or with a new consumer, it calls a redelivery the first delivery
    handled = transaction.handled_before(deliveries)
    events = [event for event in read if isinstance(event, ReceivedEvent)]
    states = transaction.states(event.article_id for event in events)
    tried = {delivery.parked_id for delivery in deliveries}
    waiting = Waiting(one for one in transaction.waiting(events) if one.id not in tried)
    results = []
    for delivery, event in zip(deliveries, read, strict=True):
        key = (delivery.stream_sequence, delivery.stored_us)
        if key in handled and delivery.parked_id is None:
            results.append(_redelivered(delivery, event))
        elif isinstance(event, Fault):
            results.append(_park(transaction, delivery, event, waiting, now_us))
        else:
            result = _apply(transaction, delivery, event, states, now_us)
            results.append(_with_superseded(transaction, result, event, states.get(event.article_id), waiting, now_us))
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
    transaction: Transaction, delivery: Delivery, event: ReceivedEvent, states: dict[str, ArticleState], now_us: int
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
        resolution = f"{decision.outcome}: {decision.reason}"
        transaction.close_parked(delivery.parked_id, "resolved", resolution, now_us, tried=True)
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


def _with_superseded(  # noqa: PLR0913, PLR0917 - the parts of one step
    transaction: Transaction,
    result: Result,
    event: ReceivedEvent,
    state: ArticleState | None,
    waiting: Waiting,
    now_us: int,
) -> Result:
    """Close the parked events that this one makes pointless."""
    closed = []
    for id_, reason in waiting.take(event, state, result.delivery.stored_us):
        transaction.close_parked(id_, "resolved", f"superseded: {reason}, {event.id} from {event.source}", now_us)
        closed.append(id_)
    return replace(result, superseded=tuple(closed)) if closed else result


def _park(transaction: Transaction, delivery: Delivery, fault: Fault, waiting: Waiting, now_us: int) -> Result:
    result, told = _unread(delivery, fault), claim(delivery)
    id_ = transaction.park(result, told, now_us)
    waiting.add(
        WaitingEvent(
            id=id_,
            subject=delivery.subject,
            stored_us=delivery.stored_us,
            source=result.source,
            event_id=result.event_id,
            article_id=result.article_id,
            claim=told,
        )
    )
    return replace(result, parked_id=id_)


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
