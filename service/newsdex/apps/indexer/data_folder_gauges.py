"""Shows in the indexer's metrics what the data folder takes of the disk, what is left, and when it was backed up."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from newsdex import metrics
from newsdex.apps.stream.marks import BACKED_UP_AT
from newsdex.archive.database import FILE_NAME


async def show_data_folder(folder: Path) -> None:
    """Look once; a file that goes meanwhile is not counted."""
    await asyncio.to_thread(_show, folder)


def _show(folder: Path) -> None:
    with suppress(OSError):  # what was shown last stays: readiness tells of a folder that is gone
        metrics.DISK_FREE.set(shutil.disk_usage(folder).free)
        metrics.ARCHIVE_BYTES.set(sum(map(_size, folder.glob(f"{FILE_NAME}*"))))
        metrics.INDEX_BYTES.set(sum(map(_size, (folder / "index").rglob("*"))))
        metrics.BACKUP.set(_changed_s(folder / BACKED_UP_AT))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # a commit replaced it
        return 0


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
