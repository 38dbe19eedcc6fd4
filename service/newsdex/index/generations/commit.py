"""One commit of a generation, and its line in the log."""

import time
from collections.abc import Sequence

import structlog

from newsdex.index.writer import IndexWriter
from newsdex.records import Change

log = structlog.get_logger()

SHOWN_CORRELATION_IDS = 20


def commit(writer: IndexWriter, changes: Sequence[Change]) -> None:
    """Apply some changes as one commit; raise `Unavailable` where it failed."""
    start = time.perf_counter()
    writer.apply(changes)
    ids = [change.correlation_id for change in changes[:SHOWN_CORRELATION_IDS]]
    log.info(
        "index.committed",
        changes=len(changes),
        first_sequence=changes[0].sequence,
        position=changes[-1].sequence,
        generation=writer.folder.name,
        took_ms=round((time.perf_counter() - start) * 1e3, 1),
        correlation_ids=ids,
    )
