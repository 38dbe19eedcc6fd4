"""A file of named arrays, mapped into memory, every block checked before its first use; FORMAT.md describes it.

Opening must not read the data, and yet a damaged byte must never become an answer: so each block of 64 KiB has a
checksum of its own, compared when the block is first touched.
"""

import ctypes
import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from newsdex.errors import Unavailable
from newsdex.host.durable import sync_data, sync_file
from newsdex.index.columnar.arrays import Array

MAGIC = b"NEWSDEX\x01"
FORMAT_VERSION = 3
BLOCK_BYTES = 1 << 16
SYNCED_BYTES = 8 << 20
"""A long file goes to the disk in such parts: commits beside a merge do not wait for all of it at once."""
ALIGNMENT = 64
"""A cache line; more than any dtype needs."""
HEADER = struct.Struct("<8sI52x")
ENTRY = struct.Struct("<48s8sQQqQ")
"""name, dtype, offset and length in bytes, base (a number its owner gives meaning to), number of its first block."""
TRAILER = struct.Struct("<QQIIIII8s")
"""offset of the table, length of the file, sections, blocks, documents, checksum of the table, of these, magic."""


class Damaged(Unavailable):
    """A file of the index is not what was written; the message names it."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__("index_damaged", f"{path}: {what}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table."""

    dtype: np.dtype[Any]
    offset: int
    length: int
    base: int
    first_block: int


class SectionWriter:
    """Writes one file of arrays, front to back; `finish` makes it durable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("xb")
        self._size = self._synced = 0
        self._write(HEADER.pack(MAGIC, FORMAT_VERSION))
        self._table: list[bytes] = []
        self._checksums: list[int] = []

    def add(self, name: str, values: Array | bytes, base: int = 0) -> None:
        """Append an array; `base` is kept beside it."""
        dtype = "|u1" if isinstance(values, bytes) else _little_endian(values.dtype)
        self.add_parts(name, dtype, blocks(values if isinstance(values, bytes) else values.tobytes()), base)

    def add_parts(self, name: str, dtype: str, parts: Iterable[bytes | memoryview], base: int = 0) -> None:
        """Append an array that comes in parts of `BLOCK_BYTES`, the last one perhaps shorter."""
        self._write(bytes(-self._size % ALIGNMENT))
        place, first_block = self._size, len(self._checksums)
        for part in parts:
            self._checksums.append(zlib.crc32(part))
            self._write(part)
        entry = (name.encode(), dtype.encode(), place, self._size - place, base, first_block)
        self._table.append(ENTRY.pack(*entry))

    def finish(self, documents: int) -> None:
        """Write the table and make the file durable."""
        self._write(bytes(-self._size % ALIGNMENT))
        place = self._size
        table = b"".join(self._table) + np.array(self._checksums, "<u4").tobytes()
        counts = (len(self._table), len(self._checksums), documents)
        trailer = (place, place + len(table) + TRAILER.size, *counts, zlib.crc32(table))
        self._file.write(table + _sealed(trailer))
        sync_file(self._file)
        self._file.close()

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._size += len(data)
        if self._size - self._synced >= SYNCED_BYTES:
            sync_data(self._file)
            self._synced = self._size

    def abandon(self) -> None:
        """Remove what was written, after a failure."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def blocks(data: bytes) -> Iterable[bytes | memoryview]:
    """Cut bytes into parts of `BLOCK_BYTES`, the last one perhaps shorter."""
    if 0 < len(data) <= BLOCK_BYTES:
        return (data,)
    view = memoryview(data)
    return (view[start : start + BLOCK_BYTES] for start in range(0, len(data), BLOCK_BYTES))


@cache
def _little_endian(dtype: np.dtype[Any]) -> str:
    return dtype.newbyteorder("<").str


def _sealed(trailer: tuple[int, ...]) -> bytes:
    checksum = zlib.crc32(struct.pack("<QQIIII", *trailer))
    return TRAILER.pack(*trailer, checksum, MAGIC)


class Section:
    """One array of a file, checked block by block as it is used."""

    __slots__ = ("_blocks", "_checksums", "_data", "_name", "_path", "_unchecked", "base", "values")

    def __init__(self, path: Path, name: str, entry: Entry, data: memoryview, checksums: Array) -> None:
        self._path = path
        self._name = name
        self._data = data
        self._checksums = checksums
        self._blocks = bytearray(len(checksums))
        self._unchecked = len(checksums)
        self.base = entry.base
        self.values: Array = np.frombuffer(data, entry.dtype)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, span: slice) -> Array:
        """Return the part [start, stop) of the array, checked; raise `Damaged` where it is not what was written."""
        part: Array = self.values[span]
        if self._unchecked and len(part):
            size = self.values.itemsize
            self._check((span.start or 0) * size // BLOCK_BYTES, ((span.start or 0) + len(part)) * size)
        return part

    def all(self) -> Array:
        """Return the whole array, checked."""
        return self[0 : len(self.values)]

    @property
    def checked(self) -> Any:
        """Return a flag for each block, whether it was checked, as it is and as it will be: for the kernel."""
        return (ctypes.c_char * len(self._blocks)).from_buffer(self._blocks)

    def bytes(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop) of a section of bytes."""
        if self._unchecked and stop > start:
            self._check(start // BLOCK_BYTES, stop)
        return self._data[start:stop].tobytes()

    def _check(self, first: int, end_byte: int) -> None:
        last = (end_byte - 1) // BLOCK_BYTES
        while (block := self._blocks.find(0, first, last + 1)) >= 0:
            start = block * BLOCK_BYTES
            if zlib.crc32(self._data[start : start + BLOCK_BYTES]) != self._checksums[block]:
                raise Damaged(self._path, f"section {self._name} is damaged at byte {start}")
            self._blocks[block] = 1
            self._unchecked = self._blocks.count(0)


class SectionFile:
    """A file of arrays, mapped; its data stays readable after the file is removed."""

    def __init__(self, path: Path) -> None:
        """Open a file; raise `Damaged` where its frame is not whole, `FileNotFoundError` where there is none."""
        self.path = path
        with path.open("rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            if self.size < HEADER.size + TRAILER.size:
                raise Damaged(path, "the file is cut off")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._data = memoryview(self._map)
        self._sections: dict[str, Section] = {}
        self._read_frame()

    def _read_frame(self) -> None:
        *numbers, seal, magic = TRAILER.unpack(self._data[-TRAILER.size :])
        table_start, length, sections, blocks, self.documents, table_checksum = numbers
        start_magic, version = HEADER.unpack(self._data[: HEADER.size])
        if magic != MAGIC or start_magic != MAGIC or _sealed(tuple(numbers))[-12:-8] != struct.pack("<I", seal):
            raise Damaged(self.path, "the file is cut off, or its frame is damaged")
        if version != FORMAT_VERSION:
            raise Damaged(self.path, f"format version {version}, wanted is {FORMAT_VERSION}")
        table = self._data[table_start : -TRAILER.size]
        expected = sections * ENTRY.size + blocks * 4
        if length != self.size or len(table) != expected or zlib.crc32(table) != table_checksum:
            raise Damaged(self.path, "its table is damaged")
        self._checksums = np.frombuffer(table[sections * ENTRY.size :], "<u4")
        rows = ENTRY.iter_unpack(table[: sections * ENTRY.size])
        # a commit opens a new file, of which few sections are asked for at once
        self._rows = {row[0].rstrip(b"\0").decode(): row[1:] for row in rows}

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def __getitem__(self, name: str) -> Section:
        known = self._sections.get(name)
        if known is None:
            entry = self.entry(name)
            blocks = -(-entry.length // BLOCK_BYTES)
            checksums = self._checksums[entry.first_block : entry.first_block + blocks]
            data = self._data[entry.offset : entry.offset + entry.length]
            if len(checksums) < blocks or len(data) < entry.length or entry.dtype.kind != "u":
                raise Damaged(self.path, f"section {name} is not possible")
            known = self._sections[name] = Section(self.path, name, entry, data, checksums)
        return known

    def typed(self, name: str, dtype: type[np.generic]) -> Section:
        """Return a section of one dtype only; raise `Damaged` where it has another."""
        section = self[name]
        if section.values.dtype != dtype:
            raise Damaged(self.path, f"section {name} is of {section.values.dtype}")
        return section

    def names(self) -> list[str]:
        """Return the names of all sections."""
        return list(self._rows)

    def entry(self, name: str) -> Entry:
        """Return where a section lies, and what it is."""
        dtype, *numbers = self._rows[name]
        return Entry(np.dtype(dtype.rstrip(b"\0").decode()), *numbers)

    def verify(self) -> None:
        """Check every byte; raise `Damaged` at the first that is wrong."""
        end = HEADER.size
        for name in [*self._rows, ""]:
            entry = self.entry(name) if name else None
            start = entry.offset if entry else self.size - TRAILER.size - len(self._rows) * ENTRY.size
            start = start if entry else start - len(self._checksums) * 4
            if bytes(self._data[end:start]).strip(b"\0"):
                raise Damaged(self.path, f"the space before {name or 'the table'} is damaged")
            if entry:
                self[name].all()
                end = entry.offset + entry.length
        if bytes(self._data[12 : HEADER.size]).strip(b"\0"):
            raise Damaged(self.path, "its header is damaged")
