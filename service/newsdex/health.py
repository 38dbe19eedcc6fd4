"""`/live`, `/ready` and `/metrics` of a process."""

from collections.abc import Callable, Sequence
from typing import Any

from faststream.asgi import AsgiResponse, get
from faststream.asgi.types import ASGIApp
from prometheus_client import make_asgi_app

from newsdex.errors import Unavailable


class Readiness:
    """Collects why a process is not ready; ready when nothing is left."""

    def __init__(self, *pending: str) -> None:
        self._reasons: dict[str, str] = dict.fromkeys(pending, "starting")

    def clear(self, what: str) -> None:
        """Say that this part is well."""
        self._reasons.pop(what, None)

    def fail(self, what: str, reason: str) -> None:
        """Say that this part is not, and why."""
        self._reasons[what] = reason

    def __bool__(self) -> bool:
        return not self._reasons

    def reasons(self) -> dict[str, str]:
        """Give part → reason."""
        return dict(self._reasons)


def health_routes(readiness: Readiness, probe: Callable[[], None] = lambda: None) -> Sequence[tuple[str, ASGIApp]]:
    """Give the routes; `probe` looks at something at each request and raises `Unavailable` where it is not well."""

    @get
    async def live(_: Any) -> AsgiResponse:
        return AsgiResponse(b"live\n", 200)

    @get
    async def ready(_: Any) -> AsgiResponse:
        reasons = readiness.reasons()
        try:
            probe()
        except Unavailable as fault:
            reasons[fault.code] = fault.message
        if not reasons:
            return AsgiResponse(b"ready\n", 200)
        text = "".join(f"{what}: {reason}\n" for what, reason in reasons.items())
        return AsgiResponse(text.encode(), 503)

    return [("/live", live), ("/ready", ready), ("/metrics", make_asgi_app())]
