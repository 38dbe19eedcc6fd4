"""Secrets of a data folder: files that only their owner may read, made once and the same for every process."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def secret_of(path: Path, new: bytes) -> bytes:
    """Return what a secret's file holds; where there is none, put `new` there, whole and durable.

    Processes that come at once return the same secret. Raises `OSError` where the file can be neither read nor made.
    """
    if not path.exists():
        _make(path, new)
    return path.read_bytes()


def _make(path: Path, secret: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # only its owner may read it
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
