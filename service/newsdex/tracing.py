"""Traces by OpenTelemetry, where its usual variables name a collector; elsewhere nothing of it is imported.

A trace goes on from the W3C `traceparent` that a publisher or an asker sends: as a header of the message, or as the
attribute of a CloudEvent (its extension for distributed tracing). Names and attributes are those of OpenTelemetry's
semantic conventions for messaging and HTTP; it needs `newsdex[otel]`.
"""

import os
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from newsdex.errors import Misconfigured

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
PARENT, STATE = "traceparent", "tracestate"

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


def make_tracer(process: str, instance: str, version: str) -> Tracer | None:
    """Return what makes spans and sends them to the collector; None where no variable names one.

    Raises `Misconfigured` where `newsdex[otel]` is not installed, or for another protocol than OTLP over HTTP.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS) or _is_off():
        return None
    protocol = next((found for name in PROTOCOLS if (found := os.environ.get(name))), PROTOCOL)
    if protocol != PROTOCOL:
        raise Misconfigured("tracing_protocol", f"traces are sent by {PROTOCOL} only, not by {protocol}")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise Misconfigured("tracing_missing", f"{ENDPOINTS[0]} is set: pip install newsdex[otel]") from error
    known = {"service.version": version, "service.instance.id": instance}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        known["service.name"] = f"newsdex-{process}"
    provider = TracerProvider(resource=Resource.create(known))  # ends with the process, and sends what is left then
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracer(provider)


def _is_off() -> bool:
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return disabled or os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none"


def parent_of_event(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Return the headers of the trace that an event belongs to: the message's, else the CloudEvent's attributes."""
    for prefix in ("", "ce-"):
        if parent := headers.get(prefix + PARENT):
            return {PARENT: parent, STATE: headers.get(prefix + STATE, "")}
    if b'"traceparent"' not in body:
        return {}
    try:
        event = from_json(body)
    except ValueError:
        return {}
    stated = event if isinstance(event, dict) else {}
    return {name: value for name in (PARENT, STATE) if isinstance(value := stated.get(name), str)}
