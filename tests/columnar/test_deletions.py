"""What deletions promise: each segment's bitmap is read as it was written, and a damaged file is named."""

import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.columnar.storage.deletions import read_deletions, write_deletions
from newsdex.index.columnar.storage.section_file import Damaged

masks = st.dictionaries(
    st.text("abc0", min_size=16, max_size=16), st.lists(st.booleans(), min_size=1, max_size=40), min_size=1, max_size=4
)


@given(masks)
def test_each_segments_deletions_are_read_as_they_were_written(deleted: dict[str, list[bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "MAIN_1.deleted")
        write_deletions(path, {name: np.array(mask) for name, mask in deleted.items()})

        assert deleted == {name: read_deletions(path, name, len(mask)).tolist() for name, mask in deleted.items()}


def test_no_damaged_byte_becomes_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "MAIN_1.deleted"
    write_deletions(path, {"a": np.array([True, False, True]), "b": np.ones(20, bool)})
    whole = path.read_bytes()
    damaged = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))]
    damaged += [whole[:length] for length in range(len(whole))]
    answers = set()
    for data in damaged:
        path.write_bytes(data)
        with suppress(Damaged):
            answers.add(tuple(read_deletions(path, "a", 3).tolist()))

    assert answers == set()


def test_a_segment_that_is_not_in_the_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "MAIN_1.deleted"
    write_deletions(path, {"a": np.ones(3, bool)})
    for name, documents in [("b", 3), ("a", 4)]:
        with pytest.raises(Damaged, match=rf"MAIN_1.deleted: .*segment {name}"):
            read_deletions(path, name, documents)
