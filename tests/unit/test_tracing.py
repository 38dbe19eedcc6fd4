"""Spans of events, and when there are any."""

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from newsdex.apps.indexer.event_traces import EventTraces
from newsdex.apps.span_export import FaultLines, make_tracer
from newsdex.errors import Misconfigured
from newsdex.order import Place
from newsdex.records.events import Delivery, Fault, Result
from newsdex.tracing import FAULTS, Tracer, parent_of_event, parent_of_message

TRACE, PUBLISHER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{PUBLISHER}-01"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(spans: InMemorySpanExporter) -> EventTraces:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return EventTraces(Tracer(provider))


def delivery(number: int, body: bytes = b"{}", **headers: str) -> Delivery:
    return Delivery(
        subject="articles.published", headers=headers, body=body, stream_sequence=number, stored_us=1, deliveries=1
    )


def result(of: Delivery, sequence: int | None, fault: Fault | None = None) -> Result:
    return Result(
        delivery=of,
        place=Place(1, of.stream_sequence),
        outcome="parked" if fault else "accepted",
        reason=fault.code if fault else "first_version",
        source="tests",
        event_id=f"e-{of.stream_sequence}",
        correlation_id=f"c-{of.stream_sequence}",
        article_id="gull-7",
        sequence=sequence,
        fault=fault,
    )


def by_name(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


def trace_of(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}"


def parent_of(span: ReadableSpan) -> str | None:
    return f"{span.parent.span_id:016x}" if span.parent else None


def test_an_event_is_one_trace_from_its_publisher_until_it_is_searchable(
    traces: EventTraces, spans: InMemorySpanExporter
) -> None:
    event = delivery(1, traceparent=PARENT)
    traces.arrived(event)
    traces.archived([result(event, 7)], 0.002)
    traces.indexed(6)
    before = by_name(spans).keys()
    traces.indexed(7)
    found = by_name(spans)
    process = found["process articles.published"]

    assert before == {"process articles.published", "archive"}
    assert {TRACE} == {trace_of(span) for span in found.values()}
    assert parent_of(process) == PUBLISHER
    assert {f"{process.context.span_id:016x}"} == {parent_of(found[name]) for name in ("archive", "index")}
    assert all((span.end_time or 0) >= (span.start_time or 0) > 0 for span in found.values())
    assert {
        "messaging.system": "nats",
        "messaging.destination.name": "articles.published",
        "messaging.message.id": "e-1",
        "messaging.message.conversation_id": "c-1",
        "newsdex.article.id": "gull-7",
        "newsdex.outcome": "accepted",
    }.items() <= dict(process.attributes or {}).items()


def test_an_event_that_is_parked_is_a_span_with_its_fault(traces: EventTraces, spans: InMemorySpanExporter) -> None:
    traces.archived([result(delivery(1), None, Fault(code="empty_text", message="the title is empty"))], 0.001)
    traces.indexed(100)
    found = by_name(spans)

    assert found.keys() == {"process articles.published", "archive"}
    assert "empty_text" == dict(found["process articles.published"].attributes or {})["error.type"]
    assert not found["process articles.published"].status.is_ok


def test_an_event_without_a_trace_begins_one(traces: EventTraces, spans: InMemorySpanExporter) -> None:
    traces.archived([result(delivery(1), 1), result(delivery(2), 2)], 0.001)

    processed = [span for span in spans.get_finished_spans() if span.name.startswith("process")]
    assert [None, None] == [parent_of(span) for span in processed]
    assert len({trace_of(span) for span in processed}) == 2


@pytest.mark.parametrize(
    ("headers", "event", "expected"),
    [
        ({"traceparent": PARENT, "tracestate": "a=b"}, {}, {"traceparent": PARENT, "tracestate": "a=b"}),
        ({"Traceparent": PARENT, "Tracestate": "a=b"}, {}, {"traceparent": PARENT, "tracestate": "a=b"}),
        ({"Ce-Traceparent": PARENT, "ce-tracestate": "a=b"}, {}, {"traceparent": PARENT, "tracestate": "a=b"}),
        ({"ce-traceparent": PARENT}, {}, {"traceparent": PARENT, "tracestate": ""}),
        ({}, {"traceparent": PARENT, "tracestate": "a=b"}, {"traceparent": PARENT, "tracestate": "a=b"}),
        ({}, {"traceparent": 7}, {}),
        ({}, {"data": {"title": '"traceparent"'}}, {}),
        ({}, ["traceparent"], {}),
    ],
)
def test_the_trace_of_an_event_is_its_message_s_or_its_own(
    headers: Mapping[str, str], event: object, expected: Mapping[str, str]
) -> None:
    assert expected == parent_of_event(headers, json.dumps(event).encode())


def test_what_is_no_json_belongs_to_no_trace() -> None:
    assert parent_of_event({}, b'{"traceparent" \xff') == {}


def test_the_trace_of_a_request_is_in_its_headers_only() -> None:
    assert parent_of_message({"Traceparent": PARENT}) == {"traceparent": PARENT, "tracestate": ""}
    assert parent_of_message({"ce-traceparent": PARENT, "tracestate": "a=b"}) == {}


@pytest.mark.parametrize("wrong", ["", "00-0-0-01", "\n", PARENT.replace("4bf9", "zzzz")])
def test_a_trace_that_cannot_be_read_is_none(traces: EventTraces, spans: InMemorySpanExporter, wrong: str) -> None:
    traces.archived([result(delivery(1, traceparent=wrong), None)], 0.0)

    assert parent_of(by_name(spans)["process articles.published"]) is None


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_without_a_collector_nothing_of_opentelemetry_is_imported(variables: dict[str, str]) -> None:
    program = """
import sys
from newsdex.apps.span_export import make_tracer
import newsdex.apps.indexer.process, newsdex.apps.searcher.process, newsdex.gateway.process
assert make_tracer("indexer", "host:1", "1") is None
looked_for_by_faststream = {"opentelemetry", "opentelemetry.semconv"}
print(*(name for name in sys.modules if name.startswith("opentelemetry") and name not in looked_for_by_faststream))
"""
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)

    assert "" == done.stdout.strip()


def test_another_protocol_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")

    with pytest.raises(Misconfigured, match="http/protobuf only, not by grpc"):
        make_tracer("indexer", "host:1", "1")


class BrokenTracer:
    """Raises whatever is asked of it, as a sampler of somebody else's may."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


def test_an_event_does_not_fail_for_want_of_a_span(caplog: pytest.LogCaptureFixture) -> None:
    traces = EventTraces(BrokenTracer())  # type: ignore[arg-type]

    with caplog.at_level(logging.ERROR, logger=FAULTS):
        traces.archived([result(delivery(1), 1)], 0.001)

    assert [FAULTS] == [record.name for record in caplog.records]


@pytest.fixture
def fault_logger() -> logging.Logger:
    logger = logging.getLogger("opentelemetry.exporter.of_a_test")
    logger.handlers, logger.propagate = [FaultLines()], False
    return logger


def test_faults_of_sending_have_a_line_a_minute(fault_logger: logging.Logger) -> None:
    with structlog.testing.capture_logs() as lines:
        for number in range(100):
            fault_logger.warning("Transient error %s: %s", number, "x" * 1_000)
            fault_logger.info("nothing is wrong")

    (line,) = lines
    assert ("tracing.failed", "warning", "opentelemetry.exporter.of_a_test", 1) == (
        line["event"], line["log_level"], line["logger"], line["events"]
    )  # fmt: skip
    assert line["error"].startswith("Transient error 0: xxx")
    assert len(line["error"]) == 300


def test_a_collector_that_hangs_does_not_keep_a_process_from_ending() -> None:
    program = """
from newsdex.apps.span_export import make_tracer
tracer = make_tracer("indexer", "host:1", "1")
for _ in range(2_000):
    tracer.end(tracer.begin("process x", "CONSUMER", 1, {}), 2, {})
print("done", flush=True)
"""
    with socket.create_server(("127.0.0.1", 0)) as collector:  # takes connections, and answers nothing
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.getsockname()[1]}"}
        with subprocess.Popen([sys.executable, "-c", program], env=variables, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"done\n"
            began = time.monotonic()
            assert process.wait(30) == 0

    assert time.monotonic() - began < 8
