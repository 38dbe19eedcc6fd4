"""`GET /api/search`: finds articles."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.api.parameters import read_request
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import answered
from newsdex_schemas import SearchRequest


async def search(request: Request) -> Response:
    """Answer with a SearchReply."""
    asked = read_request(request, SearchRequest)
    return await answered(request, door_of(request).client.search(asked))


routes = [Route("/api/search", search)]
