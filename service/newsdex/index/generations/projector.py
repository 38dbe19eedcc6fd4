"""Drains the archive's change feed into the index: whatever is pending is one batch and one commit."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog
from whoosh.index import LockError

from newsdex.backoff import growing_delay_s
from newsdex.clock import now_us
from newsdex.errors import NewsdexError, Unavailable
from newsdex.index.generations.build import Build, BuildStatus
from newsdex.index.generations.feed import ChangeFeed
from newsdex.index.generations.follower import Follower
from newsdex.index.generations.generations import (
    announce,
    begin,
    building,
    forget_others,
    give_up,
    others,
    previous,
    serving,
    swap,
)
from newsdex.index.generations.scrubber import Scrubber
from newsdex.index.generations.verification import Finding, check_tail
from newsdex.index.reader import open_view
from newsdex.index.writer import IndexWriter

log = structlog.get_logger()

MAX_BATCH = 1_000
"""Bounds the memory of a commit, and how long a change can wait behind a backlog."""
ERASING_POLL_S = 0.05
LOOK_AT_CLOCK_S = 5.0
"""So long a clock that is set forward goes unnoticed while nothing else happens."""
ANOTHER_MAKER = "index_version"
ROLLBACK = "rollback"
MISSING = "index_rebuilding"
"""What searches hear where there is no index."""
DAMAGE = frozenset({"index_damaged", "index_unreadable", "index_disagrees", ANOTHER_MAKER})
"""Codes of what a new generation mends, and trying again does not."""


class Took(NamedTuple):
    """Seconds that pieces of work took, each."""

    commits: Sequence[float]
    merges: Sequence[float]


NOTHING_TOOK = Took((), ())


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectorStatus:
    """How the index is."""

    position: int
    """Changes up to this sequence number are searchable; 0 where no generation is kept up to date."""
    generation: str | None
    """The generation that is kept up to date, and serves."""
    build: BuildStatus | None = None
    fault: str | None = None
    """What went wrong last, and has not gone well since."""
    checked_us: int = 0
    """When a round over the serving generation last found nothing wrong; 0 before the first since the start."""
    erased_up_to: int = 0
    """Of what was deleted up to this sequence number, no word is left in any generation."""
    damages: int = 0
    """How often a generation that served was found damaged since the start."""


class Projector:
    """Keeps the serving generation up to date, and makes a new one beside it where it is asked for or needed."""

    def __init__(self, feed: ChangeFeed, root: Path, clock_us: Callable[[], int] = now_us) -> None:
        """Take the clock that embargoes and expiries go by, as microseconds since 1970."""
        self._feed = feed
        self._root = root
        self._clock_us = clock_us
        self._serving: Follower | None = None
        self._build: Build | None = None
        self._wanted: Finding | None = None
        """Why a generation has to be made from nothing."""
        self._build_failures = 0
        self._build_paused_until = 0.0
        self._scrubber = Scrubber(feed, clock_us)
        self._erasing: int | None = None
        """Up to this sequence number, what is deleted has to leave the disk."""
        self._erased_up_to = 0
        self._rewriting: IndexWriter | None = None
        self._damages = 0
        self._fault: str | None = None
        with suppress(Unavailable):  # the first step tries again
            self._open()

    @property
    def position(self) -> int:
        """Return the sequence number up to which changes are searchable; 0 where no generation is kept up to date."""
        return self._serving.writer.position if self._serving else 0

    @property
    def busy(self) -> bool:
        """Tell whether a generation is being made ready, or has to be."""
        return self._build is not None or self._wanted is not None

    @property
    def status(self) -> ProjectorStatus:
        """Tell how the index is."""
        return ProjectorStatus(
            position=self.position,
            generation=self._serving.writer.folder.name if self._serving else None,
            build=self._build_status,
            fault=self._fault,
            checked_us=self._scrubber.checked_us,
            erased_up_to=self._erased_up_to,
            damages=self._damages,
        )

    @property
    def _build_status(self) -> BuildStatus | None:
        if self._build is not None:
            return self._build.status
        if self._wanted is None:
            return None
        head = self._feed.head()
        return BuildStatus(generation=None, reason=self._wanted.code, phase="waiting", position=0, head=head)

    def took(self) -> Took:
        """Return how long commits and merges took since this was asked before."""
        writers = [one.writer for one in (self._serving, self._build) if one is not None]
        return Took(
            [took_s for writer in writers for took_s in writer.commits_took_s.drained()],
            [took_s for writer in writers for took_s in writer.merges_took_s.drained()],
        )

    def rest_s(self) -> float:
        """Return the seconds for which there is nothing to do but to wait for changes, up to `LOOK_AT_CLOCK_S`.

        A clock may be set while this one waits: it is looked at again and again.
        """
        until = self._build_paused_until if self.busy else self._scrubber.next_at
        rests = [LOOK_AT_CLOCK_S if self._erasing is None else ERASING_POLL_S, until - time.monotonic()]
        next_us = self._serving.next_us if self._serving else None
        if next_us is not None:
            rests.append((next_us - self._clock_us()) / 1e6)
        return max(0.0, min(rests))

    def step(self) -> int:
        """Do a bounded piece of work; give how many changes were applied.

        A new generation serves once it has caught up and is verified. Raises `Unavailable` where a commit failed, or
        where nothing could be made that may serve; trying again later may work.
        """
        if self._serving is None and not self.busy:
            self._open()
        applied = self._follow()
        if self.busy and time.monotonic() >= self._build_paused_until:
            applied += self._advance()
        elif not applied and not self.busy and self._serving is not None:
            self._look(self._serving.writer.folder)
        self._erase()
        if not self._build_failures:
            self._fault = None
        return applied

    def rebuild(self) -> None:
        """Have a generation made from nothing, unless one is being made already."""
        if not self.busy:
            self._wanted = Finding(code="requested", text="an operator asked for it")

    def roll_back(self) -> None:
        """Begin to make the generation that served before ready to serve again.

        Raises `NewsdexError` where there is none that could be, or another is being made ready.
        """
        folder = previous(self._root)
        if folder is None:
            raise NewsdexError("no_previous_generation", "there is no generation to go back to")
        if self.busy:
            raise Unavailable("index_build_running", "a generation is being made ready already; try again afterwards")
        self._begin(Finding(code=ROLLBACK, text="an operator asked for it"), IndexWriter(folder))

    def check_soon(self) -> None:
        """Check the serving generation now, unless that was done a moment ago."""
        self._scrubber.hurry()

    def erase(self) -> None:
        """Begin to remove every word of what is deleted by now: segments are rewritten, other generations removed.

        `status` says when that is done. A generation that was being made ready is begun anew.
        """
        self._erasing, self._rewriting = self._feed.head(), None
        if self._build is not None:
            reason = self._build.reason
            give_up(self._root)
            self._build = None
            if reason != ROLLBACK:
                self._wanted = Finding(code=reason, text="begun anew, without what is erased")

    def _erase(self) -> None:
        """Go on with erasing; with a generation that serves since, from its beginning."""
        if self._erasing is None or self._serving is None or self.position < self._erasing:
            return
        writer = self._serving.writer
        if self._rewriting is not writer:
            self._rewriting = writer
            writer.rewrite_deleted()
        if writer.is_rewritten:
            forget_others(self._root, building=self._build.writer.folder if self._build else None)
            self._erased_up_to, self._erasing, self._rewriting = self._erasing, None, None
            log.info("index.erased", generation=writer.folder.name, position=self._erased_up_to)
        else:
            writer.tidy(self._clock_us())

    def finish_merging(self) -> None:
        """Wait until nothing is left to merge; otherwise merges go on beside the commits."""
        for follower in (self._serving, self._build):
            if follower is not None:
                follower.writer.finish_merging()

    def _open(self) -> None:
        try:
            self._serving = self._following(self._opened(serving(self._root)))
        except Unavailable as fault:
            if fault.code not in {*DAMAGE, MISSING}:
                raise
            if fault.code in DAMAGE - {ANOTHER_MAKER}:
                self._tell_damage(fault.code, fault.message)
            self._mend(fault)
            return
        log.info("index.opened", generation=self._serving.writer.folder.name, position=self.position)
        cut_off = building(self._root)
        if cut_off is None:
            return
        reason = Finding(code=cut_off.reason, text="its building was cut off")
        try:
            self._begin(reason, IndexWriter(self._root / cut_off.generation))
        except Unavailable:
            self._wanted = reason

    def _opened(self, folder: Path) -> IndexWriter:
        """Open a generation that is as it was written, and of this archive; raise `Unavailable` for another."""
        writer = IndexWriter(folder)
        finding = check_tail(open_view(folder), self._feed, self._clock_us())
        if finding is not None:
            raise Unavailable(finding.code, finding.text)
        return writer

    def _mend(self, fault: Unavailable) -> None:
        """Make ready what can serve soonest: a generation that only needs to catch up, or else a new one."""
        code = "index_missing" if fault.code == MISSING else fault.code
        reason = Finding(code=code, text=fault.message)
        writers = []
        for folder in others(self._root):
            with suppress(Unavailable):
                writers.append(self._opened(folder))
        if writers and not self._build_failures:
            self._begin(reason, max(writers, key=lambda writer: writer.position))
        else:
            self._wanted = reason

    def _following(self, writer: IndexWriter) -> Follower:
        return Follower(self._feed, writer, self._clock_us)

    def _begin(self, reason: Finding, writer: IndexWriter) -> None:
        announce(self._root, writer.folder, reason.code)
        self._build, self._wanted = Build(self._feed, writer, reason.code, self._clock_us), None
        log.info(
            "index.generation_started",
            generation=writer.folder.name,
            position=writer.position,
            code=reason.code,
            reason=reason.text,
        )

    def _follow(self) -> int:
        """Apply what is pending or due to the serving generation, at most one batch."""
        if self._serving is None:
            return 0
        try:
            return self._serving.step(MAX_BATCH)
        except Unavailable as fault:
            if fault.code not in DAMAGE:
                self._fault = fault.message
                raise
            self._lose(fault)
            return 0

    def _lose(self, fault: Unavailable) -> None:
        """Stop writing the serving generation; searches go on in it as far as it can be read."""
        self._tell_damage(fault.code, fault.message)
        self._serving = None
        if not self.busy:
            self._mend(fault)

    def _advance(self) -> int:
        """Bring the generation that is made ready a piece further; where that fails, try again later."""
        try:
            if self._wanted is not None:
                self._begin(self._wanted, IndexWriter.create(begin(self._root), self._clock_us()))
            assert self._build is not None
            applied = self._build.step(self._serving.writer.folder if self._serving else None)
            if self._build.phase == "ready":
                self._swap(self._build)
        except (Unavailable, LockError, OSError) as error:
            self._build_failed(error)
            return 0
        self._build_failures = 0
        return applied

    def _look(self, folder: Path) -> None:
        """Check a piece of the serving generation, where it is time to."""
        self._wanted = self._scrubber.step(folder)
        if self._wanted is not None:
            self._tell_damage(self._wanted.code, self._wanted.text)

    def _tell_damage(self, code: str, text: str) -> None:
        self._damages += 1
        log.error("index.damaged", code=code, error=text)

    def _swap(self, build: Build) -> None:
        swap(self._root, build.writer.folder, kept=self._kept(build))
        self._serving, self._build = build.follower, None
        self._scrubber = Scrubber(self._feed, self._clock_us, checked_us=self._clock_us())
        log.info(
            "index.generation_swapped",
            generation=build.writer.folder.name,
            position=build.writer.position,
            code=build.reason,
        )

    def _kept(self, build: Build) -> Path | None:
        """Choose the generation to go back to: the one before, unless it is damaged."""
        if self._serving is not None and build.reason not in DAMAGE:
            return self._serving.writer.folder
        if build.reason == ANOTHER_MAKER:  # the newsdex that made it can serve it, should this one be taken back
            return serving(self._root)
        folder = previous(self._root)
        return None if folder == build.writer.folder else folder

    def _build_failed(self, error: Exception) -> None:
        """Say what failed, and when it is tried again; what must not serve is given up.

        Raises `Unavailable` where nothing serves meanwhile.
        """
        self._build_failures += 1
        self._fault = str(error)
        code = error.code if isinstance(error, Unavailable) else "index_commit_failed"
        if code in DAMAGE:
            log.error("index.generation_failed", code=code, error=str(error))
            give_up(self._root)
            self._build = None
        if self._serving is None:
            raise Unavailable(code, str(error)) from error
        if self.busy:
            delay_s = growing_delay_s(self._build_failures)
            self._build_paused_until = time.monotonic() + delay_s
            log.error("index.commit_failed", error=str(error), delay_s=delay_s)
