"""Handles a batch of deliveries in one transaction: each gets exactly one outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog

from newsdex.errors import Invalid
from newsdex.ingest.decide import decide, decide_copy
from newsdex.ingest.identity import claim, is_place_in_stream
from newsdex.ingest.page_names import PageNames
from newsdex.ingest.read import is_html, name_of_page, read_event
from newsdex.ingest.results import kept_page, named_result, redelivered_result, unread_result
from newsdex.ingest.supersede import Waiting
from newsdex.ingest.transaction import Archive, Transaction
from newsdex.order import ArticleEvents, ArticleState, EventName, OrderedEvent, Place
from newsdex.records.events import Decision, Delivery, Fault, ReceivedEvent, Result
from newsdex.records.parked import ParkedEvent, Redrive, WaitingEvent
from newsdex_schemas import Article

log = structlog.get_logger()

NOTHING_KNOWN = ArticleEvents()


def handle_batch(archive: Archive, deliveries: Sequence[Delivery], now_us: int) -> list[Result]:
    """Return the outcomes of some deliveries, in their order, once they are durable.

    Whatever is wrong with one delivery parks that one. An exception means that none of them has an outcome.
    """
    read = [read_delivery(delivery) for delivery in deliveries]
    with archive.transaction() as transaction:
        return _settle(transaction, deliveries, read, now_us)


def retry_parked(
    archive: Archive, ids: Sequence[int], now_us: int, pages: Mapping[int, ReceivedEvent | Fault] | None = None
) -> Redrive:
    """Handle parked events once more, those that are still open; `pages` were read by another process."""
    with archive.transaction() as transaction:
        named = transaction.parked(ids)
        opened = [event for event in named.values() if event.status == "open"]
        deliveries = [replace(event.delivery, read=(pages or {}).get(event.id)) for event in opened]
        read = [read_delivery(delivery) for delivery in deliveries]
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
    placed = transaction.placed(deliveries)
    batch = _Batch(transaction, [event for event in read if isinstance(event, ReceivedEvent)], deliveries, now_us)
    results: dict[int, Result] = {}
    handled: set[tuple[Place, int]] = set()
    # in the order of the stream, so that of two copies in one batch the first one is taken
    for at in sorted(range(len(deliveries)), key=lambda at: placed[at].place):
        delivery, event, (place, known) = deliveries[at], read[at], placed[at]
        key = (place, delivery.stored_us)
        if (known or key in handled) and delivery.parked_id is None:
            results[at] = redelivered_result(delivery, place, event)
        elif isinstance(event, Fault):
            results[at] = batch.park(delivery, place, event)
        else:
            results[at] = batch.apply(delivery, place, event)
        handled.add(key)  # a batch that waited long may hold the redelivery of its own messages
    in_order = [results[at] for at in range(len(deliveries))]
    transaction.enter(in_order, now_us)
    return in_order


def read_delivery(delivery: Delivery) -> ReceivedEvent | Fault:
    """Return the event that a message is, or why it is none; what was read of it already counts."""
    if delivery.read is not None:
        return delivery.read
    try:
        return read_event(delivery)
    except Invalid as fault:
        return Fault(code=fault.code, message=fault.message, place=fault.place)
    except MemoryError:
        raise  # of the process that reads pages, which says so; else the batch is tried again
    except Exception:  # a fault of ours must not stop the stream: the event is kept whole and can be tried again
        log.exception("event.reader_failed", stream_sequence=delivery.stream_sequence, subject=delivery.subject)
        return Fault(code="internal_error", message="newsdex failed on this event; the log has the traceback")


def _name_of_copy(delivery: Delivery) -> EventName | None:
    """Return the name of a parked event that can be read by now; a page can, if one with its name could."""
    if is_html(delivery):
        return name_of_page(delivery)
    read = read_delivery(delivery)
    return read.name if isinstance(read, ReceivedEvent) else None


class _Named(NamedTuple):
    """An article that an event is about, and what the event did to it."""

    article_id: str
    decision: Decision
    state: ArticleState
    sequence: int | None = None


def _is_left(one: _Named) -> tuple[bool, bool]:
    """Order the articles that a takedown names: what is told is of one that is still shown, if any."""
    return one.state.shown is not None, one.state.chosen is not None


class _Batch:
    """The events of one transaction, and what the archive knows of their articles meanwhile."""

    def __init__(
        self,
        transaction: Transaction,
        events: Sequence[ReceivedEvent],
        deliveries: Sequence[Delivery],
        now_us: int,
    ) -> None:
        self._transaction = transaction
        self._now_us = now_us
        met = transaction.articles_at(one.article_id for one in events if one.article is None or one.addresses)
        self._page_names = PageNames(met)
        named = {id_ for event in events for id_ in (event.article_id, *event.addresses)}
        self._known = transaction.events(named.union(*met.values()))
        self._copies = transaction.places_of_copies(events)
        self._erased = transaction.erased(named)
        tried = {delivery.parked_id for delivery in deliveries}
        self._waiting = Waiting(one for one in transaction.waiting(events) if one.id not in tried)

    def apply(self, delivery: Delivery, place: Place, event: ReceivedEvent) -> Result:
        """Return the outcome of a valid event."""
        if event.article is not None and self._is_erased(event, event.article):
            return self._refused(delivery, place, event)
        before = self._known.get(event.article_id, NOTHING_KNOWN)
        first = self._first_copy(event, before)
        decision, after, ordered = self._decide(event, place, delivery, before)
        # before the article itself: of the changes that one event makes, the last one is its own
        others = self._withdraw_others(event, ordered, after, is_copy=first is not None)
        named = [self._keep(event.article_id, event, before, after, decision), *others]
        told = max(named, key=_is_left) if event.article is None else named[0]
        decision = told.decision
        if delivery.parked_id is not None:
            resolution = f"{decision.outcome}: {decision.reason}"
            self._transaction.close_parked(delivery.parked_id, "resolved", resolution, self._now_us, tried=True)
        newest = before.state.chosen
        is_other = event.article is not None and newest is not None and newest.source != event.source
        return Result(
            delivery=delivery,
            place=place,
            outcome=decision.outcome,
            reason=decision.reason,
            source=event.source,
            event_id=event.id,
            correlation_id=event.correlation_id,
            type=event.type,
            article_id=event.article_id,
            sequence=max((one.sequence for one in named if one.sequence is not None), default=None),
            parked_id=delivery.parked_id,
            unknown_fields=event.unknown_fields,
            # of copies, the one that was stored first is enough to tell more of them by
            fingerprint=event.fingerprint if self._copies[event.name] == place else None,
            stated_us=event.stated_us,
            other_source=newest.source if newest is not None and is_other else None,
            copy_of=first.position if first is not None else None,
            superseded=self._superseded(event, after),
        )

    def _is_erased(self, event: ReceivedEvent, article: Article) -> bool:
        names = {event.article_id, *event.addresses}
        return not names.isdisjoint(self._erased) or self._transaction.is_erased_text(article)

    def _refused(self, delivery: Delivery, place: Place, event: ReceivedEvent) -> Result:
        """Return the outcome of an event of which nothing may be kept, not even that a copy of it came."""
        if delivery.parked_id is not None:
            self._transaction.close_parked(delivery.parked_id, "resolved", "stale: erased", self._now_us, tried=True)
            self._transaction.blank_parked(delivery.parked_id)
        return replace(named_result(delivery, place, event, "stale", "erased"), parked_id=delivery.parked_id)

    def _decide(
        self, event: ReceivedEvent, place: Place, delivery: Delivery, before: ArticleEvents
    ) -> tuple[Decision, ArticleEvents, OrderedEvent | None]:
        """Return what an event does to its article, and the event as it is ordered; none of a copy."""
        first = self._first_copy(event, before)
        self._copies[event.name] = place if first is None else min(first, place)
        met = self._met_at(event, before)
        if first is not None and first <= place:
            if event.article_id not in self._known:
                met = before
            return decide_copy(before.state, met.state), met, None
        stands_at, stood_us = self._first_parked(event) or (place, delivery.stored_us)
        ordered = event.ordered(stands_at, stood_us)
        if is_place_in_stream(event.source, event.id):
            ordered = replace(ordered, name=ordered.name._replace(id=f"{event.id}/{stands_at.incarnation}"))
        if event.page is not None:
            self._transaction.keep_page(kept_page(event, event.page, ordered.key, delivery.headers))
        after = met.plus(ordered, settled=self._transaction.is_settled(stands_at))
        return self._judge(ordered, before, after, is_copy=first is not None), after, ordered

    def _met_at(self, event: ReceivedEvent, before: ArticleEvents) -> ArticleEvents:
        """Return an article with the takedowns of the addresses at which an event, which may be a copy, met it."""
        for address in event.addresses:
            before = before.with_withdrawals_of(self._known.get(address, NOTHING_KNOWN))
        return before

    @staticmethod
    def _judge(ordered: OrderedEvent, before: ArticleEvents, after: ArticleEvents, *, is_copy: bool) -> Decision:
        return decide_copy(before.state, after.state) if is_copy else decide(ordered, before.state, after.state)

    def _withdraw_others(
        self, event: ReceivedEvent, ordered: OrderedEvent | None, after: ArticleEvents, *, is_copy: bool
    ) -> list[_Named]:
        """Have the takedowns of an article be those of the others, too, that its name stands for."""
        if event.addresses:
            self._transaction.add_addresses(event.article_id, event.addresses)
            self._page_names.add(event.article_id, event.addresses)
        takedown = ordered if ordered is not None and ordered.withdrawal else None
        if not (event.addresses or takedown):
            return []
        named = []
        for id_ in self._page_names.others(event.article_id):
            known = self._known.get(id_, NOTHING_KNOWN)
            if takedown is None:
                others = known.with_withdrawals_of(after)
                decision = decide_copy(known.state, others.state)
            else:
                others = known.plus(takedown, settled=self._transaction.is_settled(takedown.key.place))
                decision = self._judge(takedown, known, others, is_copy=is_copy)
            named.append(self._keep(id_, event, known, others, decision))
        return named

    def _first_copy(self, event: ReceivedEvent, before: ArticleEvents) -> Place | None:
        """Return where the first of the copies stands that were handled before the event."""
        if is_place_in_stream(event.source, event.id):
            return None  # it is named by its place, which in a stream made anew is another event's
        first, state = self._copies.get(event.name), before.state
        if first is not None or event.article is None or event.stated_us is not None or state.shown is not None:
            return first
        if state.withdrawn is None and state.withdrawn_by_version is None:
            return None
        # no time tells whether it is older than the takedown: in doubt it is what was published under its name
        return self._transaction.unfingerprinted(event)

    def _first_parked(self, event: ReceivedEvent) -> tuple[Place, int] | None:
        """Return place and time of a copy that is parked, though it can be read by now: the event stands there."""
        parked = self._transaction.parked([one.id for one in self._waiting.named(event)])
        copies = [
            (Place(delivery.incarnation or 0, delivery.stream_sequence), delivery.stored_us)
            for delivery in (one.delivery for one in parked.values())
            if _name_of_copy(delivery) == event.name
        ]
        return min(copies, default=None)

    def _keep(
        self, article_id: str, event: ReceivedEvent, before: ArticleEvents, after: ArticleEvents, decision: Decision
    ) -> _Named:
        if after == before:
            return _Named(article_id, decision, after.state)
        is_new = article_id not in self._known  # a page that a takedown of its address covers
        self._known[article_id] = after
        if decision.content_changes or is_new:
            sequence = self._transaction.change(article_id, after, event.correlation_id, self._now_us)
            return _Named(article_id, decision, after.state, sequence)
        self._transaction.note(article_id, after)
        return _Named(article_id, decision, after.state)

    def _superseded(self, event: ReceivedEvent, known: ArticleEvents) -> tuple[int, ...]:
        """Close the parked events that this one makes pointless; return their numbers."""
        closed = []
        for id_, reason in self._waiting.take(event, known.settled):
            resolution = f"superseded: {reason}, {event.id} from {event.source}"
            self._transaction.close_parked(id_, "resolved", resolution, self._now_us)
            closed.append(id_)
        return tuple(closed)

    def park(self, delivery: Delivery, place: Place, fault: Fault) -> Result:
        """Keep an event that could not be handled."""
        result, told = unread_result(delivery, place, fault), claim(delivery)
        if self._transaction.erased([result.article_id]):
            return replace(result, outcome="stale", reason="erased", fault=None)
        id_ = self._transaction.park(result, told, self._now_us)
        self._waiting.add(
            WaitingEvent(
                id=id_,
                subject=delivery.subject,
                place=place,
                stored_us=delivery.stored_us,
                source=result.source,
                event_id=result.event_id,
                article_id=result.article_id,
                claim=told,
            )
        )
        return replace(result, parked_id=id_)
