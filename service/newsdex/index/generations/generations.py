"""Generations of the index: folders beside each other, and a pointer to the one that serves."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from newsdex.errors import Unavailable
from newsdex.host.durable import read_sealed, sync_path, write_sealed
from newsdex.host.handles import raise_out_of_handles
from newsdex.host.private import private_folder
from newsdex.index.generations.fingerprint import fingerprint

POINTER = "current"
BUILDING = "building"
STATE = "state.json"
NAME = re.compile(r"generation-(\d{6})", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationState:
    """What a generation says of itself."""

    made_by: str
    """The `fingerprint` of the newsdex that made it."""
    position: int
    """Every change up to this sequence number is in its commits; there may be more."""
    as_of_us: int = 0
    """The moment as of which it shows articles, where it has no segments; the segments have their own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointer:
    """The names of the generation that serves and of the one that an operator may go back to."""

    serving: str
    previous: str | None = None


def read_pointer(root: Path) -> Pointer:
    """Read which generation serves; raise `Unavailable` where there is none yet or the pointer is damaged."""
    try:
        pointer = Pointer(**read_sealed(root / POINTER))
    except FileNotFoundError as error:
        raise Unavailable("index_rebuilding", "the index is being built; try again soon") from error
    except TypeError as error:
        raise Unavailable("index_unreadable", f"{root / POINTER}: {error}") from error
    if not all(NAME.fullmatch(str(name)) for name in (pointer.serving, pointer.previous) if name is not None):
        raise Unavailable("index_unreadable", f"{root / POINTER} names no generation")
    return pointer


def serving(root: Path) -> Path:
    """Return the serving generation's folder; raise `Unavailable` where there is none yet or the pointer is damaged."""
    return root / read_pointer(root).serving


def previous(root: Path) -> Path | None:
    """Return the folder of the generation that served before, if it is kept."""
    try:
        name = read_pointer(root).previous
    except Unavailable:
        return None
    return root / name if name and (root / name).is_dir() else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Building:
    """What is being made ready to serve, or was when its builder was cut off."""

    generation: str
    reason: str
    """A code: why it is made."""


def building(root: Path) -> Building | None:
    """Return what `announce` recorded last; None where nothing is being made ready."""
    try:
        found = Building(**read_sealed(root / BUILDING))
    except (FileNotFoundError, TypeError, Unavailable):
        return None
    return found if NAME.fullmatch(str(found.generation)) and (root / found.generation).is_dir() else None


def others(root: Path) -> list[Path]:
    """Return the folders of all generations that do not serve, newest first."""
    try:
        current = read_pointer(root).serving
    except Unavailable:
        current = ""
    return [root / name for name in reversed(_names(root)) if name != current]


def read_state(folder: Path) -> GenerationState:
    """Read a generation's state; raise `Unavailable` where it is missing or broken."""
    try:
        return GenerationState(**read_sealed(folder / STATE))
    except (OSError, TypeError) as error:
        if isinstance(error, OSError):
            raise_out_of_handles(error)
        raise Unavailable("index_unreadable", f"{folder / STATE}: {error}") from error


def write_state(folder: Path, position: int, as_of_us: int) -> None:
    """Record, durably, up to where a generation has applied the change feed, and as of which moment."""
    write_sealed(folder / STATE, {"made_by": fingerprint(), "position": position, "as_of_us": as_of_us})


def begin(root: Path) -> Path:
    """Make the folder of the next generation in place of unfinished ones; nothing reads it before `swap`."""
    private_folder(root)
    kept = {path.name for path in (_serving_if_any(root), previous(root)) if path}
    for name in set(_names(root)) - kept:
        shutil.rmtree(root / name)
    names = _names(root)
    folder = root / f"generation-{number_of(root / names[-1]) + 1 if names else 1:06d}"
    private_folder(folder)
    sync_path(root)
    return folder


def number_of(folder: Path) -> int:
    """Return a generation's number: of two, the later one has the higher."""
    return int(folder.name.rpartition("-")[2])


def announce(root: Path, folder: Path, reason: str) -> None:
    """Record, durably, which generation is being made ready and why: it is gone on with after a kill."""
    write_sealed(root / BUILDING, {"generation": folder.name, "reason": reason})


def give_up(root: Path) -> None:
    """Forget what `announce` recorded; a generation that never served is removed."""
    found = building(root)
    (root / BUILDING).unlink(missing_ok=True)
    if found is not None and root / found.generation not in (_serving_if_any(root), previous(root)):
        shutil.rmtree(root / found.generation, ignore_errors=True)


def swap(root: Path, folder: Path, *, kept: Path | None) -> None:
    """Let a generation serve from now on; of all others only the one to go back to, `kept`, stays."""
    names = {"serving": folder.name, "previous": kept.name if kept else None}
    write_sealed(root / POINTER, names)
    (root / BUILDING).unlink(missing_ok=True)
    for name in set(_names(root)) - set(names.values()):
        shutil.rmtree(root / name, ignore_errors=True)


def forget_others(root: Path, *, building: Path | None) -> None:
    """Remove all generations but the serving one and the one that is being made ready: there is none to go back to."""
    kept = {serving(root).name, *([building.name] if building else ())}
    write_sealed(root / POINTER, {"serving": serving(root).name, "previous": None})
    for name in set(_names(root)) - kept:
        shutil.rmtree(root / name)


def _serving_if_any(root: Path) -> Path | None:
    try:
        return serving(root)
    except Unavailable:
        return None


def _names(root: Path) -> list[str]:
    """Return the names of all generations, oldest first."""
    return sorted(path.name for path in root.iterdir() if NAME.fullmatch(path.name)) if root.is_dir() else []
