"""Which documents are deleted: bitmaps of some segments in one file, a new one for each commit that deletes.

The list of segments names the file, so a reader of the commit before still sees the documents that this one replaces.
One file, because each costs a commit as long as the disk takes to make it durable.
"""

import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from newsdex.index.columnar.sections import Array, Damaged

MAGIC = b"NEWSDEXD"
HEADER = struct.Struct("<8sII")
"""magic, number of bitmaps, checksum of the table"""
ENTRY = struct.Struct("<32sQII")
"""name of the segment, place of its bitmap in the file, its number of documents, checksum of the bitmap"""


def write_deletions(path: Path, deleted: Mapping[str, Array]) -> None:
    """Write bitmaps durably, by the name of the segment, from one bool per document."""
    bitmaps = {name: np.packbits(mask, bitorder="little").tobytes() for name, mask in deleted.items()}
    table, place = b"", HEADER.size + ENTRY.size * len(bitmaps)
    for name, bitmap in bitmaps.items():
        table += ENTRY.pack(name.encode(), place, len(deleted[name]), zlib.crc32(bitmap))
        place += len(bitmap)
    with path.open("xb") as file:
        file.write(HEADER.pack(MAGIC, len(bitmaps), zlib.crc32(table)) + table + b"".join(bitmaps.values()))
        file.flush()
        os.fsync(file.fileno())


def read_deletions(path: Path, segment: str, documents: int) -> Array:
    """Read a segment's bitmap as one bool per document; raise `Damaged` where it is not what was written."""
    with path.open("rb") as file:
        header = file.read(HEADER.size)
        if len(header) < HEADER.size:
            raise Damaged(path, "the file is cut off")
        magic, count, checksum = HEADER.unpack(header)
        # a number that was damaged must not be asked of the memory
        fits = HEADER.size + ENTRY.size * count <= os.fstat(file.fileno()).st_size
        table = file.read(ENTRY.size * count) if magic == MAGIC and fits else b""
        if magic != MAGIC or len(table) != ENTRY.size * count or zlib.crc32(table) != checksum:
            raise Damaged(path, "its table is damaged")
        for name, place, size, bitmap_checksum in ENTRY.iter_unpack(table):
            if name.rstrip(b"\0").decode() == segment and size == documents:
                file.seek(place)
                return _bitmap(path, file.read(-(-documents // 8)), documents, bitmap_checksum)
    raise Damaged(path, f"it has no deletions of segment {segment}")


def _bitmap(path: Path, bitmap: bytes, documents: int, checksum: int) -> Array:
    if len(bitmap) != -(-documents // 8):
        raise Damaged(path, "the file is cut off")
    if zlib.crc32(bitmap) != checksum:
        raise Damaged(path, "a bitmap is damaged")
    return np.unpackbits(np.frombuffer(bitmap, np.uint8), count=documents, bitorder="little").astype(bool)
