"""What a connection to the gateway can hold is bounded, and others are answered meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from tests.integration.running import Running, Service, until

from newsdex.gateway.server import MAX_CONNECTIONS, MAX_HEADER_BYTES, REQUEST_TIMEOUT_S

HEAD = b"GET /api/search?q=x HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def connection(up: Running) -> Iterator[socket.socket]:
    address = urlsplit(up.gateway_url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as opened:
        yield opened


def answer(opened: socket.socket) -> bytes:
    """Return what comes until the end; what was sent may have been thrown away unread."""
    content = b""
    try:
        while piece := opened.recv(65_536):
            content += piece
    except ConnectionResetError:
        pass
    return content


def test_half_sent_requests_end_in_time_while_others_are_answered(up: Running, service: Service) -> None:
    key = service.run("keys", "add", "slow", "--scope", "publish").stdout.strip()
    post = b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer "
    halves = [b"", b"GET /api/sea", HEAD, post + key.encode() + b"\r\nContent-Length: 1000\r\n\r\n{"]
    with ExitStack() as stack:
        opened = [stack.enter_context(connection(up)) for _ in halves]
        start = time.monotonic()
        for one, half in zip(opened, halves, strict=True):
            one.sendall(half)
        assert 200 == httpx.get(f"{up.gateway_url}/api/search").status_code
        for one in opened:
            answer(one)
        took_s = time.monotonic() - start

    assert took_s < REQUEST_TIMEOUT_S + 5


@pytest.mark.parametrize(
    "more",
    [b"X-A: " + b"x" * MAX_HEADER_BYTES, b"X-A: y\r\n" * (MAX_HEADER_BYTES // 4), b"Cookie: " + b"c" * 200_000],
    ids=["one", "many", "huge"],
)
def test_a_header_that_is_too_large_is_refused(up: Running, more: bytes) -> None:
    with connection(up) as opened:
        opened.sendall(HEAD + more + b"\r\n\r\n")

        assert answer(opened)[:13] in {b"HTTP/1.1 431 ", b""}
    assert 200 == httpx.get(f"{up.gateway_url}/api/search").status_code


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /api/search HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /api/search HTTP/1.1\r\nHost: localhost\r\nX-A\r\n: b\r\n\r\n",
        b"GET /api/\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=str,
)
def test_what_is_no_proper_request_is_refused(up: Running, request_: bytes) -> None:
    with connection(up) as opened:
        opened.sendall(request_)
        opened.shutdown(socket.SHUT_WR)

        assert answer(opened)[:10] in {b"HTTP/1.1 4", b""}
    assert 200 == httpx.get(f"{up.gateway_url}/api/search").status_code


def test_a_flood_of_connections_keeps_nobody_out(up: Running) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS + 50):
            stack.enter_context(connection(up))

        assert 200 == httpx.get(f"{up.gateway_url}/api/search", timeout=30).status_code


def test_a_search_whose_client_is_gone_is_dropped(up: Running) -> None:
    """It would wait ten seconds for an event that never comes."""
    path = b"GET /api/search?wait_for_source=x&wait_for_id=never&timeout_ms=10000 HTTP/1.1\r\nHost: localhost\r\n"
    with connection(up) as opened:
        opened.sendall(path + b"X-Request-ID: gone\r\n\r\n")
        time.sleep(0.2)  # it is on its way
    lines = lambda: [line for line in up.events("http.answered") if line["correlation_id"] == "gone"]  # noqa: E731
    (line,) = until(lines, 5, "it is dropped")

    assert 499 == line["status"]
    assert line["took_ms"] < 5_000
