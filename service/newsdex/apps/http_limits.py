"""Bounds what connections to the health routes can hold: how many there are, and how long each takes for a request."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 64
"""Probes and scrapers need a handful; each connection holds a file handle that a search may need."""
REQUEST_TIMEOUT_S = 10.0
"""From the connection, or the end of the response before, to the end of the next response."""


class LimitedHttp(H11Protocol):
    """uvicorn's HTTP protocol, whose own limits end neither a half-sent header nor a response that is not read.

    Where there are too many connections the oldest one goes, so that a probe gets through while others are idle.
    """

    _since: float
    """When its time for a request began, by the event loop's clock."""
    _ends: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base class has it
        """Take a connection, in place of the oldest one where there are enough."""
        others = [other for other in self.connections if isinstance(other, LimitedHttp)]
        if len(others) >= MAX_CONNECTIONS:
            min(others, key=lambda other: other._since).end()  # noqa: SLF001 - of the same class
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._ends.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._ends.cancel()
        self._start_timer()
        super().on_response_complete()

    def end(self) -> None:
        """Close the connection now, whatever is sent on it."""
        self.connections.discard(self)
        self.transport.abort()

    def _start_timer(self) -> None:
        self._since = self.loop.time()
        self._ends = self.loop.call_later(REQUEST_TIMEOUT_S, self.end)
