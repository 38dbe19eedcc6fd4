"""Lets operators in at the pages of `/status`: once they have shown their key, by a cookie that only these pages read.

The cookie has a session's token, `SameSite=Strict` and `HttpOnly`; a form is obeyed only with what is made of that, and
from a page of ours. No route of `/api` reads the cookie.
"""

import hashlib
import hmac
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from newsdex.api_keys import ApiKey
from newsdex.errors import Invalid
from newsdex.gateway.access import Access, key_missing
from newsdex.gateway.sessions import Sessions

SECURE_COOKIE, PLAIN_COOKIE = "__Host-newsdex", "newsdex"
"""The second where there is no TLS, on this machine: a browser would not take the first."""
MAX_FORM_BYTES = 4096
MAX_FIELDS = 10
FROM_OURS = ("same-origin", "none")


def operator_of(request: Request) -> ApiKey:
    """Return the key of who is signed in; raise `Invalid` where nobody is, or the key opens nothing any more."""
    access: Access = request.app.state.access
    digest = _sessions(request).key_digest(_token(request))
    if digest is None:
        raise key_missing("operate")
    request.state.key = key = access.check_digest("operate", digest)
    return key


def sign_in(request: Request, response: Response, key: ApiKey) -> None:
    """Have a browser keep a session of who has shown a key, until it is closed, in place of one that it has."""
    _sessions(request).end(_token(request))
    _set_cookie(request, response, _sessions(request).begin(key))


def sign_out(request: Request, response: Response) -> None:
    """End the session, and have a browser forget it."""
    _sessions(request).end(_token(request))
    _set_cookie(request, response, "", max_age=0)


def form_token(request: Request) -> str:
    """Return what a form must have to be obeyed: who does not know the session's token cannot make it."""
    return hmac.new(_token(request).encode(), b"newsdex form", hashlib.sha256).hexdigest()


async def signed_form(request: Request) -> dict[str, str]:
    """Return the fields of a form of whoever is signed in; raise `Invalid` for one that no page of ours sent."""
    operator_of(request)
    fields = await form_of(request)
    if not hmac.compare_digest(fields.get("token", "").encode(), form_token(request).encode()):
        raise Invalid("foreign_form", "the form is not of a page of ours; open the page again")
    return fields


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; raise `Invalid` for one that a page of others sent, or that is too large."""
    if request.headers.get("sec-fetch-site", FROM_OURS[0]) not in FROM_OURS:
        raise Invalid("foreign_form", "the form is not of a page of ours; open the page again")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_FORM_BYTES:
                raise Invalid("request_too_large", f"a form has at most {MAX_FORM_BYTES:,} bytes")
    except ClientDisconnect as error:
        raise Invalid("body_too_slow", "the connection ended before the form did") from error
    try:
        return dict(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise Invalid("too_many", f"a form has at most {MAX_FIELDS} fields") from error


def _sessions(request: Request) -> Sessions:
    sessions = request.app.state.sessions
    assert isinstance(sessions, Sessions)
    return sessions


def _token(request: Request) -> str:
    return request.cookies.get(SECURE_COOKIE if _by_tls(request) else PLAIN_COOKIE, "")


def _by_tls(request: Request) -> bool:
    return str(request.state.caller.scheme) == "https"


def _set_cookie(request: Request, response: Response, value: str, max_age: int | None = None) -> None:
    secure = _by_tls(request)
    response.set_cookie(
        SECURE_COOKIE if secure else PLAIN_COOKIE, value, max_age=max_age, path="/", secure=secure, httponly=True,
        samesite="strict",
    )  # fmt: skip
