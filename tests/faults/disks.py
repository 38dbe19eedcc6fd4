"""A small disk of a test's own, and how to leave only so much room on it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PAGE = os.sysconf("SC_PAGE_SIZE")
FILLER = "filler"


class Disk:
    """A file system in memory, which is full when its pages are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / FILLER

    def free_pages(self) -> int:
        """Return how many pages can still be written."""
        return os.statvfs(self.folder).f_bavail

    def leave(self, pages: int) -> None:
        """Fill it up to so many pages."""
        self.empty()
        with self._filler.open("wb") as file:
            file.write(bytes(PAGE * max(0, self.free_pages() - pages)))

    def empty(self) -> None:
        """Make room again."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a small disk on a folder; skip the test where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"there is no mount command: {error}")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
