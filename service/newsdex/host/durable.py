"""Files that survive a power failure: every fsync of the service is here."""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from newsdex.errors import Unavailable


def sync_file(file: IO[Any]) -> None:
    """Make what was written to an open file durable."""
    file.flush()
    os.fsync(file.fileno())


def sync_data(file: IO[Any]) -> None:
    """Make the bytes written to an open file durable, without its times and other metadata."""
    file.flush()
    os.fdatasync(file.fileno())


def sync_path(path: Path) -> None:
    """Make a file's content, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(path: Path, text: str) -> None:
    """Replace a small file so that a reader, or a power failure, meets either the old text or the new one, whole."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        sync_file(file)
    temporary.replace(path)
    sync_path(path.parent)


def write_sealed(path: Path, values: Mapping[str, Any]) -> None:
    """Replace a small file durably by values as JSON, preceded by a checksum of its bytes."""
    text = json.dumps(values)
    replace_durably(path, f"{_checksum(text)} {text}\n")


def read_sealed(path: Path) -> dict[str, Any]:
    """Return what `write_sealed` wrote.

    Raises `Unavailable` if the bytes do not match their checksum, and `FileNotFoundError`.
    """
    content = path.read_bytes().decode(errors="replace")
    checksum, _, text = content.removesuffix("\n").partition(" ")
    if not content.endswith("\n") or checksum != _checksum(text):
        raise Unavailable("index_unreadable", f"{path} is not what was written")
    values: dict[str, Any] = json.loads(text)
    return values


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
