"""What every sink does, wherever it leads: open, hand on, wait for changes, and go on after any fault."""

import asyncio
from contextlib import suppress
from typing import NoReturn, Protocol

import structlog

from newsdex.backoff import growing_delay_s
from newsdex.errors import Misconfigured, Unavailable
from newsdex.health import Readiness

log = structlog.get_logger()

POLL_S = 0.2
"""How long a change waits at most; to look for one takes microseconds."""
LONGEST_DELAY_S = 10.0
CLOSE_TIMEOUT_S = 5.0


class Sink(Protocol):
    """Where changes go. Each method may raise `Unavailable`, or one of `faults`: it is closed and opened again then.

    So it is where a method raises `Misconfigured` once it was open: passwords and rights are exchanged.
    """

    faults: tuple[type[Exception], ...]
    """What its client raises for faults that may pass."""

    async def open(self) -> None:
        """Connect, and look up how far it came; raise `Misconfigured` where we are refused."""

    async def step(self) -> bool:
        """Hand on a bounded piece, and keep the position behind it; return whether there was anything."""

    async def close(self) -> None:
        """Give the connection up, whatever state it is in."""


class Flow:
    """From the archive into a sink, until it is cancelled."""

    def __init__(self, sink: Sink, readiness: Readiness) -> None:
        self._sink = sink
        self._readiness = readiness
        self._faults: tuple[type[Exception], ...] = (*sink.faults, OSError, TimeoutError)
        self._was_open = False
        self._told: str | None = None
        """The fault that the log has a line of, while it lasts."""

    async def run(self) -> NoReturn:
        """Hand changes on; raise `Misconfigured` where we are refused from the first."""
        failures = 0
        while True:
            try:
                await self._sink.open()
                self._was_open = True
                while True:
                    if not await self._sink.step():
                        await asyncio.sleep(POLL_S)
                    self._well()
                    failures = 0
            except Misconfigured as fault:
                if not self._was_open:
                    raise
                self._tell(fault.code, fault.message)
            except Unavailable as fault:
                self._tell(fault.code, fault.message)
            except self._faults as error:
                self._tell("sink_unavailable", str(error) or type(error).__name__)
            finally:
                with suppress(*self._faults, Unavailable):
                    await asyncio.wait_for(self._sink.close(), CLOSE_TIMEOUT_S)
            failures += 1
            await asyncio.sleep(min(growing_delay_s(failures), LONGEST_DELAY_S))

    def _well(self) -> None:
        if self._told is not None:
            log.info("sink.recovered")
        self._told = None
        self._readiness.clear("sink")

    def _tell(self, code: str, error: str) -> None:
        self._readiness.fail("sink", error)
        if self._told != code:
            log.warning("sink.failed", code=code, error=error)
        self._told = code
