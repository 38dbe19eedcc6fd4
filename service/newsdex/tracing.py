"""Spans of OpenTelemetry, where its usual variables name a collector; elsewhere nothing of it is imported.

A trace goes on from the W3C `traceparent` that a publisher or an asker sends: as a header of the message, or as the
attribute of a CloudEvent (its extension for distributed tracing). Names and attributes are those of OpenTelemetry's
semantic conventions for messaging and HTTP; it needs `newsdex[otel]`.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic_core import from_json

PARENT, STATE = "traceparent", "tracestate"

FAULTS = "newsdex.tracing"
"""The logger that hears of what `harmless` kept from whoever is traced."""
_faults = logging.getLogger(FAULTS)

Attributes = Mapping[str, str | int | bool | None]
Span = Any
"""OpenTelemetry's; its types are not there where it is not installed."""


class Tracer:
    """Makes spans; their times are microseconds since 1970."""

    def __init__(self, provider: Any) -> None:
        """Take OpenTelemetry's provider of tracers."""
        from opentelemetry import trace  # noqa: PLC0415 - see above
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self._trace = trace
        self._propagator = TraceContextTextMapPropagator()
        self._tracer = provider.get_tracer("newsdex")

    def begin(
        self, name: str, kind: str, start_us: int, attributes: Attributes, headers: Mapping[str, str] | None = None
    ) -> Span:
        """Begin a span of a kind, such as `CONSUMER`; its parent is whom `headers` name, where they name one."""
        return self._start(name, kind, start_us, attributes, self._propagator.extract(headers or {}))

    def child(self, parent: Span, name: str, start_us: int, end_us: int, attributes: Attributes) -> None:
        """Make a span of a part of another one's work, which is over."""
        context = self._trace.set_span_in_context(parent)
        self._start(name, "INTERNAL", start_us, attributes, context).end(max(start_us, end_us) * 1_000)

    def end(self, span: Span, end_us: int, attributes: Attributes, fault: str | None = None) -> None:
        """End a span; `fault` is the code of what failed."""
        span.set_attributes(_stated(attributes))
        if fault is not None:
            span.set_attribute("error.type", fault)
            span.set_status(self._trace.StatusCode.ERROR, fault)
        span.end(end_us * 1_000)

    def headers(self, span: Span) -> dict[str, str]:
        """Return the headers by which a span is another one's parent."""
        headers: dict[str, str] = {}
        self._propagator.inject(headers, self._trace.set_span_in_context(span))
        return headers

    def _start(self, name: str, kind: str, start_us: int, attributes: Attributes, context: Any) -> Span:
        return self._tracer.start_span(
            name,
            context=context,
            kind=self._trace.SpanKind[kind],
            attributes=_stated(attributes),
            start_time=start_us * 1_000,
        )


def _stated(attributes: Attributes) -> dict[str, str | int | bool]:
    return {name: value for name, value in attributes.items() if value is not None}


@contextmanager
def harmless() -> Iterator[None]:
    """Keep a fault of tracing from what is traced: an event that is durable is not to fail for want of a span."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever it is, what is traced goes on
        _faults.exception("a span could not be made")


def parent_of_message(headers: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    """Return the headers of the trace that a message belongs to, in any case: Go's libraries send `Traceparent`."""
    found = {name.lower(): value for name, value in headers.items()}
    parent = found.get(prefix + PARENT)
    return {PARENT: parent, STATE: found.get(prefix + STATE, "")} if parent else {}


def parent_of_event(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Return the headers of the trace that an event belongs to: the message's, else the CloudEvent's attributes."""
    if parent := parent_of_message(headers) or parent_of_message(headers, "ce-"):
        return parent
    if b'"traceparent"' not in body:
        return {}
    try:
        event = from_json(body)
    except ValueError:
        return {}
    stated = event if isinstance(event, dict) else {}
    return {name: value for name in (PARENT, STATE) if isinstance(value := stated.get(name), str)}
