"""`/live`, `/ready` and `/metrics` of a process, and what they are answered from."""

import platform
from collections.abc import Callable, Sequence
from typing import Any

from faststream.asgi import AsgiResponse, get
from faststream.asgi.types import ASGIApp
from prometheus_client import make_asgi_app

from newsdex import metrics
from newsdex.errors import Unavailable
from newsdex.version import newsdex_version


class Readiness:
    """Collects why a process is not ready; ready when nothing is left."""

    def __init__(self, *pending: str) -> None:
        self._reasons: dict[str, str] = dict.fromkeys(pending, "starting")
        self._hung: dict[str, str] = {}

    def clear(self, what: str) -> None:
        """Say that this part is well."""
        self._reasons.pop(what, None)
        self._hung.pop(what, None)

    def fail(self, what: str, reason: str) -> None:
        """Say that this part is not, and why."""
        self._reasons[what] = reason

    def hang(self, what: str, reason: str) -> None:
        """Say that this part will not go on by itself: the process is not alive."""
        self.fail(what, reason)
        self._hung[what] = reason

    def __bool__(self) -> bool:
        return not self._reasons

    def reasons(self) -> dict[str, str]:
        """Return why the process is not ready, part → reason."""
        return dict(self._reasons)

    def hung(self) -> dict[str, str]:
        """Return why the process is not alive, part → reason."""
        return dict(self._hung)


class Health:
    """What a process says when it is asked: what it has collected, and what a look at this moment shows."""

    def __init__(self, kind: metrics.Kind, readiness: Readiness, probe: Callable[[], None] = lambda: None) -> None:
        """Take what to look at; it raises `Unavailable` where that is not well."""
        self._kind = kind
        self._readiness = readiness
        self._probe = probe

    def reasons(self) -> dict[str, str]:
        """Return why the process is not ready now, part → reason; empty where it is."""
        reasons = self._readiness.reasons()
        try:
            self._probe()
        except Unavailable as fault:
            reasons[fault.code] = fault.message
        return reasons

    def routes(self) -> Sequence[tuple[str, ASGIApp]]:
        """Return the routes of probes and of Prometheus."""

        @get
        async def live(_: Any) -> AsgiResponse:
            return _answer(b"live\n", self._readiness.hung())

        @get
        async def ready(_: Any) -> AsgiResponse:
            return _answer(b"ready\n", self.reasons())

        metrics.READY.set_function(lambda: float(not self.reasons()))
        metrics.BUILD.labels(newsdex_version(), platform.python_version()).set(1)
        return [
            ("/live", live),
            ("/ready", ready),
            ("/metrics", make_asgi_app(metrics.registry_of(self._kind))),
        ]


def _answer(well: bytes, reasons: dict[str, str]) -> AsgiResponse:
    if not reasons:
        return AsgiResponse(well, 200)
    text = "".join(f"{what}: {reason}\n" for what, reason in reasons.items())
    return AsgiResponse(text.encode(), 503)
