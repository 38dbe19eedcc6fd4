"""What packed numbers promise: what was written is read, as a whole, in part, in several parts, and one by one."""

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.columnar.packing import BLOCK, Packed, Packer
from newsdex.index.columnar.sections import SectionFile, SectionWriter
from newsdex.index.columnar.spans import Spans

runs = st.lists(
    st.tuples(st.integers(0, 3 * BLOCK), st.integers(0, 32), st.randoms(use_true_random=False)), min_size=1, max_size=8
)
"""(length, bits, where the numbers come from) of parts that are added one after the other."""


@given(runs, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8), st.booleans())
def test_numbers_are_read_as_they_were_written(
    parts: list[tuple[int, int, object]], shares: list[tuple[float, float]], one_by_one: bool
) -> None:
    values = [np.array([draw.getrandbits(bits) if bits else 0 for _ in range(n)], np.uint32) for n, bits, draw in parts]  # type: ignore[attr-defined]  # a Random
    whole = np.concatenate(values)
    with tempfile.TemporaryDirectory() as folder:
        packed = _written(Path(folder, "file"), values)

        assert len(whole) == len(packed)
        assert whole.tolist() == packed[0 : len(whole)].tolist()
        spans = [sorted((round(a * len(whole)), round(b * len(whole)))) for a, b in shares]
        for start, stop in spans:
            assert whole[start:stop].tolist() == packed[start:stop].tolist()
        if filled := [(packed, start, stop) for start, stop in spans if start < stop]:
            expected = np.concatenate([whole[start:stop] for _, start, stop in filled])
            step = 1 if one_by_one else 37
            places = np.arange(0, len(expected), step)

            assert expected.tolist() == Spans(filled).all().tolist()
            assert expected[::step].tolist() == Spans(filled).at(places).tolist()


def test_small_numbers_take_few_bits() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _written(Path(folder, "zeros"), [np.zeros(64_000, np.uint32)])
        _written(Path(folder, "bits"), [np.tile(np.array([0, 7], np.uint32), 32_000)])
        sizes = [Path(folder, name).stat().st_size for name in ("zeros", "bits")]

        assert sizes[0] < 64_000 / 8
        assert sizes[1] - sizes[0] == 64_000 * 3 // 8


def _written(path: Path, values: list[npt.NDArray[np.uint32]]) -> Packed:
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
