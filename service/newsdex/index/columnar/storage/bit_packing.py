"""Whole numbers in as few bits as they need, written and read without a loop over numbers.

Numbers of one kind are packed in blocks of 32: a block of numbers below 2**w is w words of 32 bits, so a block begins
at the sum of the widths before it, and any number can be read by itself. (Frame of reference without a frame: Lemire
and Boytsov, Decoding billions of integers per second through vectorization, 2015, section 3.) Where the reader knows
the width of each number beforehand, they stand one behind the other in a stream of bits.
"""

import ctypes
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.storage.section_file import BLOCK_BYTES, Section, SectionFile, SectionWriter, blocks

BLOCK = 32
JOINED_BITS = 64
WORD_BYTES, LOADED_BYTES = 4, 8
IN_MEMORY_BYTES = 16 << 20
"""What is packed beyond this waits in a file: bounds the memory of a merge."""
_PLACES = np.arange(BLOCK)
_BITS = [(width * _PLACES >> 3, width * _PLACES & 7) for width in range(33)]
"""For each width, at which byte of a block each number begins, and at which bit of it."""


def bit_lengths(values: Array) -> Array:
    """Return the number of bits of each number below 2**53."""
    lengths: Array = np.frexp(values.astype(np.float64))[1].astype(np.int64)  # exact: 2**(e - 1) <= value < 2**e
    return lengths


def pack(values: Array) -> tuple[Array, Array]:
    """Return whole blocks of numbers as words of 32 bits, and the width of each block; numbers are below 2**32."""
    numbers = values.astype(np.uint64, copy=False)
    widths = bit_lengths(numbers.reshape(-1, BLOCK).max(1))
    if not widths.any():
        return np.zeros(0, np.uint32), widths.astype(np.uint8)
    words = join(numbers, np.repeat(widths, BLOCK))
    return words.view(np.uint32)[: int(widths.sum())], widths.astype(np.uint8)


def join(numbers: Array, bits: Array) -> Array:
    """Put numbers below 2**32, uint64, one behind the other in so many bits each; give whole words of 64 bits."""
    # neighbours become one number as long as all fit into a word: what follows then has less to do
    while len(numbers) > 1 and 2 * int(bits.max()) <= JOINED_BITS:
        if len(numbers) % 2:
            numbers, bits = np.append(numbers, np.uint64(0)), np.append(bits, 0)
        numbers = numbers[::2] | (numbers[1::2] << bits[::2].astype(np.uint64))
        bits = bits[::2] + bits[1::2]
    ends = np.cumsum(bits, dtype=np.int64)
    starts = ends - bits
    word, shift = starts >> 6, starts & 63
    joined = np.zeros(-(-int(ends[-1]) // JOINED_BITS) + 1, np.uint64)
    first = np.flatnonzero(np.diff(word, prepend=-1))
    joined[word[first]] = np.bitwise_or.reduceat(numbers << shift.astype(np.uint64), first)
    over = np.flatnonzero(shift + bits > JOINED_BITS)
    joined[word[over] + 1] |= numbers[over] >> (JOINED_BITS - shift[over]).astype(np.uint64)
    return joined[:-1]


class _Waiting:
    """Bytes on their way into a section, in memory or in a file without a name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0

    def add(self, words: Array) -> None:
        if not len(words):
            return
        self._held.append(words.tobytes())
        self._held_bytes += words.nbytes
        if self._held_bytes > IN_MEMORY_BYTES:
            self._file = self._file or TemporaryFile(dir=self._folder)  # noqa: SIM115 - `close` closes it
            self._file.writelines(self._held)
            self._held, self._held_bytes = [], 0

    def write(self, writer: SectionWriter, name: str, dtype: str, base: int) -> None:
        self.add(np.zeros(1, np.uint64))  # a number is read as the eight bytes from where it begins
        if self._file is None:
            writer.add_parts(name, dtype, blocks(b"".join(self._held)), base)
            return
        file = self._file
        file.writelines(self._held)
        file.seek(0)
        writer.add_parts(name, dtype, iter(lambda: file.read(BLOCK_BYTES), b""), base)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Packer:
    """Packs numbers that come a part at a time, and writes them as two sections."""

    def __init__(self, folder: Path) -> None:
        """Take the folder where numbers may wait in a file without a name."""
        self._count = 0
        self._rest = np.zeros(0, np.uint64)
        self._widths: list[Array] = []
        self._words = _Waiting(folder)

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
            self._words.add(words)
            self._widths.append(widths)

    def write(self, writer: SectionWriter, name: str) -> None:
        """Write all of them: the words, with how many numbers they are, and the widths."""
        self._pack(np.concatenate([self._rest, np.zeros(-len(self._rest) % BLOCK, np.uint64)]))
        self._words.write(writer, name, "<u4", self._count)
        writer.add(f"{name}.widths", np.concatenate(self._widths) if self._widths else np.zeros(0, np.uint8))

    def close(self) -> None:
        """Give up what waits."""
        self._words.close()


class BitWriter:
    """Writes numbers of known widths one behind the other; each part begins with a word."""

    def __init__(self, folder: Path) -> None:
        """Take the folder where numbers may wait in a file without a name."""
        self._bits = 0
        self._words = _Waiting(folder)

    def add(self, values: Array, widths: Array) -> Array:
        """Take some more numbers; give the bit at which each begins."""
        words = join(values.astype(np.uint64, copy=False), widths)
        self._words.add(words)
        starts = np.cumsum(widths, dtype=np.int64) - widths + self._bits
        self._bits += len(words) * JOINED_BITS
        return starts

    def write(self, writer: SectionWriter, name: str) -> None:
        """Write all of them."""
        self._words.write(writer, name, "<u4", 0)

    def close(self) -> None:
        """Give up what waits."""
        self._words.close()


class Bits:
    """Numbers of known widths in a file."""

    def __init__(self, file: SectionFile, name: str) -> None:
        self._words = file.typed(name, np.uint32)

    def described(self) -> tuple[Array, Any]:
        """Return the words, not checked yet, and the flags of their checked blocks: for the kernel."""
        return self._words.values, self._words.checked

    def check(self, start: int, stop: int) -> None:
        """Compare the words [start, stop) with their checksums; raise `Damaged`."""
        _ = self._words[start:stop]

    def at(self, starts: Array, widths: Array) -> Array:
        """Return the numbers that begin at some rising bits as uint32."""
        if not len(starts):
            return np.zeros(0, np.uint32)
        origin = int(starts[0]) // BLOCK
        loaded = _loaded(self._words, origin, int(starts[-1] + widths[-1]) // BLOCK + 1)
        bits = starts - origin * BLOCK
        numbers: Array = (loaded[bits >> 3] >> (bits & 7)) & ((1 << widths) - 1)
        return numbers.astype(np.uint32)


class Packed:
    """Packed numbers of a file."""

    def __init__(self, file: SectionFile, name: str) -> None:
        self._words = file.typed(name, np.uint32)
        self._widths = file.typed(f"{name}.widths", np.uint8)

    def __len__(self) -> int:
        return self._words.base

    @cached_property
    def _starts(self) -> Array:
        """Where each block begins, in words, and the end."""
        widths = self._widths.all()
        starts = np.zeros(len(widths) + 1, np.uint32)
        np.cumsum(widths, out=starts[1:])
        return starts

    def __getitem__(self, span: slice) -> Array:
        """Return the numbers [start, stop) as uint32."""
        start, stop = span.start, span.stop
        if start >= stop:
            return np.zeros(0, np.uint32)
        first, last = start // BLOCK, (stop - 1) // BLOCK
        if first == last:
            return self._of_one_block(first, start % BLOCK, start % BLOCK + stop - start)
        starts = self._starts[first : last + 2].astype(np.int64)
        widths = np.diff(starts)[:, None]
        loaded = _loaded(self._words, int(starts[0]), int(starts[-1]))
        bits = (starts[:-1, None] - starts[0]) * BLOCK + widths * _PLACES
        numbers: Array = ((loaded[bits >> 3] >> (bits & 7)) & ((1 << widths) - 1)).ravel()
        return numbers[start - first * BLOCK : stop - first * BLOCK].astype(np.uint32)

    def check(self, start: int, stop: int) -> None:
        """Compare the blocks that have the numbers [start, stop) with their checksums; raise `Damaged`."""
        _ = self._words[int(self._starts[start // BLOCK]) : int(self._starts[(stop - 1) // BLOCK + 1])]

    @cached_property
    def described(self) -> kernel.Packed:
        """Return where the numbers lie in memory, for the kernel; the words are not checked yet."""
        words, widths, places, checked = self._words.values, self._widths.all(), self._starts, self._words.checked
        described = kernel.Packed(
            words=kernel.address(words),
            word_count=len(words),
            widths=kernel.address(widths),
            places=kernel.address(places),
            blocks=len(widths),
            checked=ctypes.addressof(checked),
        )
        described.kept = words, widths, places, checked
        return described

    def _of_one_block(self, block: int, start: int, stop: int) -> Array:
        begin, end = self._starts[block : block + 2].tolist()
        place, shift = _BITS[end - begin]
        loaded = _loaded(self._words, begin, end)[place[start:stop]]
        loaded >>= shift[start:stop]
        loaded &= (1 << (end - begin)) - 1
        numbers: Array = loaded.astype(np.uint32)
        return numbers


def _loaded(words: Section, start: int, stop: int) -> Array:
    """Return eight bytes from each byte of some words, as one number each; nothing is copied."""
    return _bytes_of(words[start : stop + LOADED_BYTES // WORD_BYTES])


def _bytes_of(words: Array) -> Array:
    count = len(words) * WORD_BYTES - (LOADED_BYTES - 1)
    return np.ndarray((count,), np.int64, words.view(np.uint8).data, 0, (1,))
