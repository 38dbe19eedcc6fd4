"""What the index promises: a function of the archive, each change once, whole commits to any number of readers."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.corpus import Corpus, drain, found_in, stories

from newsdex.index.generations.generations import serving, write_state
from newsdex.index.generations.projector import Projector
from newsdex.index.reader import IndexReader
from newsdex.index.writer import IndexWriter
from newsdex_schemas import SearchRequest

COMMITS = 40
READERS = 3


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def publish(corpus: Corpus, *numbers: int, word: str = "ferry") -> None:
    corpus.publish(*stories(*numbers, word=word))
    corpus.index()


# The projector


def test_applying_the_same_changes_twice_changes_nothing(corpus: Corpus) -> None:
    publish(corpus, 1, 2, 3)
    corpus.withdraw("2")
    corpus.index()
    before = corpus.ids("ferry", sort="oldest")
    folder = serving(corpus.index_root)
    changes = corpus.archive.changes(0, 100)
    for _ in range(2):
        IndexWriter(folder).apply(changes, 0)

    assert ["1", "3"] == before
    assert before == corpus.ids("ferry", sort="oldest")
    assert before == [id_ for word in ("story AND 1", "story AND 3") for id_ in corpus.ids(word)]


def test_a_commit_holds_its_own_position(corpus: Corpus) -> None:
    """There is no moment between the two at which a crash could part them."""
    publish(corpus, 1)
    publish(corpus, 2, 3)
    write_state(serving(corpus.index_root), 1, 0)
    projector = Projector(corpus.archive, corpus.index_root)

    assert (3, 0) == (projector.position, drain(projector))
    assert ["1", "2", "3"] == corpus.ids("ferry", sort="oldest")


def test_it_goes_on_from_its_position_after_being_opened_anew(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    corpus.publish(*stories(3))
    projector = Projector(corpus.archive, corpus.index_root)

    assert (2, 1) == (projector.position, projector.step())
    assert (3, 0) == (projector.position, projector.step())
    assert ["generation-000001"] == [path.name for path in corpus.index_root.glob("generation-*")]


def test_the_position_rises_with_every_batch_and_says_what_is_in_it(corpus: Corpus) -> None:
    positions = [corpus.projector.position]
    for number in range(1, 5):
        publish(corpus, number)
        positions.append(corpus.projector.position)

    assert [0, 1, 2, 3, 4] == positions
    assert 4 == corpus.reader.view().position


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
@pytest.mark.parametrize("q", ["", "ferry", "fe*", '"a b"', "NOT ferry"])
def test_an_empty_archive_has_an_index_that_finds_nothing(corpus: Corpus, sort: str, q: str) -> None:
    corpus.index()

    assert [] == corpus.ids(q, sort=sort)


def test_an_updated_article_is_there_once_with_its_new_text(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    for word in ("train", "plane", "bicycle"):
        publish(corpus, 1, word=word)

    assert (["2"], ["1"], []) == (corpus.ids("ferry"), corpus.ids("bicycle"), corpus.ids("train OR plane"))
    assert ["1", "2"] == sorted(corpus.ids("*"))


def test_a_withdrawn_article_is_deleted(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    corpus.withdraw("1")
    corpus.withdraw("unknown")
    corpus.index()

    assert ["2"] == found_in(corpus.reader.view(), "*")


def test_a_view_without_an_archive_in_front_shows_no_superseded_document(corpus: Corpus) -> None:
    publish(corpus, 1, 2, 3)
    corpus.withdraw("3")
    publish(corpus, 2, word="train")

    assert (["1"], ["2"]) == (found_in(corpus.reader.view(), "NOT train"), found_in(corpus.reader.view(), "NOT ferry"))


# Readers


def test_a_view_sees_its_own_commit_only(corpus: Corpus) -> None:
    publish(corpus, 1)
    view = IndexReader(corpus.index_root).view()
    publish(corpus, 2)
    corpus.withdraw("1")
    corpus.index()

    assert (["1"], 1) == (found_in(view, "*"), view.position)


def test_a_view_goes_on_answering_after_its_files_were_merged_away(corpus: Corpus) -> None:
    for number in range(1, 4):
        publish(corpus, number)
    view = IndexReader(corpus.index_root).view()
    for number in range(4, 25):
        publish(corpus, number)

    assert ["1", "2", "3"] == found_in(view, "ferry")
    assert ["3", "2", "1"] == found_in(view, "ferry", sort="newest")


def test_a_view_is_kept_until_there_is_a_commit(corpus: Corpus) -> None:
    publish(corpus, 1)
    first, second = corpus.reader.view(), corpus.reader.view()
    publish(corpus, 2)

    assert first is second
    assert ["1", "2"] == found_in(corpus.reader.view(), "ferry")


def test_readers_meet_no_fault_while_commits_go_on(corpus: Corpus) -> None:
    """Each answer has at least what its position says, in threads that search all the while."""
    publish(corpus, 0, word="harbour")
    done, faults, answered = threading.Event(), list[str](), list[int]()

    def search() -> None:
        try:
            while not done.is_set():
                for sort in ("newest", "relevance"):
                    reply = corpus.answer(SearchRequest(q="harbour", sort=sort, timeout_ms=10_000))
                    answered.append(reply.total)
                    if not reply.position <= reply.total or len(reply.hits) != min(10, reply.total):
                        faults.append(f"{reply.total} at position {reply.position}")
        except Exception as error:  # noqa: BLE001 - handed to the test's thread
            faults.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=search) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for number in range(COMMITS):
        corpus.publish({"id": f"h{number}", "title": "Harbour", "published_at": f"2026-02-01T00:00:{number:02}Z"})
        corpus.index()
    done.set()
    for thread in threads:
        thread.join()

    assert [] == faults
    assert len(answered) > READERS
