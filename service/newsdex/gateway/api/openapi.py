"""`GET /api/openapi.json`: the description of these calls, as `make contract` wrote it."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.gateway.access import OPEN, scope
from newsdex.gateway.responses import JSON, revalidated

DOCUMENT = (files("newsdex.gateway") / "documents" / "openapi.json").read_bytes()


@scope(OPEN)
async def openapi(request: Request) -> Response:
    """Answer with the OpenAPI document."""
    return revalidated(request, DOCUMENT, JSON)


routes = [Route("/api/openapi.json", openapi)]
