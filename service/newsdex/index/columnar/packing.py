"""Whole numbers in as few bits as each block of them needs, written and read without a loop over numbers.

64 numbers are a block; a block of numbers below 2**w is w words of 64 bits, the first number in the lowest bits. So a
block begins at the sum of the widths before it, and any number can be read by itself. (Frame of reference without a
frame: Lemire and Boytsov, Decoding billions of integers per second through vectorization, 2015, section 3.)
"""

from functools import cached_property
from pathlib import Path
from tempfile import SpooledTemporaryFile

import numpy as np

from newsdex.index.columnar.sections import BLOCK_BYTES, Array, Section, SectionFile, SectionWriter

BLOCK = 64
WORD_BITS, WORD_BYTES = 64, 8
IN_MEMORY_BYTES = 16 << 20
"""What is packed beyond this waits in a file: bounds the memory of a merge."""
_PLACES = np.arange(BLOCK)
_BITS = [(width * _PLACES >> 3, width * _PLACES & 7) for width in range(33)]
"""For each width, at which byte of a block each number begins, and at which bit of it."""


def pack(values: Array) -> tuple[Array, Array]:
    """Give whole blocks of numbers as words, and the width of each block; numbers are below 2**32."""
    numbers = values.reshape(-1, BLOCK).astype(np.uint64, copy=False)
    # frexp gives the number of bits of a whole number, exactly below 2**53
    widths = np.frexp(numbers.max(1).astype(np.float64))[1].astype(np.int64)
    ends = np.cumsum(widths)
    bits = widths.copy()
    # neighbours become one number as long as all fit into a word: what follows then has less to do
    while numbers.shape[1] > 1 and 2 * int(bits.max()) <= WORD_BITS:
        numbers = numbers[:, ::2] | (numbers[:, 1::2] << bits[:, None].astype(np.uint64))
        bits *= 2
    starts = ((ends - widths)[:, None] * WORD_BITS + bits[:, None] * np.arange(numbers.shape[1])).ravel()
    return _joined(numbers.ravel(), starts, np.repeat(bits, numbers.shape[1]), int(ends[-1])), widths.astype(np.uint8)


def _joined(numbers: Array, starts: Array, bits: Array, words: int) -> Array:
    """Put numbers of some bits where they start, one behind the other."""
    word, shift = starts >> 6, starts & 63
    joined = np.zeros(words + 1, np.uint64)
    first = np.flatnonzero(np.diff(word, prepend=-1))
    joined[word[first]] = np.bitwise_or.reduceat(numbers << shift.astype(np.uint64), first)
    over = np.flatnonzero(shift + bits > WORD_BITS)
    joined[word[over] + 1] |= numbers[over] >> (WORD_BITS - shift[over]).astype(np.uint64)
    return joined[:-1]


class Packer:
    """Packs numbers that come a part at a time, and writes them as two sections."""

    def __init__(self, folder: Path) -> None:
        """Take the folder where numbers may wait in a file without a name."""
        self._count = 0
        self._rest = np.zeros(0, np.uint64)
        self._widths: list[Array] = []
        self._words = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115 - `close` closes it

    def add(self, values: Array) -> None:
        """Take some more numbers."""
        self._count += len(values)
        waiting = np.concatenate([self._rest, values.astype(np.uint64)]) if len(self._rest) else values
        whole = len(waiting) // BLOCK * BLOCK
        self._pack(waiting[:whole])
        self._rest = waiting[whole:].astype(np.uint64)

    def _pack(self, values: Array) -> None:
        if len(values):
            words, widths = pack(values)
            self._words.write(words.tobytes())
            self._widths.append(widths)

    def write(self, writer: SectionWriter, name: str) -> None:
        """Write all of them: the words, with how many numbers they are, and the widths."""
        self._pack(np.concatenate([self._rest, np.zeros(-len(self._rest) % BLOCK, np.uint64)]))
        # a number is read as the eight bytes from where it begins
        self._words.write(bytes(WORD_BYTES))
        self._words.seek(0)
        writer.add_parts(name, "<u8", iter(lambda: self._words.read(BLOCK_BYTES), b""), self._count)
        widths = np.concatenate(self._widths) if self._widths else np.zeros(0, np.uint8)
        writer.add(f"{name}.widths", widths)

    def close(self) -> None:
        """Give up what waits."""
        self._words.close()


class Packed:
    """Packed numbers of a file."""

    def __init__(self, file: SectionFile, name: str) -> None:
        self._words: Section = file[name]
        self._widths: Section = file[f"{name}.widths"]

    def __len__(self) -> int:
        return self._words.base

    @cached_property
    def _starts(self) -> Array:
        """Where each block begins, in words, and the end."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self._widths.all(), dtype=np.int64)])

    def __getitem__(self, span: slice) -> Array:
        """Give the numbers [start, stop) as uint32."""
        start, stop = span.start, span.stop
        if start >= stop:
            return np.zeros(0, np.uint32)
        first, last = start // BLOCK, (stop - 1) // BLOCK
        if first == last:
            return self._of_one_block(first, start % BLOCK, start % BLOCK + stop - start)
        widths = self._widths[first : last + 1].astype(np.int64)
        starts = self._starts[first : last + 1]
        origin = int(starts[0])
        loaded = self._loaded(origin, int(starts[-1] + widths[-1]))
        bits = (starts[:, None] - origin) * WORD_BITS + widths[:, None] * _PLACES
        masks = ((1 << widths) - 1)[:, None]
        numbers: Array = ((loaded[bits >> 3] >> (bits & 7)) & masks).ravel()
        return numbers[start - first * BLOCK : stop - first * BLOCK].astype(np.uint32)

    def _of_one_block(self, block: int, start: int, stop: int) -> Array:
        begin, end = self._starts[block : block + 2].tolist()
        width = end - begin
        place, shift = _BITS[width]
        loaded = self._loaded(begin, end)[place[start:stop]]
        loaded >>= shift[start:stop]
        loaded &= (1 << width) - 1
        numbers: Array = loaded.astype(np.uint32)
        return numbers

    def blocks(self, start: int, stop: int) -> tuple[Array, Array]:
        """Give the blocks that have the numbers [start, stop): their words and their widths."""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        words = self._words[int(self._starts[first]) : int(self._starts[last + 1])]
        return words, self._widths[first : last + 1]

    def _loaded(self, start: int, stop: int) -> Array:
        """Give eight bytes from each byte of some words, as one number each; nothing is copied."""
        words = self._words[start : stop + 1]
        count = len(words) * WORD_BYTES - (WORD_BYTES - 1)
        return np.ndarray((count,), np.int64, words.view(np.uint8).data, 0, (1,))
