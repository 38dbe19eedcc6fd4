"""Who may do what: by the scope of each route, the caller's key and where the caller is."""

import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from newsdex.api_keys import ApiKey, Keyring, Scope, keys_file
from newsdex.errors import Invalid, NewsdexError
from newsdex.gateway.callers import Caller
from newsdex.gateway.rates import Rates
from newsdex.settings import Settings

Endpoint = Callable[[Request], Awaitable[Response]]
Anything = TypeVar("Anything", bound=Endpoint)
OPEN = "open"
"""The scope of what everybody may have: files of pages, descriptions."""
FAILURES_PER_S, FAILURES_AT_ONCE = 0.2, 10.0


class TooMany(NewsdexError):  # noqa: N818 - the kind is the name
    """A caller did something too often."""

    retryable = True

    def __init__(self, code: str, message: str, retry_after_s: float) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


def scope(name: Scope | str) -> Callable[[Anything], Anything]:
    """Say which scope a route needs; one that says nothing needs `search`."""

    def mark(endpoint: Anything) -> Anything:
        endpoint.scope = name  # type: ignore[attr-defined]  # functions may have attributes
        return endpoint

    return mark


def scope_of(endpoint: object) -> str:
    """Return the scope that a route needs."""
    return str(getattr(endpoint, "scope", "search"))


class Access:
    """Decides, and counts wrong keys: who guesses learns ever less of it.

    A right key opens all the same: nobody guesses 256 bits, and behind a proxy that is not declared everybody has one
    address, where somebody's wrong keys would lock out all others.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = Keyring(keys_file(settings))
        self._public_search = settings.gateway_public_search
        self._failures = Rates(per_s=FAILURES_PER_S, burst=FAILURES_AT_ONCE)
        self._clock = clock

    def check(self, needed: str, caller: Caller, authorization: str | None) -> ApiKey | None:
        """Return the key that opens a route, None where none is needed; raise where it is closed."""
        if needed == OPEN or (needed == "search" and (self._public_search or caller.local)):
            return None
        now = self._clock()
        secret = _bearer(authorization)
        if secret is None:
            raise key_missing(needed)
        key = self._keys.find(secret)
        if key is None:
            wait_s = self._failures.wait_s(caller.address, now)
            if wait_s > 0:
                raise TooMany("too_many_keys", "too many wrong keys were tried from this address", wait_s)
            self._failures.spend(caller.address, now)
            raise _no_such_key()
        return _opening(key, needed)

    def check_digest(self, needed: str, digest: str) -> ApiKey:
        """Return the key that was shown before, by its digest; raise where it opens a route no longer."""
        key = self._keys.with_digest(digest)
        if key is None:
            raise _no_such_key()
        return _opening(key, needed)


def _no_such_key() -> Invalid:
    return Invalid("wrong_key", "there is no such key, or it was revoked")


def _opening(key: ApiKey, needed: str) -> ApiKey:
    if needed not in key.scopes:
        raise Invalid("wrong_scope", f"this needs a key of scope {needed}; the key has {', '.join(key.scopes)}")
    return key


def key_missing(needed: str) -> Invalid:
    """Return the fault of a request without a key."""
    return Invalid("key_missing", f"this needs a key of scope {needed}: Authorization: Bearer KEY")


def guarded(endpoint: Endpoint, path: str) -> Endpoint:
    """Return the endpoint of a route, which is reached by those only who may."""
    needed = scope_of(endpoint)

    @wraps(endpoint)
    async def guard(request: Request) -> Response:
        access: Access = request.app.state.access
        request.state.route = path
        request.state.key = access.check(needed, request.state.caller, request.headers.get("authorization"))
        return await endpoint(request)

    return guard


def _bearer(authorization: str | None) -> str | None:
    kind, _, secret = (authorization or "").strip().partition(" ")
    return secret.strip() if kind.lower() == "bearer" and secret.strip() else None
