"""`GET /api/similar/{id}`: finds articles about the same as another one."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.api.parameters import id_of, read_request
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import answered
from newsdex_schemas import SimilarRequest


async def similar(request: Request) -> Response:
    """Answer with a SimilarReply."""
    asked = read_request(request, SimilarRequest, id=id_of(request))
    return await answered(request, door_of(request).client.similar(asked))


routes = [Route("/api/similar/{id}", similar)]
