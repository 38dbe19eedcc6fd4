"""Runs a FastStream application with its health routes until it is asked to stop or cannot go on."""

import asyncio
import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from types import FrameType
from typing import Any, Literal

import structlog
import uvicorn
from faststream.asgi import AsgiFastStream
from faststream.asgi.types import ASGIApp
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError

from newsdex.apps.http_limits import MAX_CONNECTIONS, LimitedHttp
from newsdex.apps.listening import listen
from newsdex.broker.connection import GRACEFUL_TIMEOUT_S
from newsdex.errors import NewsdexError, Unavailable
from newsdex.health import Readiness
from newsdex.host.handles import raise_handle_limit
from newsdex.host.memory import give_back, share_heaps
from newsdex.log import faststream_logger
from newsdex.settings import Settings

log = structlog.get_logger()

GIVE_BACK_EVERY_S = 60.0
ANSWERS_AFTER_S = 1.0
"""A broker that is there has taken the connection by then."""
Hook = Callable[[], Awaitable[None]]


class Process:
    """One serving process: anything in it may end it with an error, which becomes the exit code."""

    def __init__(self, readiness: Readiness, leave: Hook | None = None) -> None:
        """Take what runs first when it is asked to stop, while the broker is still there."""
        self.readiness = readiness
        self._leave = leave
        self.stopping = False
        self._failure: NewsdexError | None = None
        self._server: uvicorn.Server | None = None
        self._connecting: asyncio.Task[Any] | None = None
        self._watches: list[asyncio.Task[None]] = []

    def fail(self, error: NewsdexError) -> None:
        """End the process; the first error counts."""
        self._failure = self._failure or error
        self._stop()

    def _stop(self) -> None:
        self.stopping = True
        if self._server is not None:
            self._server.should_exit = True
        if self._connecting is not None:
            self._connecting.cancel()

    def _on_signal(self, _: int, __: FrameType | None) -> None:
        self._stop()

    def watch(self, check: Hook, every_s: float) -> None:
        """Repeat a check for as long as the process serves; whatever it raises ends the process."""
        self._watches.append(asyncio.create_task(self._repeat(check, every_s)))

    async def _repeat(self, check: Hook, every_s: float) -> None:
        while True:
            try:
                await check()
            except NewsdexError as error:
                self.fail(error)
                return
            except Exception:
                # a defect: without the check, nobody would learn of what it looks for
                log.exception("process.check_failed", check=getattr(check, "__qualname__", repr(check)))
                self.fail(NewsdexError("internal_error", "a check of newsdex failed; the log has the traceback"))
                return
            await asyncio.sleep(every_s)

    async def serve(
        self,
        settings: Settings,
        broker: NatsBroker,
        routes: Sequence[tuple[str, ASGIApp]],
        *,
        after: Hook,
        before: Hook | None = None,
    ) -> None:
        """Connect, run `before`, consume until stopped; raise the error that ended it, if one did.

        `after` runs however it ends: what `before` started must not outlive the process, or keep it from ending.
        """
        # uvicorn raises the signals it caught once more when it is done: ours takes them
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        raise_handle_limit()
        share_heaps()
        log.info("process.started", **settings.masked())
        try:
            with listen(settings.http_host, settings.http_port) as listening:
                if await self._connect(broker, listening, routes):
                    self.watch(self._give_memory_back, GIVE_BACK_EVERY_S)
                    if before is not None:
                        await before()
                    await self._serve(listening, self._app(broker, routes))
        except NewsdexError as error:
            self._failure = self._failure or error  # the first is the cause of those that follow
        finally:
            await after()
        if self._failure is not None:
            raise self._failure
        log.info("process.stopped")

    async def _give_memory_back(self) -> None:
        await asyncio.to_thread(give_back)

    async def _connect(
        self, broker: NatsBroker, listening: socket.socket, routes: Sequence[tuple[str, ASGIApp]]
    ) -> bool:
        """Wait for the broker, without an end; tell whether it is there, or the process was stopped.

        Who asks meanwhile is told that it is not: a process that does not answer would be taken for one that hangs.
        """
        self._connecting = asyncio.create_task(broker.connect())
        try:
            if not (await asyncio.wait({self._connecting}, timeout=ANSWERS_AFTER_S))[0]:
                await self._answer_while(self._connecting, listening, routes)
            await self._connecting
        except asyncio.CancelledError:
            return False
        except (NatsError, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise Unavailable("broker_unavailable", f"the broker does not take the connection: {reason}") from error
        self._connecting = None
        return True

    async def _answer_while(
        self, connecting: asyncio.Task[Any], listening: socket.socket, routes: Sequence[tuple[str, ASGIApp]]
    ) -> None:
        self.readiness.fail("broker", "it is not there yet; it is tried again without an end")
        server = uvicorn.Server(_served(AsgiFastStream(asgi_routes=list(routes)), lifespan="off"))

        def end(_: asyncio.Task[Any]) -> None:
            server.should_exit = True

        connecting.add_done_callback(end)
        # a socket of its own, for a server closes those that it is given
        await server.serve(sockets=[listening.dup()])

    def _app(self, broker: NatsBroker, routes: Sequence[tuple[str, ASGIApp]]) -> AsgiFastStream:
        async def end_watches() -> None:
            self.stopping = True
            if self._leave is not None:
                await self._leave()
            for watch in self._watches:
                watch.cancel()

        async def ready() -> None:
            # what is there now, modules above all, stays: to go through it for garbage stops everything for 50 ms
            gc.collect()
            gc.freeze()
            self.readiness.clear("broker")
            log.info("process.ready")

        return AsgiFastStream(
            broker,
            logger=faststream_logger(),
            asgi_routes=list(routes),
            after_startup=[ready],
            on_shutdown=[end_watches],
        )

    async def _serve(self, listening: socket.socket, app: AsgiFastStream) -> None:
        self._server = uvicorn.Server(_served(app))
        if not self.stopping:
            await self._server.serve(sockets=[listening])


def _served(app: AsgiFastStream, lifespan: Literal["auto", "off"] = "auto") -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http=LimitedHttp,
        ws="none",
        # as many are accepted in one go, before any of them can be closed again
        backlog=MAX_CONNECTIONS,
        timeout_graceful_shutdown=int(GRACEFUL_TIMEOUT_S),
        lifespan=lifespan,
    )
