"""The indexer's side of its projector: wakes it, watches that it goes on, and tells how far the index is."""

from collections.abc import Callable, Sequence

from newsdex import metrics
from newsdex.apps.indexer.freshness import Freshness
from newsdex.apps.indexer.projector import ProjectorProcess, Report
from newsdex.apps.indexer.unindexed import Unindexed
from newsdex.apps.self_report import Work
from newsdex.health import Readiness
from newsdex.records.events import Result
from newsdex.settings import Settings

SILENT_S = 15.0
"""It reports after each piece of work, and every few seconds without one."""
HANGS_S = 300.0
"""Far longer than the longest piece of work: a restart would begin that anew."""


class ProjectorWatch:
    """Starts the projector's process, and holds what it said last against what the archive has."""

    def __init__(self, readiness: Readiness, indexed: Callable[[int], None]) -> None:
        """Take who hears up to which change the index is, from a thread."""
        self.projector: ProjectorProcess | None = None
        """None before it is started."""
        self._readiness = readiness
        self._indexed = indexed
        self._unindexed = Unindexed()
        self._freshness = Freshness()
        self._damages = 0

    def start(self, settings: Settings, head: int) -> None:
        """Start the process; `head` is the sequence number of the archive's newest change."""
        metrics.INDEX_OLDEST_CHANGE.set_function(lambda: self._unindexed.age_s() or 0.0)
        self._unindexed.archived(head)
        self.projector = ProjectorProcess(settings, self._reported)

    def stop(self) -> None:
        """Let the process end after the commit it is at, where there is one."""
        if self.projector is not None:
            self.projector.stop()

    def archived(self, sequence: int, results: Sequence[Result]) -> None:
        """Say that the archive has changes up to a sequence number, and what they came from."""
        self._freshness.archived(results)
        self._unindexed.archived(sequence)
        if self.projector is not None:
            self.projector.wake()

    async def check(self) -> None:
        """Note whether the process goes on; raise `Unavailable` where it has ended."""
        assert self.projector is not None
        self.projector.check()
        silent_s = self.projector.silent_s()
        reason = f"the projector has said nothing for {silent_s:.0f} s"
        if silent_s > HANGS_S:
            self._readiness.hang("projector", reason)
        elif silent_s > SILENT_S:
            self._readiness.fail("projector", reason)
        else:
            self._readiness.clear("projector")

    def work(self) -> Work:
        """Return how far the index is, and what is done about it."""
        report, waiting_s = self.projector.report if self.projector else None, self._unindexed.age_s()
        if report is None:
            return Work(doing="starting the projector", waiting_s=waiting_s)
        build = report.status.build
        doing = f"{build.generation} {build.phase}: change {build.position:,} of {build.head:,}" if build else None
        return Work(position=report.status.position, doing=doing, waiting_s=waiting_s)

    def _reported(self, report: Report) -> None:
        """Show how the index is: metrics, and readiness."""
        status, build = report.status, report.status.build
        metrics.INDEX_POSITION.set(status.position)
        metrics.INDEX_BUILDING.set(build is not None)
        metrics.INDEX_BUILD_POSITION.set(build.position if build else 0)
        metrics.INDEX_CHECKED.set(status.checked_us / 1e6)
        metrics.INDEX_DAMAGES.inc(status.damages - self._damages)
        self._damages = status.damages
        for took_s in report.took.commits:
            metrics.INDEX_COMMIT_SECONDS.observe(took_s)
        for took_s in report.took.merges:
            metrics.INDEX_MERGE_SECONDS.observe(took_s)
        self._unindexed.indexed(status.position)
        self._freshness.indexed(status.position)
        self._indexed(status.position)
        if status.fault:
            self._readiness.fail("index", status.fault)
        else:
            self._readiness.clear("index")
