"""Reads the serving generation again while nothing else is to do, so that damage is found before a query meets it."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from newsdex.errors import Unavailable
from newsdex.index.generations.feed import ChangeFeed
from newsdex.index.generations.verification import Finding, Steps, check_documents, check_files
from newsdex.index.reader import open_view

log = structlog.get_logger()

BYTES_PER_S = 16 << 20
"""Bounds what it takes of the disk."""
EVERY_S = 3_600.0
"""The pause between two rounds."""
NOT_AGAIN_S = 30.0
"""A round that ended so short a time ago answers the question once more."""


class Scrubber:
    """Rounds over the serving generation, a small step at a time."""

    def __init__(self, feed: ChangeFeed, clock_us: Callable[[], int], *, checked_us: int = 0) -> None:
        """Take when the generation was found to be well before, 0 for never."""
        self.checked_us = checked_us
        """When it last was."""
        self._feed = feed
        self._clock_us = clock_us
        self._steps: Steps | None = None
        self._ended_at = 0.0
        self._hurried = False
        self.next_at = time.monotonic() + EVERY_S
        """When there is something to do, a time of `time.monotonic`."""

    def hurry(self) -> None:
        """Begin a round now, without pauses, unless one ended a moment ago or is going on."""
        now = time.monotonic()
        if now - self._ended_at > NOT_AGAIN_S or not self._ended_at:
            self._hurried = True
            self.next_at = now

    def step(self, folder: Path) -> Finding | None:
        """Read a piece where it is time to; give what is wrong with it.

        Raises `Unavailable` where the archive cannot be read; the round begins anew then.
        """
        if time.monotonic() < self.next_at:
            return None
        steps, self._steps = self._steps or self._round(folder), None
        step = next(steps, None)
        if isinstance(step, int):
            self._steps = steps
            self.next_at = time.monotonic() + (0.0 if self._hurried else step / BYTES_PER_S)
            return None
        self._hurried = False
        self._ended_at = time.monotonic()
        self.next_at = self._ended_at + EVERY_S
        if step is None:
            self.checked_us = self._clock_us()
            log.info("index.checked", generation=folder.name)
        return step

    def _round(self, folder: Path) -> Steps:
        yield from check_files(folder)
        try:
            view = open_view(folder)
        except Unavailable as fault:
            yield Finding(code=fault.code, text=fault.message)
            return
        yield from check_documents(view, self._feed, self._clock_us())
