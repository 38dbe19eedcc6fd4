"""`/`: finds articles, for people."""

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsdex.errors import NewsdexError
from newsdex.gateway.door import Door, door_of
from newsdex.gateway.pages.address import LAST_DAY, SearchAddress
from newsdex.gateway.pages.alternatives import alternatives
from newsdex.gateway.pages.search_view import SearchView, stale_text, view_of, view_of_problem
from newsdex.gateway.problems import problem_of
from newsdex.gateway.responses import NOT_STORED, REVALIDATED
from newsdex_schemas import SearchReply
from newsdex_schemas.search import Histogram

OURS = 500
"""From this status on, the fault is not the reader's."""


async def search_page(request: Request) -> Response:
    """Answer with the page of a search; a form's address becomes the one of the state that it asks for."""
    door, address = door_of(request), SearchAddress.read(request.query_params)
    if LAST_DAY in request.query_params:
        return RedirectResponse(address.href, 303, {"cache-control": NOT_STORED})
    try:
        view, status = await _searched(door, address), 200
    except NewsdexError as error:
        request.state.code = error.code
        status, problem = problem_of(error, getattr(request.state, "correlation_id", None))
        view = view_of_problem(address, problem, fault_is_ours=status >= OURS)
    cache = NOT_STORED if status >= OURS else REVALIDATED
    stale = None if view.problem else stale_text(door.watching.late_s())
    return door.pages.render(request, "search.html", status=status, cache=cache, view=view, stale=stale)


async def _searched(door: Door, address: SearchAddress) -> SearchView:
    asked = address.page_request()
    reply, histogram = await asyncio.gather(door.client.search(asked), _histogram(door, address))
    nothing = not reply.total and not reply.promoted
    others = await alternatives(door.client, address) if nothing else []
    return view_of(address, reply, histogram, others, datetime.now(UTC))


async def _histogram(door: Door, address: SearchAddress) -> Histogram | None:
    """Return the histogram among all dates, where the address names some: its ends are what one may choose from."""
    if not address.has_dates:
        return None
    try:
        reply: SearchReply = await door.client.search(address.without_dates().request(size=0, histogram="true"))
    except NewsdexError:
        return None
    return reply.histogram


routes = [Route("/", search_page)]
