"""Makes a span of each request that a searcher answers."""

import time

from faststream.nats.message import NatsMessage

from newsdex.apps.searcher.intake import Arrival
from newsdex.clock import now_us
from newsdex.tracing import Tracer, harmless, parent_of_message


class RequestTraces:
    """From a request's arrival to its reply; without a tracer, it does nothing."""

    def __init__(self, tracer: Tracer | None) -> None:
        self._tracer = tracer

    @harmless()
    def answered(self, message: NatsMessage, arrival: Arrival, correlation_id: str, fault: str | None = None) -> None:
        """Make the span of a request whose reply is due now; `fault` is the code of a Problem."""
        if self._tracer is None:
            return
        end_us, subject = now_us(), arrival.channel.subject
        span = self._tracer.begin(
            f"process {subject}",
            "CONSUMER",
            end_us - round((time.monotonic() - arrival.arrived) * 1e6),
            {
                "messaging.system": "nats",
                "messaging.operation.type": "process",
                "messaging.operation.name": "process",
                "messaging.destination.name": subject,
                "messaging.message.conversation_id": correlation_id,
                "messaging.message.body.size": len(message.body),
            },
            parent_of_message(message.headers or {}),
        )
        self._tracer.end(span, end_us, {}, fault)
