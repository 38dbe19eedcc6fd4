"""Writes lines of JSON to a file that is for its owner only, or to standard output."""

import os
from collections.abc import Iterable
from pathlib import Path

from newsdex.cli.console import write_json
from newsdex.errors import Misconfigured

OWNER_ONLY = 0o600
"""What is exported may hold articles that are not published yet."""


def write_lines(path: Path | None, lines: Iterable[bytes]) -> int:
    """Write lines of JSON, one in memory at a time; return their number.

    A file that exists is replaced once everything is written; raises `Misconfigured` where it cannot be.
    """
    if path is None:
        number = 0
        for line in lines:
            write_json(line)
            number += 1
        return number
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(unfinished, "wb", opener=_owner_only) as file:
            number = sum(bool(file.write(line + b"\n")) for line in lines)
        unfinished.replace(path)
    except OSError as error:
        raise Misconfigured("unwritable_file", f"{path}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return number


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
