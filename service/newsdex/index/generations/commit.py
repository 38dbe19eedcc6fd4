"""One commit of a generation, and its line in the log."""

import time
from collections.abc import Sequence

import structlog

from newsdex.index.writer import IndexWriter
from newsdex.records.feed import Change

log = structlog.get_logger()


def commit(writer: IndexWriter, changes: Sequence[Change], as_of_us: int) -> None:
    """Apply some changes as one commit, as of a moment; raise `Unavailable` where it failed."""
    start = time.perf_counter()
    writer.apply(changes, as_of_us)
    log.info(
        "index.committed",
        changes=len(changes),
        first_sequence=changes[0].sequence,
        position=changes[-1].sequence,
        generation=writer.folder.name,
        took_ms=round((time.perf_counter() - start) * 1e3, 1),
        # all of them: an event is followed to its commit by its own id
        correlation_ids=[change.correlation_id for change in changes],
    )


def commit_turns(writer: IndexWriter, changes: Sequence[Change], moment_us: int, *, last: bool) -> None:
    """Show the articles whose embargo is over at a moment and hide those that have expired, in one commit.

    Until the last commit of several, the index says that it is as of the moment before. Raises `Unavailable` where the
    commit failed.
    """
    start = time.perf_counter()
    writer.turn(changes, moment_us, last=last)
    shown = sum(change.shown_at(moment_us) for change in changes)
    log.info(
        "index.turned",
        shown=shown,
        hidden=len(changes) - shown,
        position=writer.position,
        generation=writer.folder.name,
        took_ms=round((time.perf_counter() - start) * 1e3, 1),
    )
