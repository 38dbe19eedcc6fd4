"""Turns errors into responses: problem details (RFC 9457) for the API, a page for people."""

from http import HTTPStatus
from math import ceil
from typing import Any
from urllib.parse import quote

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsdex.apps import problems
from newsdex.errors import Invalid, NewsdexError, Refused
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import NOT_STORED
from newsdex_schemas import Problem

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
STATUS = {
    "key_missing": 401,
    "wrong_key": 401,
    "wrong_scope": 403,
    "unknown_article": 404,
    "unknown_parked": 404,
    "parked_closed": 409,
    "foreign_form": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "deadline_exceeded": 504,
    "wait_timeout": 504,
    "no_reply": 504,
    "body_too_slow": 408,
    "address_too_long": 414,
    "unsupported_media_type": 415,
    "unreadable_format": 415,
    "unsupported_encoding": 415,
    "wrong_host": 421,
    "too_many_requests": 429,
    "too_many_keys": 429,
    "too_many_readers": 429,
    "keys_unreadable": 503,
    "message_too_large": 413,
    "request_too_large": 413,
    "overloaded": 503,
    "internal_error": 500,
}
"""Code → status, where the kind of error does not say it."""
RETRY_AFTER_S = 1.0
CHALLENGE = 'Bearer realm="newsdex"'


def problem_of(error: Exception, correlation_id: str | None) -> tuple[int, Problem]:
    """Return the status of an error, and what is said of it, as the service says it to those who ask by the broker."""
    if isinstance(error, Refused):
        return _status(error.problem.code, retryable=error.problem.retryable), error.problem
    problem = problems.problem_of(error, correlation_id)
    return _status(problem.code, retryable=problem.retryable, server=not isinstance(error, Invalid)), problem


def _status(code: str, *, retryable: bool, server: bool = False) -> int:
    if code in STATUS:
        return STATUS[code]
    if retryable:
        return 503
    return 500 if server else 400


async def answer_error(request: Request, raised: Exception) -> Response:
    """Answer with what went wrong; a defect is logged whole."""
    correlation_id = getattr(request.state, "correlation_id", None)
    error = _of_http(raised) if isinstance(raised, HTTPException) else raised
    status, problem = problem_of(error, correlation_id)
    if not isinstance(error, NewsdexError):
        log.error("http.failed", code=problem.code, correlation_id=correlation_id, exc_info=error)
    request.state.code = problem.code
    headers = {"cache-control": NOT_STORED, **(getattr(raised, "headers", None) or {})}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["retry-after"] = str(ceil(getattr(error, "retry_after_s", RETRY_AFTER_S)))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = CHALLENGE
    if request.url.path.startswith("/api/"):
        return Response(orjson.dumps(details(status, problem)), status, headers, MEDIA_TYPE)
    return door_of(request).pages.render(
        request, "problem.html", status=status, headers=headers, problem=problem, again=_same_address(request)
    )


def _same_address(request: Request) -> str:
    """Return the address of a request, on this server: `//other.example` would be that of another one."""
    path = quote(request.url.path.lstrip("/\\"), safe="/%~!$&'()*+,;=:@")
    return f"/{path}?{request.url.query}" if request.url.query else f"/{path}"


def details(status: int, problem: Problem) -> dict[str, Any]:
    """Return a problem as RFC 9457 writes it, with the members of ours."""
    ours = problem.model_dump(mode="json", exclude_none=True, exclude={"message"})
    title = HTTPStatus(status).phrase
    return {
        "type": f"/docs/http#{problem.code}", "title": title, "status": status, "detail": problem.message, **ours
    }  # fmt: skip


def _of_http(error: HTTPException) -> NewsdexError:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return Invalid("method_not_allowed", "this address does not take this method")
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Invalid("not_found", "there is nothing at this address")
    return Invalid("invalid_request", error.detail)


class ErrorResponses:
    """Answers with a response whatever a route raises."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            if started:  # the connection is closed, which says that the response is not whole
                raise
            response = await answer_error(Request(scope, receive), error)
            await response(scope, receive, send)
