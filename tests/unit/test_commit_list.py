"""The list of segments names segments, and nothing that would be run when it is read."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import Corpus, stories
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

from newsdex.index.columnar.storage.commits import (
    INDEX_NAME,
    latest_generation,
    read_segments,
    write_segments,
)
from newsdex.index.columnar.storage.section_file import Damaged
from newsdex.index.generations.generations import serving
from newsdex.index.schema import make_schema


class Calls:
    """Pickled, it is a call of a function with a path."""

    def __init__(self, function: Any, path: Path) -> None:
        self.call = function, (str(path),)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return self.call


@pytest.mark.parametrize("function", [os.mkdir, open, exec, Path, sys.exit], ids=lambda function: function.__name__)
def test_a_list_that_names_anything_else_is_damaged_and_runs_nothing(tmp_path: Path, function: Any) -> None:
    """Whole and sealed as ours are: whoever may write the folder can do that."""
    write_segments(tmp_path, 1, make_schema(), [Calls(function, tmp_path / "made")])  # type: ignore[list-item]  # an attack

    with pytest.raises(Damaged) as raised:
        read_segments(tmp_path, 1, make_schema())

    assert "index_damaged" == raised.value.code
    assert not (tmp_path / "made").exists()


def test_whoosh_itself_would_have_run_it(tmp_path: Path) -> None:
    write_segments(tmp_path, 1, make_schema(), [Calls(os.mkdir, tmp_path / "made")])  # type: ignore[list-item]  # as above
    TOC.read(FileStorage(str(tmp_path)), INDEX_NAME, 1, make_schema())

    assert (tmp_path / "made").exists()


def test_a_list_of_ours_is_read_as_whoosh_reads_it(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish(*stories(1, 2, 3))
        corpus.index()
        folder = serving(tmp_path / "index")
        generation = latest_generation(folder)
        ours = read_segments(folder, generation, make_schema())
        stock = TOC.read(FileStorage(str(folder)), INDEX_NAME, generation, make_schema()).segments

    assert ours
    assert [vars(segment) for segment in stock] == [vars(segment) for segment in ours]


def test_a_searcher_opens_no_file_of_the_index_for_writing(tmp_path: Path) -> None:
    """So that its folder may be mounted read-only for searchers."""
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    opened: list[tuple[str, int]] = []
    with Corpus(tmp_path) as corpus:
        corpus.publish(*stories(*range(20)))
        corpus.index()
        index = str(tmp_path / "index")

        def note(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open" and str(arguments[0]).startswith(index):
                opened.append((str(arguments[0]), arguments[2]))

        watching = True
        sys.addaudithook(lambda event, arguments: note(event, arguments) if watching else None)
        found = corpus.ids("ferry")
        corpus.suggest("fer")
        corpus.similar(found[0])
        watching = False

    assert found
    assert opened
    assert [] == [(path, flags) for path, flags in opened if flags & writes]
