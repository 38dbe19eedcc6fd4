"""Forgets old outcomes, and the pages that were kept long enough."""

import asyncio

import structlog

from newsdex import metrics
from newsdex.archive.reader import read_archive
from newsdex.archive.writer import ArchiveWriter
from newsdex.clock import now_us
from newsdex.errors import Unavailable
from newsdex.ingest.committer import Committer
from newsdex.settings import Settings

log = structlog.get_logger()


class Pruning:
    """Prunes the archive in parts: what waits to be handled goes between them."""

    def __init__(self, settings: Settings, archive: ArchiveWriter, committer: Committer) -> None:
        self._settings = settings
        self._archive = archive
        self._committer = committer

    async def prune(self) -> None:
        """Forget what is too old, and say how much it was."""
        try:
            outcomes = await self._prune_ledger()
            pages = await self._prune_pages()
            head = await asyncio.to_thread(read_archive, self._settings.data_dir, lambda archive: archive.head())
        except Unavailable as fault:  # there is no hurry: it is tried again
            log.warning("ledger.prune_failed", code=fault.code, error=fault.message)
            return
        metrics.ARCHIVE_SEQUENCE.set(head)
        if outcomes:
            log.info("ledger.pruned", entries=outcomes)
        if pages:
            log.info("pages.pruned", pages=pages)

    async def _prune_ledger(self) -> int:
        """Forget every outcome that is too old: more may come in an hour than are looked at at once."""
        days, before_us, number = self._settings.ledger_days, now_us(), 0
        while (part := await self._committer.run(lambda: self._archive.prune_ledger(before_us, days))) is not None:
            number += part
        return number

    async def _prune_pages(self) -> int:
        """Forget every page that is too old, likewise."""
        days, before_us, number = self._settings.pages_keep_days, now_us(), 0
        while part := await self._committer.run(lambda: self._archive.prune_pages(before_us, days)):
            number += part
        return number
