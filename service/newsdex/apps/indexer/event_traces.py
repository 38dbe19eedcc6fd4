"""Makes the spans of each event: taken from the broker, archived, and searchable."""

import threading
from collections import deque
from collections.abc import Sequence

from newsdex.clock import now_us
from newsdex.records.events import Delivery, Result
from newsdex.tracing import Span, Tracer, harmless, parent_of_event

MAX_KEPT = 10_000
"""Of more events that wait, the oldest have no such span."""


class EventTraces:
    """The events that are at work; used from several threads. Without a tracer, it does nothing."""

    def __init__(self, tracer: Tracer | None) -> None:
        self._tracer = tracer
        self._lock = threading.Lock()
        self._arrived: dict[tuple[int, int], int] = {}
        """Place in the stream and delivery → when it came."""
        self._waiting: deque[tuple[int, Span, int]] = deque(maxlen=MAX_KEPT)
        """Of archived changes, the number, the span of the event, and when it was archived."""

    def arrived(self, delivery: Delivery) -> None:
        """Note when an event came."""
        if self._tracer is not None:
            with self._lock:
                if len(self._arrived) >= MAX_KEPT:  # of most, nothing was heard any more
                    self._arrived.clear()
                self._arrived[delivery.stream_sequence, delivery.deliveries] = now_us()

    @harmless()
    def archived(self, results: Sequence[Result], took_s: float) -> None:
        """Make the spans of events that have their outcome, by a transaction that took so long and has just ended."""
        if self._tracer is None:
            return
        for result in results:
            self._archived(self._tracer, result, took_s)

    def _archived(self, tracer: Tracer, result: Result, took_s: float) -> None:
        end_us, delivery = now_us(), result.delivery
        begun_us = end_us - round(took_s * 1e6)
        with self._lock:
            start_us = self._arrived.pop((delivery.stream_sequence, delivery.deliveries), begun_us)
        span = tracer.begin(
            f"process {delivery.subject}",
            "CONSUMER",
            start_us,
            {
                "messaging.system": "nats",
                "messaging.operation.type": "process",
                "messaging.operation.name": "process",
                "messaging.destination.name": delivery.subject,
                "messaging.message.id": result.event_id,
                "messaging.message.conversation_id": result.correlation_id,
                "messaging.message.body.size": len(delivery.body),
                "newsdex.article.id": result.article_id,
            },
            parent_of_event(delivery.headers, delivery.body),
        )
        tracer.child(span, "archive", begun_us, end_us, {"newsdex.sequence": result.sequence})
        outcome = {"newsdex.outcome": result.outcome, "newsdex.reason": result.reason}
        tracer.end(span, end_us, outcome, result.fault.code if result.fault else None)
        if result.sequence is not None:
            with self._lock:
                self._waiting.append((result.sequence, span, end_us))

    @harmless()
    def indexed(self, position: int) -> None:
        """Make the spans of what the index has from now on: every change up to a position."""
        if self._tracer is None:
            return
        while (waited := self._next(position)) is not None:
            sequence, span, archived_us = waited
            self._tracer.child(span, "index", archived_us, now_us(), {"newsdex.sequence": sequence})

    def _next(self, position: int) -> tuple[int, Span, int] | None:
        with self._lock:  # not for all of them: events come meanwhile
            return self._waiting.popleft() if self._waiting and self._waiting[0][0] <= position else None
