"""Finds the documents of articles by id, many at a time: what an update replaces and a deletion removes."""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.segment import SegmentData

CHUNK = 8_192


def id_hashes_of(ids: Sequence[bytes]) -> Array:
    """Return a number for each id; two ids may share one."""
    return np.fromiter(map(zlib.crc32, ids), np.uint32, len(ids))


class DocIdLookup:
    """The ids of one segment, for the writer: they are hashed once."""

    def __init__(self, data: SegmentData) -> None:
        self._terms = terms = data.ids.terms
        self._documents = data.ids.documents(0, terms.count)
        count = terms.count
        chunks = (terms.slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
        all_hashes = np.concatenate([id_hashes_of(chunk) for chunk in chunks])
        self._order = np.argsort(all_hashes)
        self._hashes = all_hashes[self._order]

    def find(self, ids: Sequence[bytes], id_hashes: Array) -> Iterator[int]:
        """Return the documents of those ids that are in the segment, deleted ones too."""
        first = np.searchsorted(self._hashes, id_hashes)
        last = np.searchsorted(self._hashes, id_hashes, "right")
        for at in np.flatnonzero(first < last).tolist():
            for number in self._order[first[at] : last[at]].tolist():
                if self._terms[number] == ids[at]:
                    yield int(self._documents[number])
