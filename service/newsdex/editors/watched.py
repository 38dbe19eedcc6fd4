"""Keeps what an editor's files say, and reads them anew when they change; a bad one changes nothing and is logged."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from newsdex.errors import NewsdexError

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
"""Looking at a dozen files takes as long as a small search."""

Value = TypeVar("Value")
Stamps = tuple[tuple[Path, int, int], ...]


class Watched(Generic[Value]):
    """The value that some files have; threads share it."""

    def __init__(  # noqa: PLR0913 - what is watched, and how often
        self,
        kind: str,
        paths: Callable[[], Sequence[Path]],
        read: Callable[[Sequence[Path]], Value],
        empty: Value,
        *,
        look_every_s: float = LOOK_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what the log calls the files, which files there are, how to read them, and what no file means.

        `read` raises a `NewsdexError` that names the file and the place of what is wrong. The files are looked at when
        `look_every_s` seconds of `clock` have passed since the last look.
        """
        self._kind = kind
        self._paths = paths
        self._read = read
        self._value = empty
        self._stamps: Stamps = ()
        self._look_every_s = look_every_s
        self._clock = clock
        self._looked_at: float | None = None
        self._lock = threading.Lock()

    def value(self) -> Value:
        """Return the newest value that could be read, as of the last look."""
        if self._looked_at is None or self._clock() >= self._looked_at + self._look_every_s:
            with self._lock:
                stamps = self._look()
                if stamps != self._stamps:
                    self._renew(stamps)
                self._looked_at = self._clock()
        return self._value

    def _look(self) -> Stamps:
        found = []
        for path in self._paths():
            try:
                status = path.stat()
            except OSError:
                continue  # just removed, or not there yet
            found.append((path, status.st_mtime_ns, status.st_size))
        return tuple(found)

    def _renew(self, stamps: Stamps) -> None:
        try:
            self._value = self._read([path for path, _, _ in stamps])
        except NewsdexError as error:
            log.warning("files.refused", kind=self._kind, code=error.code, reason=error.message)
        else:
            log.info("files.loaded", kind=self._kind, files=[path.name for path, _, _ in stamps])
        self._stamps = stamps
