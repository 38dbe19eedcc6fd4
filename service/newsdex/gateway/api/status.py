"""`GET /api/status` and `GET /api/status/stream`: how the service is, as its processes tell over the broker."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from newsdex.gateway.access import scope
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import NOT_STORED, event_stream, json_reply


@scope("operate")
async def status(request: Request) -> Response:
    """Answer with a ServiceStatus."""
    return json_reply(request, (await door_of(request).watching.look()).status, cache=NOT_STORED)


@scope("operate")
async def stream(request: Request) -> StreamingResponse:
    """Send a ServiceStatus every two seconds, as server-sent events."""
    watching = door_of(request).watching
    watching.refuse_too_many()

    async def texts() -> AsyncIterator[str]:
        async for seen in watching.follow():
            yield seen.status.to_json().decode()

    return event_stream(texts())


routes = [Route("/api/status", status), Route("/api/status/stream", stream)]
