"""`/assets/NAME`: sends the files that pages name."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.access import OPEN, scope
from newsdex.gateway.door import door_of

KEPT = "public, max-age=31536000, immutable"


@scope(OPEN)
async def asset(request: Request) -> Response:
    """Send a file; one of an older version of ours is not there."""
    found = door_of(request).pages.assets.named(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return Response(found.content, headers={"cache-control": KEPT}, media_type=found.media_type)


routes = [Route("/assets/{name}", asset)]
