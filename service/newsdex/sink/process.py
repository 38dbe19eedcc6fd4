"""The process of a sink: reads the archive of its data folder, and hands changes on until it is stopped."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from nats.aio.client import Client

from newsdex.apps.lock import lock_data_dir
from newsdex.apps.serve import Process
from newsdex.archive.reader import ArchiveReader
from newsdex.backoff import growing_delay_s
from newsdex.broker.connection import make_broker
from newsdex.errors import NewsdexError, Unavailable
from newsdex.health import Health, Readiness
from newsdex.settings import Settings
from newsdex.sink.flow import LONGEST_DELAY_S, Flow, Sink

log = structlog.get_logger()

MakeSink = Callable[[Settings, ArchiveReader, Client], Sink]


class SinkProcess:
    """Runs one sink; one of each kind for a data folder."""

    def __init__(self, settings: Settings, kind: str, make: MakeSink) -> None:
        self._settings = settings
        self._kind = kind
        self._make = make
        self._readiness = Readiness("broker", "sink")
        self._process = Process(self._readiness, leave=self._close)
        self._broker = make_broker(settings, name=f"newsdex-sink-{kind}", owner=self._process)
        self._flowing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Hand changes on until stopped; raise the `NewsdexError` that ended it, if one did."""
        with lock_data_dir(self._settings.data_dir, f"sink-{self._kind}"):
            routes = Health("sink", self._readiness).routes()
            await self._process.serve(self._settings, self._broker, routes, before=self._open, after=self._close)

    async def _open(self) -> None:
        connection = await self._broker.connect()
        self._flowing = asyncio.create_task(self._flow(connection))

    async def _close(self) -> None:
        if self._flowing is not None:
            self._flowing.cancel()
            with suppress(asyncio.CancelledError):
                await self._flowing

    async def _flow(self, connection: Client) -> None:
        try:
            archive = await self._archive()
            try:
                await Flow(self._make(self._settings, archive, connection), self._readiness).run()
            finally:
                archive.close()
        except NewsdexError as error:
            self._process.fail(error)
        except Exception:
            log.exception("sink.crashed")
            self._process.fail(NewsdexError("internal_error", "the sink failed; the log has the traceback"))

    async def _archive(self) -> ArchiveReader:
        """Wait for the archive: the indexer makes it, or brings it to this version."""
        failures = 0
        while True:
            try:
                return ArchiveReader(self._settings.data_dir)
            except Unavailable as fault:
                failures += 1
                self._readiness.fail("sink", fault.message)
                if failures == 1:
                    log.warning("sink.failed", code=fault.code, error=fault.message)
                await asyncio.sleep(min(growing_delay_s(failures), LONGEST_DELAY_S))
