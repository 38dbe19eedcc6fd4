"""Listens for HTTP requests, with bounds on what a connection can hold."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MAX_CONNECTIONS = 512
REQUEST_TIMEOUT_S = 10.0
"""For a request to come whole, from the connection or the end of the response before."""
READING_TIMEOUT_S = 10.0
"""How long a response may wait for its reader."""
MAX_HEADER_BYTES = 16 * 1024
STOP_TIMEOUT_S = 15


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP protocol, whose own limits end neither a half-sent request nor a response that is not read.

    Where there are too many connections, the oldest one that waits for a request goes, of the address that has most.
    """

    _since: float = 0.0
    """When its time for a request began, by the event loop's clock."""
    _ends: asyncio.TimerHandle | None = None
    _header_bytes: int = 0
    _in_header: bool = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class has it
        """Take a connection, in place of another one where there are enough."""
        others = [other for other in self.connections if isinstance(other, Connection)]
        if len(others) >= MAX_CONNECTIONS:
            _one_that_goes(others).end()
        super().connection_made(transport)
        self._wait_for_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come; more than a header may have is refused."""
        if self._in_header:
            self._header_bytes += len(data)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._refuse_header()
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin with a request's header."""
        super().on_message_begin()
        self._in_header, self._header_bytes = True, 0

    def on_url(self, url: bytes) -> None:
        """Read a part of the address."""
        self._header_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read a header."""
        self._header_bytes += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Have the request answered, unless its header is too large."""
        too_large = self._header_bytes > MAX_HEADER_BYTES
        self._in_header, self._header_bytes = False, 0
        if too_large:
            self._refuse_header()
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take all the time that the answer needs."""
        super().on_message_complete()
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_timer()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it is there already."""
        super().on_response_complete()
        if self.cycle.response_complete or self.cycle.more_body:
            self._wait_for_request()

    def pause_writing(self) -> None:
        """Wait for the reader of a response."""
        super().pause_writing()
        self._end_after(READING_TIMEOUT_S)

    def resume_writing(self) -> None:
        """Go on sending; where the request is not whole, or was answered, its time begins anew."""
        if self.waits or self.cycle.more_body:
            self._wait_for_request()
        else:
            self._stop_timer()
        super().resume_writing()

    def end(self) -> None:
        """Close the connection now, whatever is sent on it."""
        self.connections.discard(self)
        self.transport.abort()

    @property
    def waits(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def since(self) -> float:
        """When its time for a request began."""
        return self._since

    def _wait_for_request(self) -> None:
        self._since = self.loop.time()
        self._end_after(REQUEST_TIMEOUT_S)

    def _end_after(self, seconds: float) -> None:
        self._stop_timer()
        self._ends = self.loop.call_later(seconds, self.end)

    def _stop_timer(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None

    def _refuse_header(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(STATUS_LINE[431] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()


def _one_that_goes(others: list[Connection]) -> Connection:
    per_address = Counter(_address(other) for other in others)
    most = max(per_address.values())
    of_most = [other for other in others if per_address[_address(other)] == most]
    return min([other for other in of_most if other.waits] or of_most, key=lambda other: other.since)


def _address(connection: Connection) -> str:
    return connection.client[0] if connection.client else ""


class HttpServer(uvicorn.Server):
    """uvicorn's server, in a process that takes signals itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def make_server(app: ASGIApp) -> HttpServer:
    """Return a server of an application; it does not listen yet."""
    config = uvicorn.Config(
        app,
        http=Connection,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="none",
        proxy_headers=False,  # ours are read by `callers`
        server_header=False,
        backlog=MAX_CONNECTIONS,
        timeout_keep_alive=int(REQUEST_TIMEOUT_S),
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )
    return HttpServer(config)
