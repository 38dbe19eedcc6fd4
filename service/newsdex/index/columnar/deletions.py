"""Which documents of a segment are deleted: a bitmap in a file of its own, a new one for each commit that deletes.

The list of segments names the file, so a reader of the commit before still sees the documents that this one replaces.
"""

import os
import struct
import zlib
from pathlib import Path

import numpy as np

from newsdex.index.columnar.sections import Array, Damaged

MAGIC = b"NEWSDEXD"
HEADER = struct.Struct("<8sII")
"""magic, number of documents, checksum of the number and the bitmap"""


def write_deletions(path: Path, deleted: Array) -> None:
    """Write a bitmap durably, from one bool per document."""
    bitmap = np.packbits(deleted, bitorder="little").tobytes()
    with path.open("xb") as file:
        file.write(HEADER.pack(MAGIC, len(deleted), _checksum(len(deleted), bitmap)) + bitmap)
        file.flush()
        os.fsync(file.fileno())


def read_deletions(path: Path, documents: int) -> Array:
    """Read a bitmap as one bool per document; raise `Damaged` where it is not what was written."""
    data = path.read_bytes()
    bitmap = data[HEADER.size :]
    if len(data) != HEADER.size + -(-documents // 8):
        raise Damaged(path, "the file is cut off")
    if data[: HEADER.size] != HEADER.pack(MAGIC, documents, _checksum(documents, bitmap)):
        raise Damaged(path, "the bitmap is damaged")
    return np.unpackbits(np.frombuffer(bitmap, np.uint8), count=documents, bitorder="little").astype(bool)


def _checksum(documents: int, bitmap: bytes) -> int:
    return zlib.crc32(bitmap, zlib.crc32(struct.pack("<I", documents)))
