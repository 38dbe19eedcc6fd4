"""`GET /api/suggest`: completes what someone is typing."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.api.parameters import read_request
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import answered
from newsdex_schemas import SuggestRequest

KEPT = "private, max-age=10"
"""Who takes a letter back has asked the same a moment ago."""


async def suggest(request: Request) -> Response:
    """Answer with a SuggestReply."""
    asked = read_request(request, SuggestRequest)
    return await answered(request, door_of(request).client.suggest(asked), cache=KEPT)


routes = [Route("/api/suggest", suggest)]
