"""The gateway's process: wires the broker, the routes and the HTTP server together."""

import asyncio
from contextlib import suppress

import structlog
from faststream.nats import NatsBroker

from newsdex import metrics
from newsdex.apps.client import Client
from newsdex.apps.listening import listen
from newsdex.apps.self_report import SelfReport
from newsdex.apps.serve import Process
from newsdex.apps.span_export import make_tracer
from newsdex.broker.connection import make_broker
from newsdex.errors import Unavailable
from newsdex.gateway.app import make_app
from newsdex.gateway.door import Door, make_door
from newsdex.gateway.server import HttpServer, make_server
from newsdex.gateway.watching import SAMPLE_EVERY_S
from newsdex.health import Health, Readiness
from newsdex.log import instance_name
from newsdex.settings import Settings
from newsdex.version import newsdex_version
from newsdex_schemas.client.refusals import Refusals

log = structlog.get_logger()

USUAL_PORT = 8080


class Gateway:
    """Takes HTTP requests and asks the service over the broker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readiness = Readiness("broker", "gateway")
        self._process = Process(self._readiness, leave=self._close)
        self._broker: NatsBroker | None = None
        self._refusals = Refusals()
        self._tracer = make_tracer("gateway", instance_name(), newsdex_version())
        self._door: Door | None = None
        self._server: HttpServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until stopped; raise the `NewsdexError` that ended it, if one did."""
        self._broker = make_broker(self._settings, name="newsdex-gateway", owner=self._process, refusals=self._refusals)
        health = Health("gateway", self._readiness)
        SelfReport("gateway", health, counted={"http_requests": metrics.HTTP_REQUESTS}).subscribe(self._broker)
        await self._process.serve(
            self._settings,
            self._broker,
            health.routes(),
            before=self._open,
            after=self._close,
        )

    async def _open(self) -> None:
        assert self._broker is not None
        settings = self._settings
        port = USUAL_PORT if settings.gateway_port is None else settings.gateway_port
        client = Client(await self._broker.connect(), self._refusals)
        self._door = make_door(settings, client)
        self._server = make_server(make_app(self._door, self._tracer))
        socket = listen(settings.gateway_host, port, "NEWSDEX_GATEWAY_PORT")
        self._serving = asyncio.create_task(self._server.serve(sockets=[socket]))
        self._serving.add_done_callback(self._ended)
        log.info("gateway.listening", host=settings.gateway_host, port=socket.getsockname()[1])
        self._process.watch(self._door.watching.sample, SAMPLE_EVERY_S)
        self._readiness.clear("gateway")

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not self._process.stopping:
            reason = task.exception() if not task.cancelled() else None
            log.error("process.failed", code="gateway_ended", error=repr(reason), exc_info=reason)
            self._process.fail(Unavailable("gateway_ended", "the HTTP server ended by itself; the log says why"))

    async def _close(self) -> None:
        """Finish what is at work, while the broker is still there."""
        if self._door is not None:
            self._door.watching.close()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            with suppress(Exception):  # what it ended with was told
                await self._serving
