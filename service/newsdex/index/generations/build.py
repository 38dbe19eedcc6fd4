"""Makes a generation ready to serve, a bounded piece of work at a time: catches up, verifies, catches up again."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from newsdex.errors import Unavailable
from newsdex.index.generations.feed import ChangeFeed
from newsdex.index.generations.follower import Follower
from newsdex.index.generations.sampling import sample_queries
from newsdex.index.generations.verification import Finding, check_documents, check_files, first_finding
from newsdex.index.reader import View, open_view
from newsdex.index.writer import IndexWriter

log = structlog.get_logger()

BATCH = 250
"""Changes between which the serving generation gets its own: bounds how long those wait."""
BATCH_ALONE = 1_000
"""The same where nothing serves that could fall behind."""
SLICE_S = 0.05
"""How long verifying goes on at a time."""
LOG_EVERY_S = 5.0

Phase = Literal["waiting", "catching_up", "verifying", "verified", "ready"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildStatus:
    """How far a generation is on its way to serving."""

    generation: str | None
    """None while it waits for its beginning."""
    reason: str
    """A code: why it is built."""
    phase: Phase
    position: int
    head: int
    """The archive's newest change; it is caught up at this position."""


class Build:
    """A generation on its way to serving."""

    def __init__(self, feed: ChangeFeed, writer: IndexWriter, reason: str, clock_us: Callable[[], int]) -> None:
        self.writer = writer
        self.follower = Follower(feed, writer, clock_us)
        self.reason = reason
        self.phase: Phase = "catching_up"
        self._feed = feed
        self._clock_us = clock_us
        self._verification: Iterator[Finding | int] = iter(())
        self._logged_at = time.monotonic()

    @property
    def status(self) -> BuildStatus:
        """Tell how far it is."""
        return BuildStatus(
            generation=self.writer.folder.name,
            reason=self.reason,
            phase=self.phase,
            position=self.writer.position,
            head=self._feed.head(),
        )

    def step(self, beside: Path | None) -> int:
        """Do a bounded piece of work; give how many changes were applied. `phase` is `ready` after the last one.

        `beside` is the generation that serves and is kept up to date meanwhile, if there is one. Raises `Unavailable`:
        `index_disagrees`, `index_damaged` and `index_unreadable` where it must not serve, else where a commit failed.
        """
        batch = BATCH if beside else BATCH_ALONE
        head = self._feed.head()
        applied = self.follower.step(batch)
        caught_up = self.writer.position >= head  # as of a moment ago: under a steady load there is always one more
        if self.phase == "verifying":
            self._verify()
        elif caught_up and self.phase == "catching_up":
            self.phase = "verifying"
            self._verification = self._verifying(beside)
        if self.phase == "verified" and caught_up:
            self.phase = "ready"
        self._log_progress()
        return applied

    def _verify(self) -> None:
        until = time.monotonic() + SLICE_S
        for step in self._verification:
            if isinstance(step, Finding):
                raise Unavailable(step.code, step.text)
            if time.monotonic() > until:
                return
        self.phase = "verified"

    def _verifying(self, beside: Path | None) -> Iterator[Finding | int]:
        """Check files, documents and sample queries; views are opened when their turn comes."""
        folder = self.writer.folder
        yield from check_files(folder)
        view = open_view(folder)
        yield from check_documents(view, self._feed, self._clock_us())
        yield from sample_queries(view, self._comparable(beside), self._feed)

    def _comparable(self, beside: Path | None) -> View | None:
        """Return the serving generation where its answers are right, as far as that can be seen."""
        if beside is None:
            return None
        try:
            view = open_view(beside)
        except Unavailable:
            return None
        return view if first_finding(check_documents(view, self._feed, self._clock_us())) is None else None

    def _log_progress(self) -> None:
        now = time.monotonic()
        if now - self._logged_at > LOG_EVERY_S:
            self._logged_at = now
            status = self.status
            log.info(
                "index.generation_progress",
                generation=status.generation,
                phase=status.phase,
                position=status.position,
                head=status.head,
            )
