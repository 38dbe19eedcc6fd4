"""Wraps a request handler so that every request gets a reply: a value of the contract, or a Problem."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import TypeVar

import structlog
from faststream.nats import NatsResponse
from faststream.nats.message import NatsMessage

from newsdex.apps.problems import problem_of
from newsdex.errors import Invalid, NewsdexError, Unavailable
from newsdex_schemas import Problem, channels
from newsdex_schemas.model import ContractModel

log = structlog.get_logger()

Answer = TypeVar("Answer")
Handler = Callable[[NatsMessage], Awaitable[ContractModel]]
ERROR_CODE_HEADER = "Nats-Service-Error-Code"
ERROR_HEADER = "Nats-Service-Error"
GRACE_S = 0.05
"""How long after the deadline a partial result may still come."""


def correlation_id_of(message: NatsMessage) -> str:
    """Return the requester's correlation id, or the one that was made for the request."""
    return (message.headers or {}).get(channels.CORRELATION_HEADER) or message.correlation_id or ""


def headers_of(value: ContractModel) -> dict[str, str]:
    """Return a reply's headers; a Problem also stands in those of NATS' service convention (ADR-32)."""
    headers = {"content-type": "application/json"}
    if isinstance(value, Problem):
        headers |= {ERROR_CODE_HEADER: value.code, ERROR_HEADER: " ".join(value.message.split())}
    return headers


def reply(value: ContractModel, correlation_id: str) -> NatsResponse:
    """Return the message for a value."""
    return NatsResponse(value.to_json(), headers=headers_of(value), correlation_id=correlation_id)


def problem_reply(error: Exception, correlation_id: str, event: str, **context: str) -> NatsResponse:
    """Return the message for an error, and log it with its context: a defect with its traceback."""
    problem = problem_of(error, correlation_id)
    unexpected = not isinstance(error, NewsdexError)
    level = log.error if unexpected else log.info
    level(event, code=problem.code, **context, correlation_id=correlation_id, exc_info=error if unexpected else None)
    return reply(problem, correlation_id)


def refuse_too_large(size: int) -> None:
    """Raise `Invalid` for a request of more bytes than are read."""
    if size > channels.MAX_REQUEST_BYTES:
        raise Invalid("request_too_large", f"a request has at most {channels.MAX_REQUEST_BYTES:,} bytes")


async def in_time(threads: Executor, deadline: float, work: Callable[[], Answer]) -> Answer:
    """Work in a thread; raise `Unavailable` where nothing comes by a deadline, a time of `time.monotonic`."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise Unavailable("deadline_exceeded", "the deadline was over before the work began")
    future = asyncio.get_running_loop().run_in_executor(threads, work)
    try:
        return await asyncio.wait_for(future, left_s + GRACE_S)
    except TimeoutError as error:
        raise Unavailable("deadline_exceeded", "the deadline was over before there was a result") from error


def answering(handler: Handler) -> Callable[[NatsMessage], Awaitable[NatsResponse]]:
    """Make a subscriber of a handler; FastStream would send nothing at all for one that raises."""

    async def answer(message: NatsMessage) -> NatsResponse:
        correlation_id = correlation_id_of(message)
        subject = message.raw_message.subject
        try:
            refuse_too_large(len(message.body))
            value = await handler(message)
        except Exception as error:  # noqa: BLE001 - becomes a Problem; a defect is logged whole
            return problem_reply(error, correlation_id, "request.refused", subject=subject)
        log.info("request.answered", subject=subject, correlation_id=correlation_id)
        return reply(value, correlation_id)

    return answer
