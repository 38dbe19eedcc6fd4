"""Makes responses that say how long they hold, and by an ETag whether they have changed."""

import hashlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from newsdex_schemas.model import ContractModel

REVALIDATED = "private, no-cache"
NOT_STORED = "no-store"
VARY = "Accept-Encoding, Authorization, Cookie"
JSON = "application/json"
RETRY_MS = 3000
"""How long a browser waits before it connects again."""
_TIMES = re.compile(rb'"(?:took_ms|index_ms)":[^,}]*')
"""How long an answer took is no part of it. Within a text, quotes have a backslash before them, and do not match."""


async def answered(request: Request, asking: Awaitable[ContractModel], *, cache: str = REVALIDATED) -> Response:
    """Return what the service answers, and note how long that took."""
    began = time.perf_counter()
    value = await asking
    request.state.broker_ms = (time.perf_counter() - began) * 1e3
    request.state.index_ms = getattr(value, "index_ms", None)
    return json_reply(request, value, cache=cache)


def server_timing(state: Mapping[str, Any], took_s: float) -> str:
    """Return the header Server-Timing: the index's part, the round trip to the service, and the gateway's own part."""
    times = {"index": state.get("index_ms"), "broker": state.get("broker_ms")}
    told = {name: time_ms for name, time_ms in times.items() if time_ms is not None}
    told["gateway"] = max(0.0, took_s * 1e3 - told.get("broker", 0.0))
    return ", ".join(f"{name};dur={time_ms:.2f}" for name, time_ms in told.items())


def event_stream(texts: AsyncIterator[str]) -> StreamingResponse:
    """Return texts as server-sent events, each as soon as it comes."""

    async def events() -> AsyncIterator[str]:
        yield f"retry: {RETRY_MS}\n\n"
        async for text in texts:
            yield "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"

    headers = {"cache-control": NOT_STORED, "x-accel-buffering": "no"}  # which nginx heeds
    return StreamingResponse(events(), headers=headers, media_type="text/event-stream")


def json_reply(request: Request, value: ContractModel, *, cache: str = REVALIDATED, status: int = 200) -> Response:
    """Return a value of the contract; an empty 304 where the requester has it already."""
    return revalidated(request, value.to_json(), JSON, cache=cache, status=status)


def revalidated(
    request: Request, body: bytes, media_type: str, *, cache: str = REVALIDATED, status: int = 200
) -> Response:
    """Return a body with its ETag, or an empty 304 where the requester has it already."""
    headers = {"cache-control": cache, "vary": VARY}
    if cache != NOT_STORED and status == 200:  # noqa: PLR2004 - HTTP's own
        headers["etag"] = _etag(body)
        if _has(request.headers.get("if-none-match", ""), headers["etag"]):
            return Response(status_code=304, headers=headers)
    return Response(body, status, headers, media_type)


def _etag(body: bytes) -> str:
    """Return a weak tag: compressed or not, and however long it took, the content is the same."""
    return f'W/"{hashlib.blake2b(_TIMES.sub(b"", body), digest_size=12).hexdigest()}"'


def _has(if_none_match: str, etag: str) -> bool:
    return any(one.strip() in ("*", etag, etag.removeprefix("W/")) for one in if_none_match.split(","))
