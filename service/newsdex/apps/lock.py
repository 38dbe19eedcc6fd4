"""Keeps two processes of a kind off the same data folder."""

import fcntl
from pathlib import Path
from typing import IO

from newsdex.errors import Misconfigured
from newsdex.host.private import private_folder


def lock_data_dir(data_dir: Path, kind: str) -> IO[str]:
    """Return a lock that lasts until it is closed or the process ends; raise `Misconfigured` where another has it."""
    try:
        private_folder(data_dir)
        file = (data_dir / f"{kind}.lock").open("w")
    except OSError as error:
        raise Misconfigured("data_dir_unusable", f"{data_dir}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Misconfigured("data_dir_in_use", f"another `newsdex {kind}` runs on {data_dir}") from error
    return file


def is_free(data_dir: Path, kind: str) -> bool:
    """Tell whether nobody has the lock now."""
    try:
        lock_data_dir(data_dir, kind).close()
    except Misconfigured:
        return False
    return True
