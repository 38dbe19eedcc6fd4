"""The key that cursors are sealed with: a file in the data folder, so that all searchers have the same."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from newsdex.errors import Misconfigured, Unavailable
from newsdex.search.sealing import KEY_BYTES

FILE_NAME = "cursor.key"


def cursor_key(folder: Path) -> bytes:
    """Return the key of a data folder; make it where there is none, whoever comes first.

    Raises `Misconfigured` for a file that is no key, and `Unavailable` where it can be neither read nor made.
    """
    path = folder / FILE_NAME
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise Unavailable("cursor_key_unreadable", f"{path}: {error.strerror or error}") from error
    if len(key) != KEY_BYTES:
        raise Misconfigured("cursor_key_damaged", f"{path} is no key: delete it, and restart; cursors end then")
    return key


def _make(path: Path) -> None:
    """Put a new key in place, whole and durable, unless another process was faster."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # only its owner may read it
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
