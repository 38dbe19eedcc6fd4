"""Sends spans to a collector, and bounds what a collector that is away costs: lines of the log, and time to stop."""

import atexit
import logging
import os
import threading
from collections.abc import Callable

import structlog

from newsdex.apps.log_limits import CountedLines
from newsdex.errors import Misconfigured
from newsdex.tracing import FAULTS, Tracer

log = structlog.get_logger()

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
STOP_S = 2.0
"""How long a process that stops tries to send what is left; OpenTelemetry itself would try for 30 s."""
MAX_ERROR = 300
"""So many characters of what a library says; some of it is what a publisher or an asker sent."""


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
    _count_faults()
    provider = TracerProvider(resource=Resource.create(known), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    atexit.register(_send_what_is_left, provider.shutdown)
    return Tracer(provider)


def _is_off() -> bool:
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return disabled or os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none"


def _send_what_is_left(shutdown: Callable[[], None]) -> None:
    thread = threading.Thread(target=shutdown, daemon=True)
    thread.start()
    thread.join(STOP_S)


class FaultLines(logging.Handler):
    """Tells of faults of tracing in one line a minute for each logger: a collector may be away for days."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines = CountedLines()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a fault, and write its line where one is due; the logging library has one thread in here at a time."""
        if events := self._lines.count(record.name):
            error = record.getMessage()[:MAX_ERROR]
            log.warning("tracing.failed", logger=record.name, error=error, events=events, exc_info=record.exc_info)


def _count_faults() -> None:
    lines = FaultLines()
    for name in ("opentelemetry", FAULTS):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [lines], False
