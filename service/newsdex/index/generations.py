"""Generations of the index: folders beside each other, and a pointer to the one that serves."""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from newsdex.errors import Unavailable
from newsdex.index.schema import INDEX_VERSION

POINTER = "current"
STATE = "state.json"
NAME = re.compile(r"generation-(\d{6})", re.ASCII)
KEPT = 2
"""The serving generation and the one before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationState:
    """What a generation says of itself."""

    version: int
    """INDEX_VERSION of the newsdex that made it."""
    position: int
    """Every change up to this sequence number is in its commits; there may be more."""


def serving(root: Path) -> Path:
    """Give the serving generation's folder; raise `Unavailable` where there is none yet or the pointer is damaged."""
    try:
        name = (root / POINTER).read_bytes().decode(errors="replace").strip()
    except FileNotFoundError as error:
        raise Unavailable("index_rebuilding", "the index is being built; try again soon") from error
    if not NAME.fullmatch(name):
        raise Unavailable("index_unreadable", f"{root / POINTER} names no generation")
    return root / name


def read_state(folder: Path) -> GenerationState:
    """Read a generation's state; raise `Unavailable` where it is missing or broken."""
    try:
        return GenerationState(**json.loads((folder / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise Unavailable("index_unreadable", f"{folder / STATE}: {error}") from error


def write_state(folder: Path, position: int) -> None:
    """Record, durably, up to where a generation has applied the change feed."""
    state = {"version": INDEX_VERSION, "position": position}
    replace_durably(folder / STATE, json.dumps(state))


def begin(root: Path) -> Path:
    """Make the folder of the next generation; nothing reads it before `swap`."""
    root.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(root)
    folder = root / f"generation-{_numbers(root)[-1] + 1 if _numbers(root) else 1:06d}"
    folder.mkdir()
    return folder


def swap(root: Path, folder: Path) -> None:
    """Let a generation serve from now on; the one before it is kept, older ones go."""
    replace_durably(root / POINTER, folder.name)
    for number in _numbers(root)[:-KEPT]:
        shutil.rmtree(root / f"generation-{number:06d}", ignore_errors=True)


def replace_durably(path: Path, text: str) -> None:
    """Replace a small file so that a reader, or a power failure, meets the old text or the new one whole."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Make a file's content, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbers(root: Path) -> list[int]:
    return sorted(int(found[1]) for path in root.iterdir() if (found := NAME.fullmatch(path.name)))


def _remove_unfinished(root: Path) -> None:
    """Remove generations newer than the serving one: their building was cut off."""
    try:
        last = serving(root).name
    except Unavailable:
        last = ""
    for path in root.iterdir():
        if NAME.fullmatch(path.name) and path.name > last:
            shutil.rmtree(path, ignore_errors=True)
