"""`POST /api/events`: publishes, and answers once the broker has stored what was sent."""

import asyncio
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.apps.client import Client
from newsdex.apps.messages import message_of, message_on
from newsdex.clock import now_us
from newsdex.errors import Invalid, NewsdexError
from newsdex.formats import Context, Item
from newsdex.gateway.access import scope
from newsdex.gateway.api.event_bodies import split_body
from newsdex.gateway.door import door_of
from newsdex.gateway.problems import problem_of
from newsdex.gateway.responses import NOT_STORED, json_reply
from newsdex.records.moments import moment_of
from newsdex_schemas import Article, EventRef, channels
from newsdex_schemas.client import CORRELATION_ID, Message
from newsdex_schemas.receipts import EventReceipt, EventReceipts

MAX_BODY_BYTES = 2 * channels.MAX_MESSAGE_BYTES
"""A batch of events; each of them is at most as large as a message."""
BODIES_AT_ONCE = 8
"""Bodies that are in memory at the same time."""
ELECTION_S = 10.0
"""How long a publisher who waits has the broker elect a leader, which took 7 s at most; others' bodies wait as long."""
IN_FLIGHT = 100
SOURCE = "newsdex-http"
"""The CloudEvents attribute of events that are made here of items in other formats."""
PARAMETERS = frozenset(("url", "id", "timezone", "map"))
MAX_WAIT_S = 60.0
_WAIT = re.compile(r"(?:^|[,;]\s*)wait\s*=\s*\"?(\d{1,4})\"?\s*(?:$|[,;])", re.IGNORECASE)
_turns = asyncio.Semaphore(BODIES_AT_ONCE)


@scope("publish")
async def publish(request: Request) -> Response:
    """Answer with a receipt, or with one for each of many."""
    client, wait_s = door_of(request).client, _wait_s(request.headers.get("prefer", ""))
    async with _turns:
        # in a thread: a feed takes long to read, and searches are answered meanwhile
        bodies, several = await asyncio.to_thread(split_body, await _body(request), request.headers, _context(request))
        began = time.monotonic()
        results = await _published(client, bodies, min(wait_s, ELECTION_S))
        left_s = max(0.0, wait_s - (time.monotonic() - began))
    if not several:
        (result,) = results
        if isinstance(result, NewsdexError):
            raise result
    unkept = [body.unkept if isinstance(body, Item) else () for body in bodies]
    receipts = await _receipts(client, results, unkept, left_s)
    if several:
        reply = json_reply(request, EventReceipts(results=receipts), cache=NOT_STORED, status=HTTPStatus.MULTI_STATUS)
    else:
        reply = json_reply(request, receipts[0], cache=NOT_STORED, status=receipts[0].status)
    if wait_s:
        reply.headers["preference-applied"] = "wait"
    return reply


async def _body(request: Request) -> bytes:
    """Read the body; raise `Invalid` for one that is compressed or too large, as soon as that is known."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Invalid("unsupported_encoding", "bodies are taken without a Content-Encoding")
    stated = request.headers.get("content-length", "0")
    too_large = Invalid("request_too_large", f"a body has at most {MAX_BODY_BYTES:,} bytes")
    if not stated.isdecimal() or int(stated) > MAX_BODY_BYTES:
        raise too_large
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > MAX_BODY_BYTES:
                raise too_large
    except ClientDisconnect as error:
        raise Invalid("body_too_slow", "the connection ended before the body did") from error
    return bytes(content)


def _context(request: Request) -> Context:
    """Return what the address says of a page, a table or a feed that does not say it itself."""
    asked = request.query_params
    if unknown := sorted(asked.keys() - PARAMETERS):
        known = ", ".join(sorted(PARAMETERS))
        raise Invalid("unknown_field", f"{unknown[0]}: only {known} can be said here", unknown[0])
    mapping = dict(pair.partition("=")[::2] for pair in asked.getlist("map"))
    for name, column in mapping.items():
        if name not in Article.model_fields or not column:
            raise Invalid("invalid_request", "map: must be FIELD=COLUMN, where FIELD is one of an article's", "map")
    return Context(
        fetched_at=moment_of(now_us()),
        timezone=asked.get("timezone") or "UTC",
        url=asked.get("url") or None,
        id=asked.get("id") or None,
        mapping=mapping,
    )


def _message_of(body: bytes | Item | Invalid, origin: str) -> Message:
    """Return the message of an event; pages are read by the processes for pages, which have limits, and not here."""
    if isinstance(body, Invalid):
        raise body
    if isinstance(body, bytes):
        return message_of(body, origin, reads_pages=False)
    channel, event = body.to_event(id=str(uuid.uuid4()), source=SOURCE)
    return message_on(channel, event, origin, reads_pages=False)


async def _published(
    client: Client, bodies: Sequence[bytes | Item | Invalid], patience_s: float
) -> list[tuple[EventRef, bool] | NewsdexError]:
    """Publish each event, and return what the broker acknowledged of it, or why it was refused; all wait as one."""
    turns, deadline = asyncio.Semaphore(IN_FLIGHT), time.monotonic() + patience_s

    async def one(number: int, body: bytes | Item | Invalid) -> tuple[EventRef, bool] | NewsdexError:
        async with turns:
            try:
                message = await asyncio.to_thread(_message_of, body, f"event {number}")
                message = replace(message, correlation_id=CORRELATION_ID.get())
                return await client.publish_one(message, max(0.0, deadline - time.monotonic()))
            except NewsdexError as error:
                return error

    return await asyncio.gather(*(one(number, body) for number, body in enumerate(bodies, 1)))


async def _receipts(
    client: Client,
    results: Sequence[tuple[EventRef, bool] | NewsdexError],
    unkept: Sequence[tuple[str, ...]],
    wait_s: float,
) -> tuple[EventReceipt, ...]:
    stored = [result[0] for result in results if not isinstance(result, NewsdexError)]
    outcomes = {}
    if wait_s and stored:
        try:
            settled = await client.wait_until_searchable(stored, wait_s, lambda _: None)
            outcomes = dict(zip(stored, settled, strict=True))
        except NewsdexError:  # it is stored all the same, as 202 says
            outcomes = {}
    receipts = []
    for result, not_kept in zip(results, unkept, strict=True):
        if isinstance(result, NewsdexError):
            status, problem = problem_of(result, CORRELATION_ID.get())
            receipts.append(EventReceipt.model_validate({"status": status, "problem": problem}))
            continue
        ref, repeated = result
        outcome = outcomes.get(ref)
        receipts.append(
            EventReceipt(
                status=200 if outcome else 202,
                source=ref.source,
                id=ref.id,
                stream_sequence=ref.stream_sequence,
                repeated=repeated,
                outcome=outcome,
                not_kept=not_kept,
            )
        )
    return tuple(receipts)


def _wait_s(prefer: str) -> float:
    """Return how long a publisher would wait, as RFC 7240 says it; 0 where nothing is said."""
    found = _WAIT.search(prefer)
    return min(float(found[1]), MAX_WAIT_S) if found else 0.0


routes = [Route("/api/events", publish, methods=["POST"])]
