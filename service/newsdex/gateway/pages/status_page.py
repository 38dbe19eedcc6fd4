"""`/status`: how the service is, for operators, drawn live; and what they do with parked events."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsdex.errors import Invalid, NewsdexError
from newsdex.gateway.access import OPEN, scope
from newsdex.gateway.api.parked import dropped, parked_id, retried
from newsdex.gateway.door import door_of
from newsdex.gateway.operators import form_of, form_token, operator_of, sign_in, sign_out, signed_form
from newsdex.gateway.pages.status_view import status_view
from newsdex.gateway.problems import CHALLENGE
from newsdex.gateway.responses import NOT_STORED, event_stream
from newsdex_schemas.operations import ParkedResult

NOT_SIGNED_IN = ("key_missing", "wrong_key", "wrong_scope")


@scope(OPEN)  # each handler looks for the operator's cookie
async def status_page(request: Request) -> Response:
    """Answer with how the service is now."""
    try:
        operator_of(request)
    except Invalid as fault:
        return _signing_in(request, fault)
    door = door_of(request)
    view = status_view(await door.watching.look())
    done = request.query_params.get("done", "")
    return door.pages.render(
        request, "status.html", cache=NOT_STORED, view=view, token=form_token(request), done=done[:200],
    )  # fmt: skip


@scope(OPEN)
async def live(request: Request) -> Response:
    """Send the parts of the page every two seconds, as server-sent events, for as long as the key opens them."""
    operator_of(request)
    door, token = door_of(request), form_token(request)
    door.watching.refuse_too_many()
    template = door.pages.environment.get_template("status_parts.html")

    async def texts() -> AsyncIterator[str]:
        async for seen in door.watching.follow():
            try:
                operator_of(request)
            except NewsdexError:
                return
            yield template.render(view=status_view(seen), token=token)

    return event_stream(texts())


@scope(OPEN)
async def enter(request: Request) -> Response:
    """Let in whoever has a key of the scope operate."""
    secret = (await form_of(request)).get("key", "").strip()
    try:
        key = request.app.state.access.check("operate", request.state.caller, f"Bearer {secret}")
    except Invalid as fault:
        return _signing_in(request, fault)
    response = _to_status()
    sign_in(request, response, key)
    return response


@scope(OPEN)
async def leave(request: Request) -> Response:
    """End the session."""
    try:
        await signed_form(request)
    except Invalid as fault:
        return _signing_in(request, fault)
    response = _to_status()
    sign_out(request, response)
    return response


@scope(OPEN)
async def parked(request: Request) -> Response:
    """Answer with an event that is parked, and whether to drop it."""
    try:
        operator_of(request)
    except Invalid as fault:
        return _signing_in(request, fault)
    door = door_of(request)
    (event,) = (await door.client.parked(id_=parked_id(request))).events
    return door.pages.render(request, "parked.html", cache=NOT_STORED, event=event, token=form_token(request))


@scope(OPEN)
async def retry(request: Request) -> Response:
    """Have an event handled once more, and say what became of it."""
    await signed_form(request)
    return _done(await retried(request))


@scope(OPEN)
async def drop(request: Request) -> Response:
    """Close an event, and say so."""
    await signed_form(request)
    return _done(await dropped(request))


def _done(result: ParkedResult) -> Response:
    reason = f" ({result.reason})" if result.reason else ""
    return _to_status(f"Event {result.id}: {result.result}{reason}")


def _to_status(done: str = "") -> Response:
    address = f"/status?{urlencode({'done': done})}" if done else "/status"
    return RedirectResponse(address, 303, {"cache-control": NOT_STORED})


def _signing_in(request: Request, fault: Invalid) -> Response:
    """Answer with a form for the key; raise what no key mends."""
    if fault.code not in NOT_SIGNED_IN:
        raise fault
    said = "" if fault.code == "key_missing" else f"{fault.message[0].upper()}{fault.message[1:]}."
    request.state.code = fault.code
    response = door_of(request).pages.render(
        request, "sign_in.html", status=401, headers={"www-authenticate": CHALLENGE}, cache=NOT_STORED, said=said
    )
    if fault.code == "wrong_key":
        sign_out(request, response)  # of a key that was revoked
    return response


routes = [
    Route("/status", status_page),
    Route("/status/live", live),
    Route("/status/sign-in", enter, methods=["POST"]),
    Route("/status/sign-out", leave, methods=["POST"]),
    Route("/status/parked/{id}", parked),
    Route("/status/parked/{id}/retry", retry, methods=["POST"]),
    Route("/status/parked/{id}/drop", drop, methods=["POST"]),
]
