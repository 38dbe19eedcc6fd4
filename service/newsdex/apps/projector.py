"""The projector: a process of its own, started and fed by the indexer, so that indexing never delays an outcome."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

import structlog
from whoosh.index import LockError

from newsdex.apps.lock import lock_data_dir
from newsdex.archive.reader import ArchiveReader
from newsdex.backoff import growing_delay_s
from newsdex.errors import NewsdexError, Unavailable
from newsdex.index.projector import Projector
from newsdex.log import configure_logging
from newsdex.settings import Settings

log = structlog.get_logger()

NICENESS = 19
"""Outcomes go first; the index catches up."""
WAKE = b"\x01"
MAX_WAKEUPS = 65_536
STOP_TIMEOUT_S = 30
"""Longer than the longest commit."""


class ProjectorProcess:
    """The indexer's end: starts the process, wakes it, hears its position."""

    def __init__(self, settings: Settings, on_position: Callable[[int], None]) -> None:
        context = multiprocessing.get_context("spawn")
        theirs_to_hear, self._wakeups = context.Pipe(duplex=False)
        self._positions, theirs_to_say = context.Pipe(duplex=False)
        # a full pipe is full of wake-ups: one more says nothing, and must not stop the event loop
        os.set_blocking(self._wakeups.fileno(), False)
        self._on_position = on_position
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

    def check(self) -> None:
        """Raise `Unavailable` where the process has ended."""
        if not self._process.is_alive():
            raise Unavailable("projector_ended", f"the projector ended with exit code {self._process.exitcode}")

    def stop(self) -> None:
        """Let the process end after the commit it is at."""
        self._wakeups.close()
        self._process.join(STOP_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()

    def _follow(self) -> None:
        with suppress(EOFError, OSError):  # it has ended: whether it may have is `check`'s question
            while True:
                self._on_position(self._positions.recv())


def run_projector(settings: Settings, wakeups: Connection, positions: Connection) -> None:
    """Drain the feed at every wake-up until the other end closes: the indexer stopped, or was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(NICENESS)
    configure_logging(settings, "projector")
    try:
        # an indexer that was killed leaves its projector at a commit: two at work would remove each other's files
        with lock_data_dir(settings.data_dir, "projector", wait=True):
            projector = Projector(ArchiveReader(settings.data_dir), settings.data_dir / "index")
            while not _drain(projector, positions, wakeups) and os.read(wakeups.fileno(), MAX_WAKEUPS):
                pass
    except BrokenPipeError:
        return
    except Exception:
        log.exception("process.failed", code="internal_error")
        raise SystemExit(NewsdexError.exit_code) from None


def _drain(projector: Projector, positions: Connection, wakeups: Connection) -> bool:
    """Apply what is pending; tell whether the other end closed meanwhile."""
    failures = 0
    while True:
        try:
            applied = projector.step()
        except (Unavailable, LockError) as fault:
            failures += 1
            delay_s = growing_delay_s(failures)
            log.error("index.commit_failed", error=str(fault), delay_s=delay_s)  # noqa: TRY400 - the line says it all
            if wakeups.poll(delay_s) and not os.read(wakeups.fileno(), MAX_WAKEUPS):
                return True
            continue
        failures = 0
        positions.send(projector.position)
        if not applied:
            return False
        if wakeups.poll() and not os.read(wakeups.fileno(), MAX_WAKEUPS):
            return True
