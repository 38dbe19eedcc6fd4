"""Tells what the data folder takes of the disk, what is left, and when it was backed up: in metrics, and operators."""

import asyncio
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from newsdex import metrics
from newsdex.apps.stream.marks import BACKED_UP_AT
from newsdex.archive.database import FILE_NAME
from newsdex_schemas.processes import Storage


class StorageWatch:
    """Looks at a data folder now and then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seen: Storage | None = None
        """What it saw last; None until it could look."""

    async def look(self) -> None:
        """Look once; where that fails, what was seen last stays: readiness tells of a folder that is gone."""
        with suppress(OSError):
            self.seen = seen = await asyncio.to_thread(storage_of, self._folder)
            metrics.DISK_FREE.set(seen.free_bytes)
            metrics.ARCHIVE_BYTES.set(seen.archive_bytes)
            metrics.INDEX_BYTES.set(seen.index_bytes)
            metrics.BACKUP.set(seen.backed_up_at.timestamp() if seen.backed_up_at else 0.0)


def storage_of(folder: Path) -> Storage:
    """Return what a data folder takes; a file that goes meanwhile is not counted."""
    disk = shutil.disk_usage(folder)
    return Storage(
        archive_bytes=sum(map(_size, folder.glob(f"{FILE_NAME}*"))),
        index_bytes=sum(map(_size, (folder / "index").rglob("*"))),
        free_bytes=disk.free,
        disk_bytes=disk.total,
        backed_up_at=_changed_at(folder / BACKED_UP_AT),
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # a commit replaced it
        return 0


def _changed_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
