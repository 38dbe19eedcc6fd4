"""The projector: a process of its own, started and fed by the indexer, so that indexing never delays an outcome."""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import IO

import structlog
from whoosh.index import LockError

from newsdex.apps.lock import lock_data_dir
from newsdex.archive.reader import ArchiveReader
from newsdex.backoff import growing_delay_s
from newsdex.errors import Misconfigured, NewsdexError, Unavailable
from newsdex.host.memory import give_back
from newsdex.index.generations.projector import NOTHING_TOOK, Projector, ProjectorStatus, Took
from newsdex.log import configure_logging
from newsdex.settings import Settings

log = structlog.get_logger()

GIVE_BACK_EVERY_S = 10.0

NICENESS = 19
"""Outcomes go first; the index catches up. The start is short, and searches wait for it: it takes its turn."""
WAKE = b"\x01"
REBUILD = b"\x02"
ROLLBACK = b"\x03"
CHECK = b"\x04"
ERASE = b"\x05"
"""What the indexer says: each a byte, so that any number of them are read together."""
MAX_WAKEUPS = 65_536
LOCK_WAIT_S = 0.1
COMMAND_TIMEOUT_S = 8.0
"""Longer than the longest piece of work, shorter than a requester waits."""
COMMAND_POLL_S = 0.02
STOP_TIMEOUT_S = 30
"""Longer than the longest commit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What the projector says after each piece of work."""

    status: ProjectorStatus
    took: Took = NOTHING_TOOK
    """How long commits and merges took since the report before."""
    commands: int = 0
    """How many commands it has taken."""
    refusal: tuple[str, str] | None = None
    """Code and message, where the last command could not be followed."""


class ProjectorProcess:
    """The indexer's end: starts the process, wakes it, passes commands on, hears how the index is."""

    def __init__(self, settings: Settings, on_report: Callable[[Report], None]) -> None:
        context = multiprocessing.get_context("spawn")
        theirs_to_hear, self._wakeups = context.Pipe(duplex=False)
        self._reports, theirs_to_say = context.Pipe(duplex=False)
        # a full pipe is full of wake-ups: one more says nothing, and must not stop the event loop
        os.set_blocking(self._wakeups.fileno(), False)
        self._on_report = on_report
        self._commands = 0
        self.report: Report | None = None
        """The last one; None until there was one."""
        self._heard_at = time.monotonic()
        self._process = context.Process(
            target=run_projector, args=(settings, theirs_to_hear, theirs_to_say), name="projector", daemon=True
        )
        self._process.start()
        theirs_to_hear.close()
        theirs_to_say.close()
        threading.Thread(target=self._follow, daemon=True).start()

    def wake(self) -> None:
        """Say that there are changes; never waits, and a process that has ended does not hear it."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._wakeups.fileno(), WAKE)

    async def command(self, command: bytes) -> Report:
        """Pass a command on, and return the report after it was taken.

        Raises `Unavailable` where it is not taken in time, and `NewsdexError` where it is refused.
        """
        try:
            os.write(self._wakeups.fileno(), command)
        except (BlockingIOError, BrokenPipeError) as error:
            raise Unavailable("projector_busy", "the projector takes no commands now; try again") from error
        self._commands += 1
        number, deadline = self._commands, time.monotonic() + COMMAND_TIMEOUT_S
        while (report := self.report) is None or report.commands < number:
            if time.monotonic() > deadline:
                raise Unavailable("projector_busy", f"the projector did not answer in {COMMAND_TIMEOUT_S:g} s")
            await asyncio.sleep(COMMAND_POLL_S)
        if report.refusal is not None:
            raise NewsdexError(*report.refusal)
        return report

    def check(self) -> None:
        """Raise `Unavailable` where the process has ended."""
        if not self._process.is_alive():
            raise Unavailable("projector_ended", f"the projector ended with exit code {self._process.exitcode}")

    def silent_s(self) -> float:
        """Return the seconds since the process said something, or since it was started."""
        return time.monotonic() - self._heard_at

    def stop(self) -> None:
        """Let the process end after the commit it is at."""
        self._wakeups.close()
        self._process.join(STOP_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()

    def _follow(self) -> None:
        with suppress(EOFError, OSError):  # it has ended: whether it may have is `check`'s question
            while True:
                self.report = self._reports.recv()
                self._heard_at = time.monotonic()
                self._on_report(self.report)


def run_projector(settings: Settings, wakeups: Connection, reports: Connection) -> None:
    """Keep the index up to date until the other end closes: the indexer stopped, or was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    configure_logging(settings, "projector")
    try:
        lock = _lock(settings, wakeups)
        if lock is None:
            return
        with lock:
            projector = Projector(ArchiveReader(settings.data_dir), settings.data_dir / "index")
            os.nice(NICENESS)
            _Loop(projector, wakeups, reports).run()
    except BrokenPipeError:
        return
    except NewsdexError as fault:
        log.error("process.failed", code=fault.code, error=fault.message)  # noqa: TRY400 - the line says it all
        raise SystemExit(fault.exit_code) from None
    except Exception:
        log.exception("process.failed", code="internal_error")
        raise SystemExit(NewsdexError.exit_code) from None


def _lock(settings: Settings, wakeups: Connection) -> IO[str] | None:
    """Wait for the projector of an indexer that was killed, which ends after its commit; None if the other end closes.

    Two at work on one index would remove each other's files.
    """
    while True:
        try:
            return lock_data_dir(settings.data_dir, "projector")
        except Misconfigured as fault:
            if fault.code != "data_dir_in_use":
                raise
            if wakeups.poll(LOCK_WAIT_S) and not os.read(wakeups.fileno(), MAX_WAKEUPS):
                return None


class _Loop:
    """Steps, reports, and waits where there is nothing to do."""

    def __init__(self, projector: Projector, wakeups: Connection, reports: Connection) -> None:
        self._projector = projector
        self._wakeups = wakeups
        self._reports = reports
        self._commands = 0
        self._refusal: tuple[str, str] | None = None
        self._failures = 0
        self._given_back_at = time.monotonic()
        self._fault: str | None = None

    def run(self) -> None:
        """Go on until the other end closes."""
        while self._wait(self._step()):
            pass

    def _step(self) -> float:
        """Do a piece of work and report; give the seconds to wait before the next one."""
        try:
            applied = self._projector.step()
        except (Unavailable, LockError, OSError) as error:
            self._failures, self._fault = self._failures + 1, str(error)
            delay_s = growing_delay_s(self._failures)
            log.error("index.commit_failed", error=str(error), delay_s=delay_s)  # noqa: TRY400 - the line says it all
            self._report()
            return delay_s
        self._failures, self._fault = 0, None
        self._report()
        if applied:
            return 0.0
        self._give_memory_back()
        return self._projector.rest_s()

    def _give_memory_back(self) -> None:
        """Give it back where there is nothing to do; now and then, for it takes some milliseconds."""
        now = time.monotonic()
        if now - self._given_back_at >= GIVE_BACK_EVERY_S:
            self._given_back_at = now
            give_back()

    def _wait(self, rest_s: float) -> bool:
        """Wait until it is time or there is something to do; after a failure it is not before it is time.

        Tells whether the other end is still there.
        """
        until = time.monotonic() + rest_s
        while self._wakeups.poll(max(0.0, until - time.monotonic())):
            said = os.read(self._wakeups.fileno(), MAX_WAKEUPS)
            if not said:
                return False
            for command in said.replace(WAKE, b""):
                self._take(bytes([command]))
            if not self._failures:
                break
        return True

    def _take(self, command: bytes) -> None:
        orders = {
            REBUILD: self._projector.rebuild,
            ROLLBACK: self._projector.roll_back,
            CHECK: self._projector.check_soon,
            ERASE: self._projector.erase,
        }
        self._commands += 1
        self._refusal = None
        try:
            orders[command]()
        except NewsdexError as fault:
            self._refusal = fault.code, fault.message
        self._report()

    def _report(self) -> None:
        status = self._projector.status
        status = replace(status, fault=self._fault or status.fault)
        took = self._projector.took()
        self._reports.send(Report(status=status, took=took, commands=self._commands, refusal=self._refusal))
