"""Finds the files that people publish, and opens them: packed or not, and never through a link out of a folder."""

import gzip
import io
import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from newsdex.errors import Invalid
from newsdex.formats.recognition import HEAD_BYTES

GZIP = b"\x1f\x8b"
PACKED_SUFFIX = ".gz"
READ_IN_FOLDERS = frozenset(
    (
        *(".txt", ".text", ".html", ".htm", ".xhtml"),
        *(".json", ".jsonld", ".ninjs", ".jsonl", ".ndjson"),
        *(".xml", ".rss", ".atom", ".csv", ".tsv"),
    )
)
LINK = "links that lead out of it"


@dataclass(kw_only=True, slots=True)
class Skipped:
    """What a folder has and is not read, by kind."""

    folder: Path
    kinds: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Name the kinds, the most frequent first."""
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in self.kinds.most_common())
        return f"{self.kinds.total():,} files skipped: {kinds}"


def files_of(folder: Path, skipped: Skipped) -> Iterator[Path]:
    """Return the files of a folder that are read, in the order of their names; count the others.

    Links are followed where they lead to a file within the folder, and to no folder at all.
    """
    root = folder.resolve()
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        linked = [name for name in folders if Path(place, name).is_symlink()]
        skipped.kinds.update("links to folders" for _ in linked)
        for name in names:
            path = Path(place, name)
            kind = _kind_skipped(path, root)
            if kind is None:
                found.append(path)
            else:
                skipped.kinds[kind] += 1
    yield from sorted(found)


def _kind_skipped(path: Path, root: Path) -> str | None:
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        return LINK
    if not path.is_file():
        return "that are no files"
    if suffix_of(path) not in READ_IN_FOLDERS:
        return path.suffix or "without a suffix"
    return None


def suffix_of(path: Path) -> str:
    """Return the suffix that tells the format, lower-case: of `a.json.gz` it is `.json`."""
    name = path.name.lower()
    return Path(name.removesuffix(PACKED_SUFFIX)).suffix


class _Joined(io.RawIOBase):
    """What was read of a stream already, and then the rest of it."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # any buffer is one of these
        if self._head:
            part, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            part = self._rest.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


@contextmanager
def opened(path: Path | None, *, within: Path | None = None) -> Iterator[tuple[bytes, BinaryIO]]:
    """Open a file, or standard input for None; give what it begins with, at most HEAD_BYTES, and all of it, unpacked.

    A file of a folder is opened by its place `within` it. Raises `Invalid` for what cannot be read or unpacked.
    """
    try:
        with _raw(path, within) as raw:
            head = raw.read(HEAD_BYTES)
            whole = _joined(head, raw)
            if head.startswith(GZIP):
                unpacked = cast("BinaryIO", gzip.GzipFile(fileobj=whole))
                head = unpacked.read(HEAD_BYTES)
                whole = _joined(head, unpacked)
            yield head, whole
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid("unreadable_file", f"compressed with gzip, and damaged: {error}") from error
    except OSError as error:
        raise Invalid("unreadable_file", error.strerror or str(error)) from error


def _joined(head: bytes, rest: BinaryIO) -> BinaryIO:
    return io.BufferedReader(_Joined(head, rest), HEAD_BYTES)


@contextmanager
def _raw(path: Path | None, within: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdin.buffer
        return
    if within is None:
        with path.open("rb") as file:
            yield file
        return
    # a file may be exchanged for a link between the look and the opening: what counts is where the opened one lies
    with path.open("rb") as file:
        if not Path(f"/proc/self/fd/{file.fileno()}").readlink().is_relative_to(within.resolve()):
            raise OSError(None, "a link that leads out of the folder")
        yield file
