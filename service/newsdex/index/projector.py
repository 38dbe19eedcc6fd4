"""Drains the archive's change feed into the index: whatever is pending is one batch and one commit."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import structlog

from newsdex.errors import Unavailable
from newsdex.index.generations import begin, serving, swap
from newsdex.index.writer import IndexWriter
from newsdex.records import Change

log = structlog.get_logger()

MAX_BATCH = 1_000
"""Bounds the memory of a commit, and how long a change can wait behind a backlog."""
SHOWN_CORRELATION_IDS = 20


class ChangeFeed(Protocol):
    """The archive, as the projector sees it."""

    def changes(self, after: int, limit: int) -> Sequence[Change]:
        """Give the next entries of the change feed, oldest first, each article once."""


class Projector:
    """Keeps one generation up to date, and builds a new one where the serving one is missing, damaged or outdated."""

    def __init__(self, feed: ChangeFeed, root: Path) -> None:
        self._feed = feed
        self._root = root
        self._building = False
        self._writer = self._open()

    @property
    def position(self) -> int:
        """Give the sequence number up to which changes are searchable; 0 while a first index is being built."""
        return 0 if self._building else self._writer.position

    def _open(self) -> IndexWriter:
        try:
            writer = IndexWriter(serving(self._root))
        except Unavailable as fault:
            self._building = True
            writer = IndexWriter.create(begin(self._root))
            log.info("index.generation_started", generation=writer.folder.name, code=fault.code, reason=fault.message)
            return writer
        log.info("index.opened", generation=writer.folder.name, position=writer.position)
        return writer

    def step(self) -> int:
        """Apply what is pending, at most one batch; give how many changes there were.

        A new generation serves once it has caught up. Raises `Unavailable` where the commit failed.
        """
        changes = self._feed.changes(self._writer.position, MAX_BATCH)
        if changes:
            self._apply(changes)
        elif self._building:
            swap(self._root, self._writer.folder)
            self._building = False
            log.info("index.generation_swapped", generation=self._writer.folder.name, position=self._writer.position)
        return len(changes)

    def finish_merging(self) -> None:
        """Wait until nothing is left to merge; otherwise merges go on beside the commits."""
        self._writer.finish_merging()

    def _apply(self, changes: Sequence[Change]) -> None:
        start = time.perf_counter()
        self._writer.apply(changes)
        ids = [change.correlation_id for change in changes[:SHOWN_CORRELATION_IDS]]
        log.info(
            "index.committed",
            changes=len(changes),
            first_sequence=changes[0].sequence,
            position=changes[-1].sequence,
            generation=self._writer.folder.name,
            took_ms=round((time.perf_counter() - start) * 1e3, 1),
            correlation_ids=ids,
        )
