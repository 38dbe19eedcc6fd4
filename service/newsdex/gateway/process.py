"""The gateway's process: wires the broker, the routes and the HTTP server together."""

import asyncio
from contextlib import suppress

import structlog
from faststream.nats import NatsBroker

from newsdex.apps.client import Client
from newsdex.apps.listening import listen
from newsdex.apps.serve import Process
from newsdex.broker.connection import make_broker
from newsdex.errors import Unavailable
from newsdex.gateway.app import make_app
from newsdex.gateway.door import Door
from newsdex.gateway.pages.assets import Assets
from newsdex.gateway.pages.rendering import Pages
from newsdex.gateway.server import HttpServer, make_server
from newsdex.health import Health, Readiness
from newsdex.settings import Settings
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
        self._server: HttpServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until stopped; raise the `NewsdexError` that ended it, if one did."""
        self._broker = make_broker(self._settings, name="newsdex-gateway", owner=self._process, refusals=self._refusals)
        await self._process.serve(
            self._settings,
            self._broker,
            Health("gateway", self._readiness).routes(),
            before=self._open,
            after=self._close,
        )

    async def _open(self) -> None:
        assert self._broker is not None
        settings = self._settings
        port = USUAL_PORT if settings.gateway_port is None else settings.gateway_port
        client = Client(await self._broker.connect(), self._refusals)
        self._server = make_server(make_app(Door(settings=settings, client=client, pages=Pages(Assets()))))
        socket = listen(settings.gateway_host, port, "NEWSDEX_GATEWAY_PORT")
        self._serving = asyncio.create_task(self._server.serve(sockets=[socket]))
        self._serving.add_done_callback(self._ended)
        log.info("gateway.listening", host=settings.gateway_host, port=socket.getsockname()[1])
        self._readiness.clear("gateway")

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not self._process.stopping:
            reason = task.exception() if not task.cancelled() else None
            log.error("process.failed", code="gateway_ended", error=repr(reason), exc_info=reason)
            self._process.fail(Unavailable("gateway_ended", "the HTTP server ended by itself; the log says why"))

    async def _close(self) -> None:
        """Finish what is at work, while the broker is still there."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            with suppress(Exception):  # what it ended with was told
                await self._serving
