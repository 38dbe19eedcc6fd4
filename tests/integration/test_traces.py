"""A collector of traces gets one from who publishes by HTTP to searchable, and one from request to reply."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.integration.running import Service, until

PUBLISHED, SEARCHED = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
CALLER = "00f067aa0ba902b7"
LIMIT_S = 60


class Collector:
    """An OTLP receiver."""

    def __init__(self) -> None:
        self.spans: dict[str, dict[str, tuple[str, str, str]]] = {}
        """By trace and name: the service, the span and its parent."""

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    trace = self.spans.setdefault(span.trace_id.hex(), {})
                    trace[span.name] = (service, span.span_id.hex(), span.parent_span_id.hex())

    @contextmanager
    def listening(self) -> Iterator[str]:
        take = self.take

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                take(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def parent(trace: str) -> str:
    return f"00-{trace}-{CALLER}-01"


def test_a_trace_goes_from_http_through_archive_and_index_and_through_a_search(tmp_path: Path) -> None:
    collector = Collector()
    with collector.listening() as endpoint:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        service = Service(data_dir=tmp_path, settings=variables)
        with service.process("up") as up:
            up.wait_until_ready()
            key = service.run("keys", "add", "desk", "--scope", "publish").stdout.strip()
            with httpx.Client(base_url=up.gateway_url, timeout=30) as client:
                published = client.post(
                    "/api/events",
                    json={"id": "traced", "title": "Ferry traced"},
                    headers={"authorization": f"Bearer {key}", "prefer": "wait=20", "traceparent": parent(PUBLISHED)},
                )
                searched = client.get("/api/search?q=traced", headers={"traceparent": parent(SEARCHED)})
            until(lambda: "index" in collector.spans.get(PUBLISHED, {}), LIMIT_S, "the index's span came")
            until(lambda: len(collector.spans.get(SEARCHED, {})) == 2, LIMIT_S, "the search's spans came")
    events, search = collector.spans[PUBLISHED], collector.spans[SEARCHED]
    gateway, process = events["POST /api/events"], events["process articles.published"]

    assert [200, 200] == [published.status_code // 100 * 100, searched.status_code]
    assert ("newsdex-gateway", CALLER) == (gateway[0], gateway[2])
    assert ("newsdex-indexer", gateway[1]) == (process[0], process[2])
    assert {process[1]} == {events[name][2] for name in ("archive", "index")}
    assert ("newsdex-gateway", CALLER) == (search["GET /api/search"][0], search["GET /api/search"][2])
    assert ("newsdex-searcher", search["GET /api/search"][1]) == (
        search["process search.query"][0],
        search["process search.query"][2],
    )
