"""What every request meets before its route: who it is from, whether it may come in, and the line in the log."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsdex import metrics
from newsdex.errors import Invalid
from newsdex.gateway.access import TooMany
from newsdex.gateway.callers import Callers, Hosts
from newsdex.gateway.problems import answer_error
from newsdex.gateway.rates import Rates
from newsdex.gateway.responses import server_timing
from newsdex.gateway.traces import HttpTraces
from newsdex.settings import Settings
from newsdex.tracing import Tracer
from newsdex_schemas.client import CORRELATION_ID

log = structlog.get_logger()

REQUEST_ID = "x-request-id"
_SAFE_ID = re.compile(r"[A-Za-z0-9._:/+=@~-]{1,128}")
GONE = 499
"""What nginx logs where the client did not wait."""
NO_ROUTE = "none"
MAX_QUERY_BYTES = 12_000


class Reception:
    """Lets requests in, and tells of each in one line: neither queries nor texts nor keys are in it."""

    def __init__(
        self, app: ASGIApp, settings: Settings, tracer: Tracer | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._callers = Callers(settings)
        self._hosts = Hosts(settings.gateway_host, settings.gateway_hosts)
        self._rates = Rates(per_s=settings.gateway_rate, burst=2 * settings.gateway_rate)
        self._clock = clock
        self._traces = HttpTraces(tracer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            return
        began, status, size = self._clock(), 0, 0
        caller = self._callers.caller(scope)
        correlation_id = _correlation_id(Headers(scope=scope))
        CORRELATION_ID.set(correlation_id)
        span = self._traces.begin(scope)
        scope["scheme"] = caller.scheme
        scope.setdefault("state", {}).update(caller=caller, correlation_id=correlation_id, key=None)
        # ids may have slashes, encoded: what is routed is the address as it was sent
        scope["path"] = scope["raw_path"].decode("ascii")

        async def send_noting(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = correlation_id
                headers["server-timing"] = server_timing(scope["state"], self._clock() - began)
            size += len(message.get("body", b""))
            await send(message)

        try:
            self._let_in(scope, caller.address)
        except (Invalid, TooMany) as fault:
            response = await answer_error(Request(scope, receive), fault)
            await response(scope, receive, send_noting)
        else:
            await self._while_there(scope, receive, send_noting)
        finally:
            self._tell(scope, status or GONE, size, self._clock() - began)
            state = scope["state"]
            self._traces.end(span, scope["method"], state.get("route", NO_ROUTE), status or GONE, state.get("code"))

    def _let_in(self, scope: Scope, address: str) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            raise Invalid("invalid_request", "a request has one header Host")
        if hosts[0] not in self._hosts:
            raise Invalid("wrong_host", "this server has not that name: NEWSDEX_GATEWAY_HOSTS lists those that it has")
        if len(scope["query_string"]) > MAX_QUERY_BYTES:
            raise Invalid("address_too_long", f"the parameters have more than {MAX_QUERY_BYTES:,} bytes")
        now = self._clock()
        wait_s = self._rates.wait_s(address, now)
        if wait_s > 0:
            raise TooMany("too_many_requests", "too many requests come from this address", wait_s)
        self._rates.spend(address, now)

    async def _while_there(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered, unless its client goes: nobody asks the service for it then."""
        if scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        gone = asyncio.Event()

        async def receive_end() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def listen() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        async def answer() -> None:
            await self._app(scope, receive_end, send)

        answering = asyncio.create_task(answer())
        listening = asyncio.create_task(listen())
        try:
            await asyncio.wait((answering, listening), return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            answering.cancel()
            listening.cancel()

    def _tell(self, scope: Scope, status: int, size: int, took_s: float) -> None:
        path = scope["state"].get("route", NO_ROUTE)
        metrics.HTTP_REQUESTS.labels(path, str(status)).inc()
        metrics.HTTP_SECONDS.labels(path).observe(took_s)
        state = scope["state"]
        log.info(
            "http.answered",
            method=scope["method"],
            route=path,
            status=status,
            code=state.get("code"),
            bytes=size,
            took_ms=round(took_s * 1e3, 3),
            client=state["caller"].address,
            key=state["key"].name if state["key"] else None,
            correlation_id=state["correlation_id"],
        )


def _correlation_id(headers: Headers) -> str:
    """Return the caller's id, where it can stand in a log and in a header, else one that is made for the request."""
    given = headers.get(REQUEST_ID, "")
    return given if _SAFE_ID.fullmatch(given) else secrets.token_hex(8)
