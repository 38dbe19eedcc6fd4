"""What every relay does, whatever its source: read, publish in order, settle, and go on after any fault."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NoReturn

import structlog

from newsdex import metrics
from newsdex.backoff import growing_delay_s
from newsdex.errors import Invalid, Misconfigured, NewsdexError, Unavailable
from newsdex.health import Readiness
from newsdex.relay.messages import message_of
from newsdex.relay.source import Record, Source
from newsdex_schemas.client import Message

log = structlog.get_logger()

LONGEST_DELAY_S = 5.0
CLOSE_TIMEOUT_S = 5.0
Publish = Callable[[Message], Awaitable[bool]]
"""Waits until our broker has a message, and tells whether it had it before; raises `Invalid` where it never will."""


class Flow:
    """From a source to our stream, until it is cancelled."""

    def __init__(self, source: Source, publish: Publish, readiness: Readiness) -> None:
        self._source = source
        self._publish = publish
        self._readiness = readiness
        self._faults: tuple[type[Exception], ...] = (*source.faults, OSError, TimeoutError)
        self._was_open = False
        self._told: str | None = None
        """The fault that the log has a line of, while it lasts."""

    async def run(self) -> NoReturn:
        """Relay; raise `Misconfigured` where our broker refuses us, or the source does from the first."""
        failures = 0
        while True:
            try:
                await self._open()
                while True:
                    await self._relay_some()
                    failures = 0
            except Unavailable as fault:
                self._tell(fault.code, fault.message)
            except self._faults as error:
                self._tell("relay_source_unavailable", str(error) or type(error).__name__)
            finally:
                await self._close()
            failures += 1
            await asyncio.sleep(min(growing_delay_s(failures), LONGEST_DELAY_S))

    async def _open(self) -> None:
        try:
            await self._source.open()
        except Misconfigured as fault:
            if not self._was_open:
                raise
            raise Unavailable(fault.code, fault.message) from fault  # passwords are exchanged
        self._was_open = True
        self._told = None
        self._readiness.clear("source")
        log.info("relay.reading")

    def _tell(self, code: str, error: str) -> None:
        self._readiness.fail("source", error)
        if self._told != code:
            log.warning("relay.source_failed", code=code, error=error)
        self._told = code

    async def _close(self) -> None:
        with suppress(*self._faults, Unavailable):
            await asyncio.wait_for(self._source.close(), CLOSE_TIMEOUT_S)

    async def _relay_some(self) -> None:
        records = await self._source.read()
        if not records:
            return
        in_order: dict[object, list[tuple[Record, Message]]] = {}
        for record in records:
            message, key = message_of(record)
            in_order.setdefault(key or object(), []).append((record, message))
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._publish_in_order(row)) for row in in_order.values()]
        except* NewsdexError as errors:
            raise errors.exceptions[0] from errors.exceptions[0].__cause__
        refused = {record for task in tasks for record in task.result()}
        await self._source.settle([record for record in records if record not in refused], list(refused))

    async def _publish_in_order(self, row: Sequence[tuple[Record, Message]]) -> list[Record]:
        """Publish records of one key one behind the other; return those that our broker never takes."""
        refused = []
        for record, message in row:
            try:
                repeated = await self._publish(message)
            except Invalid as fault:
                _tell_refusal(record, fault)
                refused.append(record)
            else:
                metrics.RELAYED.labels(result="repeated" if repeated else "stored").inc()
        return refused


def _tell_refusal(record: Record, fault: Invalid) -> None:
    log.error("relay.refused", code=fault.code, error=fault.message, origin=record.origin)
    metrics.RELAYED.labels(result=fault.code).inc()
