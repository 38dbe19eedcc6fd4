"""Makes a span of each HTTP request, and has what it asks of the service belong to the same trace."""

import re

from starlette.datastructures import Headers
from starlette.types import Scope

from newsdex.clock import now_us
from newsdex.tracing import PARENT, STATE, Attributes, Span, Tracer, harmless
from newsdex_schemas.client import TRACE

SERVER_ERROR = 500
_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_STATE = re.compile(r"[ -~]{1,512}")
"""As long as W3C's Trace Context asks for at least."""


class HttpTraces:
    """Without a tracer, requests go on in the trace of whoever asks, without a span of their own."""

    def __init__(self, tracer: Tracer | None) -> None:
        self._tracer = tracer

    @harmless()
    def begin(self, scope: Scope) -> Span | None:
        """Begin a request's span; what is asked in this task from now on names it as its parent."""
        headers = _trace_headers(Headers(scope=scope))
        span = None
        if self._tracer is not None:
            asked = {"http.request.method": scope["method"], "url.path": scope["path"], "url.scheme": scope["scheme"]}
            span = self._tracer.begin(scope["method"], "SERVER", now_us(), asked, headers)
            headers = self._tracer.headers(span)
        TRACE.set(headers)
        return span

    @harmless()
    def end(self, span: Span | None, method: str, route: str, status: int, code: str | None) -> None:
        """End a request's span; only what is our fault counts as one."""
        if self._tracer is None or span is None:
            return
        span.update_name(f"{method} {route}")
        answered: Attributes = {"http.route": route, "http.response.status_code": status, "newsdex.code": code}
        self._tracer.end(span, now_us(), answered, (code or str(status)) if status >= SERVER_ERROR else None)


def _trace_headers(headers: Headers) -> dict[str, str]:
    parent, state = headers.get(PARENT, ""), headers.get(STATE, "")
    if not _PARENT.fullmatch(parent):
        return {}
    return {PARENT: parent, **({STATE: state} if _STATE.fullmatch(state) else {})}
