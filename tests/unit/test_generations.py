"""What generations promise: an index that is missing, damaged or outdated is built anew beside the one that serves."""

import gc
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.scenarios.corpus import Corpus, drain, found_in, stories

from newsdex.errors import NewsdexError, Unavailable
from newsdex.host.durable import write_sealed
from newsdex.index.generations.build import BuildStatus
from newsdex.index.generations.generations import POINTER, STATE, previous, serving
from newsdex.index.generations.projector import Projector
from newsdex.index.reader import IndexReader
from newsdex.index.writer import IndexWriter
from newsdex.records.feed import Change
from newsdex_schemas import SearchRequest

GENEROUS_TIME_S = 3
MOST_SLICES = 200


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
    for _ in range(MOST_SLICES):  # it is verified in slices of time, of which a busy machine needs several
        with pytest.raises(Unavailable):
            corpus.reader.view()
        assert 0 == corpus.projector.step()
        if corpus.projector.position:
            break
    assert 2 == corpus.projector.position
    assert ["1", "2"] == corpus.ids("ferry", sort="oldest")


def test_another_version_is_built_beside_the_one_that_serves_until_then(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    write_sealed(serving(corpus.index_root) / STATE, {"made_by": "another newsdex", "position": 2})
    corpus.publish(*stories(3))
    projector = Projector(corpus.archive, corpus.index_root)
    newcomer = IndexReader(corpus.index_root)
    during = []
    for _ in range(MOST_SLICES):
        during.append((found_in(corpus.reader.view(), "ferry"), found_in(newcomer.view(), "ferry"), projector.position))
        projector.step()
        if projector.position:
            break

    assert len(during) >= 2
    assert [(["1", "2"], ["1", "2"], 0)] * len(during) == during
    assert (["1", "2", "3"], 3) == (corpus.ids("ferry", sort="oldest"), corpus.reader.view().position)
    assert ["generation-000001", "generation-000002"] == generations(corpus)


def test_the_generation_before_is_kept_and_older_ones_go(corpus: Corpus) -> None:
    publish(corpus, 1)
    for _ in range(4):
        corpus.projector.rebuild()
        corpus.index()

    assert ["generation-000004", "generation-000005"] == generations(corpus)
    assert corpus.index_root / "generation-000004" == previous(corpus.index_root)


def test_a_damaged_generation_is_not_kept(corpus: Corpus) -> None:
    publish(corpus, 1)
    (serving(corpus.index_root) / STATE).unlink()
    drain(Projector(corpus.archive, corpus.index_root))

    assert (["generation-000002"], None) == (generations(corpus), previous(corpus.index_root))


def test_an_index_is_missing_where_an_archive_is_new(corpus: Corpus) -> None:
    corpus.publish(*stories(1))

    assert "index_missing" == status_of(Projector(corpus.archive, corpus.index_root)).reason


def test_a_rebuild_that_was_cut_off_is_gone_on_with(corpus: Corpus) -> None:
    publish(corpus, *range(20))
    corpus.projector.rebuild()
    corpus.projector.step()
    first = status_of(corpus.projector)
    second = Projector(corpus.archive, corpus.index_root)
    resumed = status_of(second)
    drain(second)

    assert ("generation-000002", "requested", 20) == (first.generation, first.reason, first.position)
    assert (first.generation, first.reason, first.position) == (resumed.generation, resumed.reason, resumed.position)
    assert "generation-000002" == serving(corpus.index_root).name


def test_a_rebuild_of_another_version_that_was_cut_off_begins_anew(corpus: Corpus) -> None:
    publish(corpus, 1)
    corpus.projector.rebuild()
    corpus.projector.step()
    leftover = corpus.index_root / "generation-000002"
    write_sealed(leftover / STATE, {"made_by": "another newsdex", "position": 0})
    (leftover / "leftover").touch()
    drain(Projector(corpus.archive, corpus.index_root))

    assert ("generation-000002", False) == (serving(corpus.index_root).name, (leftover / "leftover").exists())


def test_an_interrupted_first_build_is_gone_on_with(corpus: Corpus) -> None:
    corpus.publish(*stories(1))
    corpus.projector.step()
    second = Projector(corpus.archive, corpus.index_root)

    assert 1 == status_of(second).position
    assert (0, ["1"]) == (drain(second), corpus.ids("ferry"))
    assert ["generation-000001"] == generations(corpus)


def test_a_rebuild_follows_what_the_archive_has_and_so_does_the_generation_that_serves(corpus: Corpus) -> None:
    """At no moment of it does a search lack what was applied before."""
    publish(corpus, *range(5))
    corpus.projector.rebuild()
    seen = []
    for number in range(5, 9):
        corpus.publish(*stories(number))
        corpus.projector.step()
        seen.append((corpus.ids("ferry", size=0) == [], corpus.answer(SearchRequest(q="ferry")).total))
    drain(corpus.projector)

    assert [(True, number) for number in range(6, 10)] == seen
    assert (9, 9, "generation-000002") == (
        corpus.answer(SearchRequest(q="ferry")).total,
        corpus.projector.position,
        serving(corpus.index_root).name,
    )


def test_a_newsdex_that_is_taken_back_goes_on_with_its_own_generation(corpus: Corpus) -> None:
    """It only has to catch up, and nothing is built from nothing."""
    publish(corpus, 1)
    corpus.projector.rebuild()
    corpus.index()
    publish(corpus, 2)
    write_sealed(serving(corpus.index_root) / STATE, {"made_by": "a newer newsdex", "position": 2})
    older = Projector(corpus.archive, corpus.index_root)
    begun = status_of(older)
    drain(older)

    assert ("generation-000001", "index_version", 1) == (begun.generation, begun.reason, begun.position)
    assert (["1", "2"], "generation-000001") == (corpus.ids("ferry", sort="oldest"), serving(corpus.index_root).name)
    assert "generation-000002" == previous(corpus.index_root).name  # type: ignore[union-attr]  # it is kept


def test_rollback_goes_back_to_the_generation_before_once_it_has_caught_up(corpus: Corpus) -> None:
    publish(corpus, 1)
    corpus.projector.rebuild()
    corpus.index()
    publish(corpus, 2)
    corpus.projector.roll_back()
    drain(corpus.projector)

    assert (["1", "2"], "generation-000001") == (corpus.ids("ferry", sort="oldest"), serving(corpus.index_root).name)
    assert corpus.index_root / "generation-000002" == previous(corpus.index_root)


def test_rollback_is_refused_where_there_is_nothing_to_go_back_to(corpus: Corpus) -> None:
    publish(corpus, 1)
    with pytest.raises(NewsdexError) as none_kept:
        corpus.projector.roll_back()
    corpus.projector.rebuild()
    corpus.index()
    write_sealed(corpus.index_root / "generation-000001" / STATE, {"made_by": "another newsdex", "position": 1})
    with pytest.raises(NewsdexError) as other_version:
        corpus.projector.roll_back()

    assert ("no_previous_generation", "index_version") == (none_kept.value.code, other_version.value.code)


def test_what_disagrees_with_the_archive_never_serves(corpus: Corpus) -> None:
    """A generation that lacks an article is given up, and the one that serves goes on serving."""
    publish(corpus, 1, 2, 3)
    corpus.projector.rebuild()
    corpus.projector.step()
    corpus.projector.finish_merging()
    lost = IndexWriter(corpus.index_root / "generation-000002", merges=False)
    lost.apply([Change(sequence=3, id="2", content=None, correlation_id="c")], lost.as_of_us)
    second = Projector(corpus.archive, corpus.index_root)
    drain(second)
    fault = second.status.fault or ""

    assert "generation-000001" == serving(corpus.index_root).name
    assert ("lacks the article 2" in fault, ["1", "2", "3"]) == (True, corpus.ids("ferry", sort="oldest"))


def test_an_index_of_another_archive_is_noticed_at_the_start(corpus: Corpus, tmp_path: Path) -> None:
    """As after an archive was put back from a copy, and has gone on from there."""
    publish(corpus, 1, 2, 3)
    with Corpus(tmp_path / "other") as other:
        shutil.copytree(corpus.index_root, other.index_root)
        other.publish(*stories(7, 8, 9, 10))
        projector = Projector(other.archive, other.index_root)
        reason = status_of(projector).reason
        drain(projector)

        assert ("index_disagrees", ["7", "8", "9", "10"]) == (reason, other.ids("ferry", sort="oldest"))


def test_damage_that_is_met_while_serving_leads_to_a_new_generation(corpus: Corpus) -> None:
    publish(corpus, 1, 2)
    path = next(serving(corpus.index_root).glob("*.cols"))
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(content)
    corpus.projector.check_soon()
    while not corpus.projector.busy:
        corpus.projector.step()
    reason = corpus.projector.status
    drain(corpus.projector)

    assert ("generation-000002", ["1", "2"]) == (serving(corpus.index_root).name, corpus.ids("ferry", sort="oldest"))
    assert "generation-000001" == reason.generation


def test_while_nothing_can_serve_searches_hear_that_an_index_is_being_made(corpus: Corpus) -> None:
    publish(corpus, 1)
    for path in serving(corpus.index_root).glob("*.cols"):
        path.unlink()
    second = Projector(corpus.archive, corpus.index_root)
    second.step()
    with pytest.raises(Unavailable) as raised:
        IndexReader(corpus.index_root).view()
    drain(second)

    assert ("index_rebuilding", ["1"]) == (raised.value.code, found_in(IndexReader(corpus.index_root).view(), "ferry"))


def status_of(projector: Projector) -> BuildStatus:
    """Return how far a generation is that is being made, after its first step where it has none."""
    if projector.status.build is None:
        projector.step()
    assert projector.status.build is not None
    return projector.status.build


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
    """Return what is wrong with an index's answers: the name of an exception, or `wrong`; None for right answers."""
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
