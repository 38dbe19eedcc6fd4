"""Commits: Whoosh's list of segments, written so that a power failure leaves the old one or the new one whole.

The order is what makes it durable: a segment's file and its name in the folder come before the list that names it.
"""

import io
import pickle
import re
import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.index import TOC, EmptyIndexError
from whoosh.index import IndexError as WhooshIndexError

from newsdex.errors import Unavailable
from newsdex.host.durable import sync_path
from newsdex.host.handles import raise_out_of_handles
from newsdex.index.columnar.storage.section_file import Damaged
from newsdex.index.columnar.storage.segment import ColumnarSegment, OpenSegment

INDEX_NAME = "MAIN"
"""Whoosh's own default, so that `open_dir` needs no name."""
LOCK_NAME = f"{INDEX_NAME}_WRITELOCK"
SEAL = struct.Struct("<I8s")
"""Checksum of all bytes before it, magic; stands after Whoosh's own content, where Whoosh does not look."""
SEAL_MAGIC = b"NEWSDEXL"
_OURS = re.compile(rf"_?{INDEX_NAME}_")
_BROKEN_LIST = (
    *(EOFError, TypeError, KeyError, ValueError, AttributeError, ImportError, AssertionError, MemoryError),
    *(struct.error, pickle.UnpicklingError, WhooshIndexError, EmptyIndexError, NameError, LookupError, OverflowError),
)
"""What Whoosh and pickle raise on a damaged list of segments."""


class _SegmentsOnly(pickle.Unpickler):
    """Unpickles a list of our segments: a list that names anything else, which would be called, is damaged."""

    def find_class(self, module: str, name: str) -> type[ColumnarSegment]:
        """Return the one class that there is; raise `pickle.UnpicklingError` for any other name."""
        if (module, name) != (ColumnarSegment.__module__, ColumnarSegment.__qualname__):
            raise pickle.UnpicklingError(f"{module}.{name} is no segment of ours")
        return ColumnarSegment


class _ListFile(StructFile):  # type: ignore[misc]  # whoosh has no types
    def read_pickle(self) -> Any:
        """Read a value as Whoosh does, where it is made of our segments."""
        return _SegmentsOnly(self.file).load()


class _OneList:
    """A storage with one file, whose bytes were checked: what is read next is what the seal was compared with."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def open_file(self, name: str) -> _ListFile:
        """Open the file."""
        return _ListFile(io.BytesIO(self._content), name=name)


class DurableStorage(FileStorage):  # type: ignore[misc]  # whoosh has no types
    """Whoosh's folder of files, with renames that last and a seal on each renamed file."""

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Return a file its final name once it is sealed, and it and the folder's other names are on the disk."""
        folder = Path(self.folder)
        content = (folder / oldname).read_bytes()
        with (folder / oldname).open("ab") as file:
            file.write(SEAL.pack(zlib.crc32(content), SEAL_MAGIC))
        sync_path(folder / oldname)
        super().rename_file(oldname, newname, safe=safe)
        sync_path(folder)


def latest_generation(folder: Path) -> int:
    """Return the number of the newest commit; -1 where there is none."""
    return int(TOC._latest_generation(FileStorage(str(folder)), INDEX_NAME))  # noqa: SLF001 - the only way to it


def read_segments(folder: Path, generation: int, schema: Any) -> list[ColumnarSegment]:
    """Read the list of segments of a commit.

    Raises `Damaged`, or `FileNotFoundError` where a later commit has replaced it.
    """
    path = folder / TOC._filename(INDEX_NAME, generation)  # noqa: SLF001 - the only way to it
    content = path.read_bytes()
    if content[-SEAL.size :] != SEAL.pack(zlib.crc32(content[: -SEAL.size]), SEAL_MAGIC):
        raise Damaged(path, "the list of segments is not what was written")
    try:
        toc = TOC.read(_OneList(content), INDEX_NAME, generation, schema)
    except _BROKEN_LIST as error:
        raise Damaged(path, f"the list of segments cannot be read: {type(error).__name__}") from error
    if not all(isinstance(segment, ColumnarSegment) for segment in toc.segments):
        raise Damaged(path, "it lists a segment of another kind")
    return list(toc.segments)


def write_segments(folder: Path, generation: int, schema: Any, segments: Sequence[ColumnarSegment]) -> None:
    """Make a commit of segments whose files are on the disk already."""
    sync_path(folder)
    TOC(schema, list(segments), generation).write(DurableStorage(str(folder)), INDEX_NAME)


def sweep(folder: Path, generation: int, segments: Sequence[ColumnarSegment], in_work: set[str]) -> None:
    """Remove what neither the newest commit nor a merge that is running needs."""
    kept = {name for segment in segments for name in segment.file_names()} | in_work
    kept |= {LOCK_NAME, TOC._filename(INDEX_NAME, generation)}  # noqa: SLF001 - the only way to it
    for path in folder.iterdir():
        if path.name not in kept and _OURS.match(path.name):
            with suppress(OSError):  # it is swept at the next commit
                path.unlink()


def verify_folder(folder: Path, schema: Any) -> None:
    """Check every byte of the newest commit; raise `Unavailable` with the file's name where one is wrong."""
    generation = latest_generation(folder)
    if generation < 0:
        raise Unavailable("index_unreadable", f"{folder}: there is no list of segments")
    for segment in read_segments(folder, generation, schema):
        try:
            OpenSegment(folder, segment).data.file.verify()
        except OSError as error:
            raise_out_of_handles(error)
            raise Damaged(Path(error.filename or folder / segment.file_name()), error.strerror or str(error)) from error
