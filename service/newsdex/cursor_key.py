"""The key that cursors are sealed with: a file in the data folder, so that all searchers have the same."""

import secrets
from pathlib import Path

from newsdex.errors import Misconfigured, Unavailable
from newsdex.host.secret_file import secret_of
from newsdex.search.sealing import KEY_BYTES

FILE_NAME = "cursor.key"


def cursor_key(folder: Path) -> bytes:
    """Return the key of a data folder; make it where there is none, whoever comes first.

    Raises `Misconfigured` for a file that is no key, and `Unavailable` where it can be neither read nor made.
    """
    path = folder / FILE_NAME
    try:
        key = secret_of(path, secrets.token_bytes(KEY_BYTES))
    except OSError as error:
        raise Unavailable("cursor_key_unreadable", f"{path}: {error.strerror or error}") from error
    if len(key) != KEY_BYTES:
        raise Misconfigured("cursor_key_damaged", f"{path} is no key: delete it, and restart; cursors end then")
    return key
