"""What is erased leaves every file of the index: the serving generation, the one before, and one that is being made."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.corpus import Corpus, stories

from newsdex.errors import NewsdexError
from newsdex.index.columnar.indexing.merge_process import Task
from newsdex.index.generations.generations import serving
from newsdex.index.generations.projector import Projector
from newsdex.index.writer import IndexWriter

SECRET, FORMER = "quorvalexian", "zindrathorpe"
MAX_STEPS = 2_000


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def files_with(folder: Path, word: str) -> list[str]:
    """Return the files that have a word somewhere in their bytes."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    )


def erase(projector: Projector, head: int) -> None:
    projector.erase()
    for _ in range(MAX_STEPS):
        projector.step()
        if projector.status.erased_up_to >= head:
            return
        projector.finish_merging()
    raise AssertionError("it was not erased")


def publish_secret(corpus: Corpus) -> None:
    """Index an article of which an earlier version had another word."""
    corpus.publish({"id": "secret", "title": f"Of {FORMER}", "version": 1}, *stories(*range(5)))
    corpus.index()
    corpus.publish({"id": "secret", "title": f"Of {SECRET}", "version": 2}, *stories(*range(5, 10)))
    corpus.index()


@pytest.mark.parametrize("rebuilt", [False, True])
def test_no_word_of_any_version_is_left_in_any_generation(corpus: Corpus, *, rebuilt: bool) -> None:
    publish_secret(corpus)
    if rebuilt:
        corpus.projector.rebuild()
        corpus.index()
    before = {word: files_with(corpus.index_root, word) for word in (SECRET, FORMER)}
    corpus.withdraw("secret")
    corpus.index()
    erase(corpus.projector, corpus.archive.head())

    assert all(before.values()), "the words stand in the files as they are"
    assert {SECRET: [], FORMER: []} == {word: files_with(corpus.index_root, word) for word in before}
    assert 10 == len(corpus.ids("ferry"))


def test_what_is_erased_while_a_generation_is_made_is_in_neither(corpus: Corpus) -> None:
    publish_secret(corpus)
    corpus.projector.rebuild()
    corpus.projector.step()
    during = files_with(corpus.index_root, SECRET)
    corpus.withdraw("secret")
    erase(corpus.projector, corpus.archive.head())
    corpus.index()

    assert 2 == len({name.partition("/")[0] for name in during})
    assert [] == files_with(corpus.index_root, SECRET)
    assert 10 == len(corpus.ids("ferry"))


def test_there_is_no_generation_to_go_back_to_afterwards(corpus: Corpus) -> None:
    publish_secret(corpus)
    corpus.projector.rebuild()
    corpus.index()
    corpus.withdraw("secret")
    erase(corpus.projector, corpus.archive.head())
    with pytest.raises(NewsdexError) as raised:
        corpus.projector.roll_back()

    assert "no_previous_generation" == raised.value.code


def test_erasing_goes_on_with_the_generation_that_serves_meanwhile(corpus: Corpus) -> None:
    """The swap comes between the order and its end: what served before is kept as the one to go back to."""
    publish_secret(corpus)
    corpus.withdraw("secret")
    corpus.projector.erase()
    corpus.projector.rebuild()
    corpus.index()
    erase(corpus.projector, corpus.archive.head())

    assert [] == files_with(corpus.index_root, SECRET)
    assert 10 == len(corpus.ids("ferry"))


def test_what_a_second_erasure_deletes_during_the_merge_of_the_first_is_rewritten_too(corpus: Corpus) -> None:
    """The merge has read the segment before the second article was deleted from it, and brings its words along."""
    articles = [{"id": "first", "title": f"Of {SECRET}"}, {"id": "second", "title": f"Of {FORMER}"}]
    corpus.publish(*articles, *stories(*range(5)))
    corpus.index()
    writer = IndexWriter(serving(corpus.index_root), merges=False)

    def delete(id_: str) -> None:
        corpus.withdraw(id_)
        writer.apply(corpus.archive.changes(writer.position, 9), 0)
        writer.rewrite_deleted()

    def done(task: Task) -> int:
        documents = task.done()
        delete("second")
        return documents

    delete("first")
    writer._merge(writer._due(), done)
    left = files_with(corpus.index_root, FORMER)
    is_rewritten = writer.is_rewritten
    writer.finish_merging()

    assert (1, False) == (len(left), is_rewritten)
    assert ({SECRET: [], FORMER: []}, True) == (
        {word: files_with(corpus.index_root, word) for word in (SECRET, FORMER)},
        writer.is_rewritten,
    )
