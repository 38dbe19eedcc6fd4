"""What merging dictionaries promises: each term once, sorted, and every old number's new one."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.columnar.indexing.dictionary_union import union
from newsdex.index.columnar.storage.section_file import SectionFile, SectionWriter
from newsdex.index.columnar.storage.term_dictionary import TermDictionary, write_dictionary

LONG = "the same beginning "
endings = st.text(alphabet="ab京", max_size=4)
terms = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20),
    endings.map(LONG.__add__),
    endings.map(LONG[:16].__add__),
    st.text(alphabet="ab", min_size=1, max_size=3),
)
dictionaries = st.lists(st.sets(terms.map(str.encode), min_size=1, max_size=30), min_size=1, max_size=4)


@given(dictionaries)
def test_dictionaries_become_one(sources: list[set[bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        opened = [_written(Path(folder, str(number)), sorted(source)) for number, source in enumerate(sources)]
        merged = union(opened)
        whole = sorted(set().union(*sources))
        data, lengths = merged.chosen(np.ones(len(merged), bool))

        assert (b"".join(whole), list(map(len, whole))) == (data, lengths.tolist())
        for source, numbers in zip(sources, merged.numbers, strict=True):
            assert sorted(source) == [whole[number] for number in numbers.tolist()]


@given(st.sets(terms.map(str.encode), min_size=1, max_size=60))
def test_a_dictionary_finds_every_term_and_only_those(source: set[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        opened = _written(Path(folder, "file"), sorted(source))

        assert sorted(source) == opened.slice(0, opened.count) == [opened[number] for number in range(opened.count)]
        assert list(range(len(source))) == [opened.find(term) for term in sorted(source)]
        assert [-1] * len(source) == [opened.find(term + b"\xff") for term in source]


def _written(path: Path, sorted_terms: list[bytes]) -> TermDictionary:
    writer = SectionWriter(path)
    write_dictionary(writer, "body", b"".join(sorted_terms), np.array([len(term) for term in sorted_terms]))
    writer.finish(0)
    return TermDictionary(SectionFile(path), "body")
