"""The relay's process: reads a source, publishes to our stream, and settles at the source what our broker has."""

import asyncio
from contextlib import suppress

import structlog
from faststream.nats import NatsBroker

from newsdex.apps.serve import Process
from newsdex.backoff import growing_delay_s
from newsdex.broker.connection import make_broker
from newsdex.errors import NewsdexError, Unavailable
from newsdex.health import Health, Readiness
from newsdex.relay.flow import LONGEST_DELAY_S, Flow
from newsdex.relay.source import Source
from newsdex.settings import Settings
from newsdex_schemas.client import Message
from newsdex_schemas.client.over_nats import NatsTransport
from newsdex_schemas.client.refusals import Refusals

log = structlog.get_logger()


class Relay:
    """Brings a source's records into the stream: none is lost, and what comes twice has one message id."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self._settings = settings
        self._source = source
        self._readiness = Readiness("broker", "source")
        self._process = Process(self._readiness, leave=self._close)
        self._refusals = Refusals()
        self._broker: NatsBroker | None = None
        self._transport: NatsTransport | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._told: str | None = None
        """Why nothing is published now, by its code."""

    async def run(self) -> None:
        """Relay until stopped; raise the `NewsdexError` that ended it, if one did."""
        self._broker = make_broker(self._settings, name="newsdex-relay", owner=self._process, refusals=self._refusals)
        routes = Health("relay", self._readiness).routes()
        await self._process.serve(self._settings, self._broker, routes, before=self._open, after=self._close)

    async def _open(self) -> None:
        assert self._broker is not None
        connection = await self._broker.connect()
        self._transport = NatsTransport(connection, self._refusals)
        self._relaying = asyncio.create_task(self._relay())

    async def _close(self) -> None:
        if self._relaying is not None:
            self._relaying.cancel()
            with suppress(asyncio.CancelledError):
                await self._relaying

    async def _relay(self) -> None:
        try:
            await Flow(self._source, self._publish, self._readiness).run()
        except NewsdexError as error:
            self._process.fail(error)
        except Exception:
            log.exception("relay.failed")
            self._process.fail(NewsdexError("internal_error", "the relay failed; the log has the traceback"))

    async def _publish(self, message: Message) -> bool:
        """Publish until our broker has it; return whether it had it before. Raises `Invalid` where it never will."""
        assert self._transport is not None
        failures = 0
        while True:
            try:
                _, repeated = await self._transport.publish_one(message)
            except Unavailable as fault:
                failures += 1
                self._tell(fault, message.origin)
                await asyncio.sleep(min(growing_delay_s(failures), LONGEST_DELAY_S))
            else:
                self._told = None
                self._readiness.clear("stream")
                return repeated

    def _tell(self, fault: Unavailable, origin: str) -> None:
        self._readiness.fail("stream", fault.message)
        if self._told != fault.code:
            log.warning("relay.not_published", code=fault.code, error=fault.message, origin=origin)
        self._told = fault.code
