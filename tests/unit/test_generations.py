"""What generations promise: an index that is missing, damaged or outdated is built anew beside the one that serves."""

import gc
import json
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.scenarios.corpus import Corpus, drain, found_in, stories

from newsdex.errors import Unavailable
from newsdex.index.generations import POINTER, STATE, serving
from newsdex.index.projector import Projector
from newsdex.index.reader import IndexReader
from newsdex.index.schema import INDEX_VERSION

GENEROUS_TIME_S = 3


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def publish(corpus: Corpus, *numbers: int, word: str = "ferry") -> None:
    corpus.publish(*stories(*numbers, word=word))
    corpus.index()


def generations(corpus: Corpus) -> list[str]:
    return sorted(path.name for path in corpus.index_root.glob("generation-*"))


# Generations


def test_without_an_index_nothing_can_be_searched_yet(corpus: Corpus) -> None:
    with pytest.raises(Unavailable) as raised:
        corpus.reader.view()

    assert "index_rebuilding" == raised.value.code


def test_a_first_index_serves_once_it_has_caught_up(corpus: Corpus) -> None:
    corpus.publish(*stories(1, 2))

    assert (2, 0) == (corpus.projector.step(), corpus.projector.position)
    with pytest.raises(Unavailable):
        corpus.reader.view()
    assert (0, 2) == (corpus.projector.step(), corpus.projector.position)
    assert ["1", "2"] == corpus.ids("ferry", sort="oldest")


def test_another_version_is_built_beside_the_one_that_serves_until_then(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    path = serving(corpus.index_root) / STATE
    state = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(state | {"version": INDEX_VERSION - 1}), encoding="utf-8")
    corpus.publish(*stories(3))
    projector = Projector(corpus.archive, corpus.index_root)
    newcomer = IndexReader(corpus.index_root)
    during = []
    for _ in range(2):
        during.append((found_in(corpus.reader.view(), "ferry"), found_in(newcomer.view(), "ferry"), projector.position))
        projector.step()

    assert [(["1", "2"], ["1", "2"], 0)] * 2 == during
    assert (["1", "2", "3"], 3) == (corpus.ids("ferry", sort="oldest"), corpus.reader.view().position)
    assert ["generation-000001", "generation-000002"] == generations(corpus)


def test_the_generation_before_is_kept_and_older_ones_go(corpus: Corpus) -> None:
    publish(corpus, 1)
    for _ in range(4):
        (serving(corpus.index_root) / STATE).unlink(missing_ok=True)
        drain(Projector(corpus.archive, corpus.index_root))

    assert ["generation-000004", "generation-000005"] == generations(corpus)


def test_an_interrupted_build_is_removed_at_the_next_start(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    (serving(corpus.index_root) / STATE).write_text("{", encoding="utf-8")
    Projector(corpus.archive, corpus.index_root).step()
    leftover = corpus.index_root / "generation-000002" / "leftover"
    leftover.touch()
    drain(Projector(corpus.archive, corpus.index_root))

    assert (False, ["1", "2"]) == (leftover.exists(), corpus.ids("ferry", sort="oldest"))
    assert ["generation-000001", "generation-000002"] == generations(corpus)


def test_an_interrupted_first_build_is_removed_at_the_next_start(corpus: Corpus) -> None:
    corpus.publish(*stories(1))
    corpus.projector.step()
    drain(Projector(corpus.archive, corpus.index_root))

    assert (["generation-000001"], ["1"]) == (generations(corpus), corpus.ids("ferry"))


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"generation-000009", b"nonsense", b"../elsewhere"])
def test_a_damaged_pointer_leads_to_a_new_generation(corpus: Corpus, content: bytes) -> None:
    publish(corpus, 1, 2)
    (corpus.index_root / POINTER).write_bytes(content)
    reader = IndexReader(corpus.index_root)
    with pytest.raises(Unavailable):
        reader.view()
    drain(Projector(corpus.archive, corpus.index_root))

    assert ["1", "2"] == found_in(reader.view(), "ferry")


def test_a_deleted_index_is_built_anew(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    shutil.rmtree(corpus.index_root)
    drain(Projector(corpus.archive, corpus.index_root))

    assert ["1", "2"] == corpus.ids("ferry", sort="oldest")


# Each kind of damage, to each kind of file


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("damage", ["gone", "empty", "half", "garbage"])
def test_a_damaged_file_is_noticed_or_harmless(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory, damage: str
) -> None:
    """A new start of the indexer leads to right answers; until then there are answers, or `Unavailable`."""
    for numbers in ((1, 2, 3), (4, 5), (6,)):
        publish(corpus, *numbers)
    corpus.withdraw("4")
    corpus.index()
    folder = serving(corpus.index_root)
    kinds = {path.name.partition(".")[2]: path for path in folder.iterdir() if path.stat().st_size}
    faults = []
    for kind, path in sorted(kinds.items()):
        root = tmp_path_factory.mktemp("damaged") / "index"
        shutil.copytree(corpus.index_root, root)
        harm(root / path.relative_to(corpus.index_root), damage)
        before = fault_of(partial(IndexReader, root))
        after = fault_of(partial(rebuilt, corpus, root))
        if before not in {None, "wrong", "Unavailable", "Damaged"} or after is not None:
            faults.append((kind, before, after))
    gc.collect()  # Whoosh leaves files open where it fails

    assert [] == faults


def harm(path: Path, damage: str) -> None:
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        left = {"empty": b"", "half": content[: len(content) // 2], "garbage": b"\x5a" * len(content)}[damage]
        path.write_bytes(left)


def rebuilt(corpus: Corpus, root: Path) -> IndexReader:
    drain(Projector(corpus.archive, root))
    return IndexReader(root)


def fault_of(make: Callable[[], IndexReader]) -> str | None:
    """Give what is wrong with an index's answers: the name of an exception, or `wrong`; None for right answers."""
    try:
        reader = make()
        right = ["1", "2", "3", "5", "6"]
        answers = [found_in(reader.view(), text) for text in ("ferry", "*", "left NOT absent")]
        newest = found_in(reader.view(), "ferry", sort="newest")
        relevance = sorted(found_in(reader.view(), "story", sort="relevance"))
    except Exception as error:  # noqa: BLE001 - its name is what is asked for
        return type(error).__name__
    return None if [*answers, newest[::-1], relevance] == [right] * 5 else "wrong"


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_an_index_without_its_files_is_reported_soon(corpus: Corpus) -> None:
    """A request waits for this answer, and it has a deadline."""
    publish(corpus, 1)
    for path in serving(corpus.index_root).glob("*.*"):
        if path.name != STATE and path.suffix != ".toc":
            path.unlink()
    start = time.perf_counter()
    with pytest.raises(Unavailable):
        IndexReader(corpus.index_root).view()
    took_s = time.perf_counter() - start
    gc.collect()  # Whoosh leaves files open where it fails

    assert took_s < GENEROUS_TIME_S
