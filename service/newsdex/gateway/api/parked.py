"""`POST /api/parked/{id}/retry` and `…/drop`: what an operator does with an event that could not be handled."""

from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsdex.apps.client import Client
from newsdex.errors import Invalid
from newsdex.gateway.access import scope
from newsdex.gateway.door import door_of
from newsdex.gateway.responses import NOT_STORED, json_reply
from newsdex_schemas.operations import ParkedReply, ParkedResult

MAX_ID = 2**53 - 1


@scope("operate")
async def retry(request: Request) -> Response:
    """Answer with a ParkedReply."""
    return json_reply(request, ParkedReply(results=(await retried(request),)), cache=NOT_STORED)


@scope("operate")
async def drop(request: Request) -> Response:
    """Answer with a ParkedReply."""
    return json_reply(request, ParkedReply(results=(await dropped(request),)), cache=NOT_STORED)


async def retried(request: Request) -> ParkedResult:
    """Have the event of an address handled once more."""
    return await _redriven(request, lambda client, id_: client.retry_parked([id_]))


async def dropped(request: Request) -> ParkedResult:
    """Have the event of an address closed."""
    by = f"over HTTP, with the key {request.state.key.name}"
    return await _redriven(request, lambda client, id_: client.drop_parked([id_], by))


def parked_id(request: Request) -> int:
    """Return the number in an address; raise `Invalid` for what no event can have."""
    text = request.path_params["id"]
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ID)) and int(text) <= MAX_ID):
        raise Invalid("unknown_parked", "no event is parked under what is no number", "id")
    return int(text)


async def _redriven(request: Request, order: Callable[[Client, int], AsyncIterator[ParkedResult]]) -> ParkedResult:
    """Raise `Invalid` for an event that is unknown, or handled, dropped or superseded already."""
    id_ = parked_id(request)
    results = [result async for result in order(door_of(request).client, id_)]
    (result,) = results
    if result.result == "unknown":
        raise Invalid("unknown_parked", f"no event is parked under {id_}", "id")
    if result.result == "closed":
        raise Invalid("parked_closed", f"event {id_} is closed already: {result.reason}", "id")
    return result


routes = [
    Route("/api/parked/{id}/retry", retry, methods=["POST"]),
    Route("/api/parked/{id}/drop", drop, methods=["POST"]),
]
