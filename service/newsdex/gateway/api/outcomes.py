"""`GET /api/outcomes`: what became of an event, for who published it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.access import scope
from newsdex.gateway.api.parameters import read_request
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import json_reply
from newsdex_schemas import EventRef


@scope("publish")
async def outcome(request: Request) -> Response:
    """Answer with an OutcomeReply about one event."""
    ref = read_request(request, EventRef)
    return json_reply(request, await door_of(request).client.outcomes([ref]))


routes = [Route("/api/outcomes", outcome)]
