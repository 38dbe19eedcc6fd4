"""`GET /api/articles/{id}`: one article, as it is archived."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.api.parameters import id_of, read_request
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import json_reply
from newsdex_schemas import ArticleRequest


async def article(request: Request) -> Response:
    """Answer with an ArticleReply."""
    asked = read_request(request, ArticleRequest, id=id_of(request))
    return json_reply(request, await door_of(request).client.article(asked.id))


routes = [Route("/api/articles/{id}", article)]
