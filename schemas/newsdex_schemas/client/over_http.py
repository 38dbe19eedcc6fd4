"""The way to the service over HTTP: the gateway."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from newsdex_schemas.client.messages import Message
from newsdex_schemas.client.transport import CORRELATION_ID, REPLY_TIMEOUT_S, TRACE, Reply, Stored
from newsdex_schemas.errors import NewsdexError, Refused, Unavailable
from newsdex_schemas.model import RequestModel
from newsdex_schemas.outcomes import EventRef, OutcomeReply, OutcomeRequest
from newsdex_schemas.query_string import write_parameters
from newsdex_schemas.receipts import EventReceipt, EventReceipts
from newsdex_schemas.retrieval import ArticleRequest
from newsdex_schemas.search import Problem, SearchRequest
from newsdex_schemas.similar import SimilarRequest
from newsdex_schemas.suggest import SuggestRequest

PATHS: dict[type[RequestModel], str] = {
    SearchRequest: "/api/search",
    SuggestRequest: "/api/suggest",
    SimilarRequest: "/api/similar/{id}",
    ArticleRequest: "/api/articles/{id}",
    EventRef: "/api/outcomes",
}
PUBLISH_TIMEOUT_S = 60.0
ASKED_AT_ONCE = 8
"""Outcomes that are asked for at the same time, each by a request of its own."""
BATCH = "application/cloudevents-batch+json"


class HttpTransport:
    """Requests to one gateway, with a key where one is given."""

    def __init__(self, url: str, key: str | None, **options: Any) -> None:
        chosen = {"timeout": REPLY_TIMEOUT_S, **options, "base_url": url}
        self._http = httpx.AsyncClient(**chosen)
        if key:
            self._http.headers["authorization"] = f"Bearer {key}"
        self._turns = asyncio.Semaphore(ASKED_AT_ONCE)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def publish(self, messages: Sequence[Message]) -> list[Stored | NewsdexError]:
        """Publish all by one request, whose parts succeed or fail by themselves."""
        body = b"[" + b",".join(message.body for message in messages) + b"]"
        try:
            content = await self._sent(
                "POST", "/api/events", content=body, headers={"content-type": BATCH}, timeout=PUBLISH_TIMEOUT_S
            )
            receipts = _read(EventReceipts, content).results
        except NewsdexError as error:
            return [error] * len(messages)
        return [_stored(receipt) for receipt in receipts]

    async def request(self, request: RequestModel, reply: type[Reply], timeout_s: float = REPLY_TIMEOUT_S) -> Reply:
        """Ask at the address of a request."""
        if isinstance(request, OutcomeRequest):
            found = await asyncio.gather(*(self._outcome(ref, timeout_s) for ref in request.events))
            outcomes = tuple(outcome for one in found for outcome in one.outcomes)
            return _read(reply, OutcomeReply(outcomes=outcomes, position=min(one.position for one in found)).to_json())
        parameters = dict_of_lists(write_parameters(request))
        path = PATHS[type(request)]
        if "{id}" in path:
            (id_,) = parameters.pop("id")
            # dots too, since a path's `.` and `..` are taken out of it on the way
            path = path.format(id=quote(id_, safe="").replace(".", "%2E"))
        return _read(reply, await self._sent("GET", path, params=parameters, timeout=timeout_s))

    async def _outcome(self, ref: EventRef, timeout_s: float) -> OutcomeReply:
        async with self._turns:
            return await self.request(ref, OutcomeReply, timeout_s)

    async def _sent(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> bytes:
        """Return the body of an answer; raise `Refused` for a problem, `Unavailable` where there is none."""
        id_ = CORRELATION_ID.get()
        sent = {**TRACE.get(), **(headers or {}), **({"x-request-id": id_} if id_ else {})}
        try:
            response = await self._http.request(method, path, headers=sent, **options)
        except httpx.ConnectError as error:
            raise Unavailable("nobody_answers", f"nobody answers at {self._http.base_url}: start a gateway") from error
        except httpx.HTTPError as error:
            raise Unavailable("no_reply", f"no reply from {self._http.base_url}: {type(error).__name__}") from error
        if response.is_success:
            return response.content
        raise _problem(response)


def dict_of_lists(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return pairs by their names, in order."""
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return found


def _stored(receipt: EventReceipt) -> Stored | NewsdexError:
    if receipt.problem is not None:
        return Refused(receipt.problem)
    if receipt.source is None or receipt.id is None:
        return Unavailable("no_reply", "the gateway says neither that it stored an event nor why not")
    ref = EventRef(source=receipt.source, id=receipt.id, stream_sequence=receipt.stream_sequence)
    return Stored(ref, receipt.repeated)


def _problem(response: httpx.Response) -> NewsdexError:
    """Return the error for a response that is none that was asked for."""
    try:
        details = response.json()
        members = {name: details[name] for name in Problem.model_fields if name in details}
        problem = Problem.model_validate({**members, "message": details["detail"]})
    except (ValueError, KeyError, TypeError):
        # of a proxy, or of a server that is another one
        text = f"what answers at {response.url.host} is no newsdex: {response.status_code}"
        return Unavailable("no_reply", text)
    retry_after_s = 0.0
    with suppress(ValueError):  # absent, or a date
        retry_after_s = float(response.headers.get("retry-after", ""))
    return Refused(problem, retry_after_s)


def _read(model: type[Reply], content: bytes) -> Reply:
    try:
        return model.from_json(content)
    except ValidationError as error:
        raise Unavailable("no_reply", "what answers there is no newsdex") from error
