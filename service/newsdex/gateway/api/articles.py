"""`GET /api/articles/{id}`: one article, as it is archived; and `…/why`, what became of it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.access import scope
from newsdex.gateway.api.parameters import id_of, read_request
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import NOT_STORED, json_reply
from newsdex_schemas import ArticleRequest
from newsdex_schemas.story import StoryRequest


async def article(request: Request) -> Response:
    """Answer with an ArticleReply."""
    asked = read_request(request, ArticleRequest, id=id_of(request))
    return json_reply(request, await door_of(request).client.get(asked.id))


@scope("operate")  # it tells of articles that are hidden
async def why(request: Request) -> Response:
    """Answer with a StoryReply."""
    asked = read_request(request, StoryRequest, id=id_of(request))
    return json_reply(request, await door_of(request).client.story(asked.id), cache=NOT_STORED)


routes = [Route("/api/articles/{id}", article), Route("/api/articles/{id}/why", why)]
