"""Keeps in the data folder how far events were handled, and how far the last backup has them: to prune the stream by.

The indexer notes from time to time up to which number it has acknowledged events. Whoever copies the archive reads
that note first: what was acknowledged then is in the copy.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

HANDLED, BACKED_UP = "stream-handled.json", "stream-backed-up.json"
BACKED_UP_AT = "backed-up"
"""A file without content: when it was last touched, the last backup was whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamMark:
    """A place in one stream; a stream that was made anew has another `created`, and its numbers mean something else."""

    created: str
    position: int


def redeliver_note(folder: Path) -> Path:
    """Return the file that is there while the archive may lack what the broker takes for handled."""
    return folder / "stream-redeliver"


def read_mark(folder: Path, name: str) -> StreamMark | None:
    """Read a note; None where there is none that can be read."""
    try:
        return mark_of(json.loads((folder / name).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def mark_of(value: object) -> StreamMark | None:
    """Return a place as JSON has it; None for anything else."""
    if not isinstance(value, Mapping):
        return None
    created, position = value.get("created"), value.get("position")
    if not isinstance(created, str) or not isinstance(position, int):
        return None
    return StreamMark(created=created, position=position)


def write_mark(folder: Path, name: str, mark: StreamMark) -> None:
    """Write a note. One that is lost in a power failure only has less pruned, so that it need not be synced."""
    partial = folder / f"{name}.partial"
    partial.write_text(json.dumps(asdict(mark)) + "\n", encoding="utf-8")
    partial.replace(folder / name)
