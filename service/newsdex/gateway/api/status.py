"""`GET /api/status`: how the service is, as far as its processes tell over the broker."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.apps.client import Client
from newsdex.errors import NewsdexError
from newsdex.gateway.access import scope
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import NOT_STORED, json_reply
from newsdex_schemas import SearchRequest
from newsdex_schemas.status import PartFault, ServiceStatus


@scope("operate")
async def status(request: Request) -> Response:
    """Answer with a ServiceStatus."""
    return json_reply(request, await service_status(door_of(request).client), cache=NOT_STORED)


async def service_status(client: Client) -> ServiceStatus:
    """Ask every part at once; one that does not answer is a fault, and keeps no other from telling."""
    asked = {
        "searchers": client.search(SearchRequest(size=0)),
        "index": client.index_status(),
        "stream": client.stream_status(),
    }
    told = await asyncio.gather(*asked.values(), return_exceptions=True)
    answers: dict[str, Any] = dict(zip(asked, told, strict=True))
    faults = []
    for part, answer in answers.items():
        if isinstance(answer, NewsdexError):
            faults.append(PartFault(part=part, code=answer.code, message=answer.message))
            answers[part] = None
        elif isinstance(answer, BaseException):
            raise answer
    found = answers["searchers"]
    stream = answers["stream"]
    faults += [PartFault(part="stream", code="stream_fault", message=fault) for fault in getattr(stream, "faults", ())]
    return ServiceStatus(
        well=not faults,
        faults=tuple(faults),
        articles=getattr(found, "total", None),
        position=getattr(found, "position", None),
        search_ms=getattr(found, "took_ms", None),
        index=answers["index"],
        stream=stream,
    )


routes = [Route("/api/status", status)]
