"""The signatures of articles, by document: 256 bits of each."""

from typing import Final

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.section_file import SectionFile, SectionWriter

BITS: Final = 256
WORDS: Final = 4
SECTION = "signatures"


def write_signatures(writer: SectionWriter, signatures: Array) -> None:
    """Write signatures, uint64[4, n]; zeros stand for a text that has none."""
    if signatures.any():
        writer.add(SECTION, signatures)


def read_signatures(file: SectionFile) -> Array:
    """Return the signatures of a segment's documents, uint64[4, n]."""
    if SECTION not in file:
        return np.zeros((WORDS, file.documents), np.uint64)
    return file.typed(SECTION, np.uint64).all().reshape(WORDS, file.documents)
