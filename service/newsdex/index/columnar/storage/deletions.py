"""Which documents are deleted: bitmaps of some segments in one file, a new one for each commit that deletes.

The list of segments names the file, so a reader of the commit before still sees the documents that this one replaces.
One file, because each costs a commit as long as the disk takes to make it durable.
"""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from newsdex.host.durable import sync_file
from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.section_file import Damaged

MAGIC = b"NEWSDEXD"
HEADER = struct.Struct("<8sII")
"""magic, number of bitmaps, checksum of all that follows, begun with that number"""
ENTRY = struct.Struct("<32sQQ")
"""name of the segment, place of its bitmap in the file, its number of documents"""


def write_deletions(path: Path, deleted: Mapping[str, Array]) -> None:
    """Write bitmaps durably, by the name of the segment, from one bool per document."""
    bitmaps = {name: np.packbits(mask, bitorder="little").tobytes() for name, mask in deleted.items()}
    table, place = b"", HEADER.size + ENTRY.size * len(bitmaps)
    for name, bitmap in bitmaps.items():
        table += ENTRY.pack(name.encode(), place, len(deleted[name]))
        place += len(bitmap)
    content = table + b"".join(bitmaps.values())
    with path.open("xb") as file:
        file.write(HEADER.pack(MAGIC, len(bitmaps), zlib.crc32(content, len(bitmaps))) + content)
        sync_file(file)


def read_deletions(path: Path, segment: str, documents: int) -> Array:
    """Read a segment's bitmap as one bool per document; raise `Damaged` where the file is not what was written."""
    data = path.read_bytes()
    if len(data) < HEADER.size:
        raise Damaged(path, "the file is cut off")
    magic, count, checksum = HEADER.unpack_from(data)
    table_end = HEADER.size + ENTRY.size * count
    if magic != MAGIC or table_end > len(data) or zlib.crc32(data[HEADER.size :], count) != checksum:
        raise Damaged(path, "the file is cut off, or its bitmaps are damaged")
    for name, place, size in ENTRY.iter_unpack(data[HEADER.size : table_end]):
        if name.rstrip(b"\0").decode() == segment and size == documents:
            bitmap = np.frombuffer(data, np.uint8, -(-documents // 8), place)
            return np.unpackbits(bitmap, count=documents, bitorder="little").astype(bool)
    raise Damaged(path, f"it has no deletions of segment {segment}")
