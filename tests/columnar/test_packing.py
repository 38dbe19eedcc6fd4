"""What packed numbers promise: what was written is read, as a whole, in part, in several parts, and one by one."""

import tempfile
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.columnar.storage.bit_packing import BLOCK, Bits, BitWriter, Packed, Packer, bit_lengths
from newsdex.index.columnar.storage.section_file import SectionFile, SectionWriter

Numbers = npt.NDArray[np.uint32]
runs = st.lists(
    st.tuples(st.integers(0, 3 * BLOCK), st.integers(0, 32), st.randoms(use_true_random=False)), min_size=1, max_size=8
)
"""(length, bits, where the numbers come from) of parts that are added one after the other."""


def numbers(parts: list[tuple[int, int, Random]]) -> list[Numbers]:
    return [np.array([draw.getrandbits(bits) if bits else 0 for _ in range(n)], np.uint32) for n, bits, draw in parts]


@given(runs, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8))
def test_numbers_are_read_as_they_were_written(
    parts: list[tuple[int, int, Random]], shares: list[tuple[float, float]]
) -> None:
    values = numbers(parts)
    whole = np.concatenate(values)
    with tempfile.TemporaryDirectory() as folder:
        packed = _written(Path(folder, "file"), values)

        assert len(whole) == len(packed)
        assert whole.tolist() == packed[0 : len(whole)].tolist()
        spans = [sorted((round(a * len(whole)), round(b * len(whole)))) for a, b in shares]
        for start, stop in spans:
            assert whole[start:stop].tolist() == packed[start:stop].tolist()


@given(runs, st.integers(1, 50))
def test_numbers_of_known_widths_are_read_one_by_one(parts: list[tuple[int, int, Random]], step: int) -> None:
    values = [part for part in numbers(parts) if len(part)]
    widths = [np.maximum(bit_lengths(part), part % 3 + bit_lengths(part)) for part in values]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        section_writer, writer = SectionWriter(path), BitWriter(path.parent)
        starts = [writer.add(part, bits) for part, bits in zip(values, widths, strict=True)]
        writer.write(section_writer, "numbers")
        writer.close()
        section_writer.finish(0)
        read = Bits(SectionFile(path), "numbers")
        for part, bits, begin in zip(values, widths, starts, strict=True):
            assert part[::step].tolist() == read.at(begin[::step], bits[::step]).tolist()


def test_small_numbers_take_few_bits() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _written(Path(folder, "zeros"), [np.zeros(64_000, np.uint32)])
        _written(Path(folder, "bits"), [np.tile(np.array([0, 7], np.uint32), 32_000)])
        sizes = [Path(folder, name).stat().st_size for name in ("zeros", "bits")]

        assert sizes[0] < 64_000 / 8
        assert sizes[1] - sizes[0] == 64_000 * 3 // 8


def _written(path: Path, values: list[Numbers]) -> Packed:
    writer = SectionWriter(path)
    packer = Packer(path.parent)
    for part in values:
        packer.add(part)
    packer.write(writer, "numbers")
    packer.close()
    writer.finish(0)
    file = SectionFile(path)
    file.verify()
    return Packed(file, "numbers")
