"""A file of the index that is not what was written is named, and never leads to a wrong answer."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.scenarios.corpus import Corpus, found_in, stories

from newsdex.errors import Unavailable
from newsdex.index.columnar.storage import segment as segments
from newsdex.index.columnar.storage.commits import latest_generation, read_segments
from newsdex.index.columnar.storage.deletions import read_deletions
from newsdex.index.columnar.storage.section_file import SectionFile
from newsdex.index.generations.generations import POINTER, STATE, read_pointer, read_state, serving
from newsdex.index.generations.verification import Finding, check_files, first_finding
from newsdex.index.reader import IndexReader
from newsdex.index.schema import make_schema

SEED = 21578
QUERIES = (
    "ferry",
    "harbour",
    "*",
    "ferry OR harbour",
    "title:story AND 3",
    '"the ferry left"',
    "fer*",
    "h?rbour",
    "fery~",
    "NOT ferry",
)
BITS = 8


@dataclass(frozen=True, kw_only=True)
class Whole:
    """An index with several segments, deletions and a merge, and what it answers."""

    root: Path
    folder: Path
    answers: list[list[str]]

    def answers_now(self) -> list[list[str]]:
        """Ask anew, as a searcher that has just started would."""
        segments._known.clear()
        view = IndexReader(self.root).view()
        asked = [found_in(view, query) for query in QUERIES]
        dated = [found_in(view, "story", sort=sort) for sort in ("newest", "oldest")]
        scored = [sorted(found_in(view, query, sort="relevance")) for query in QUERIES[:4]]
        return [*asked, *dated, *scored]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with Corpus(tmp_path_factory.mktemp("corpus")) as corpus:
        for start in range(0, 27, 3):
            corpus.publish(*stories(*range(start, start + 3), word=("ferry", "harbour")[start % 2]))
            corpus.index()
        corpus.publish(*stories(4, 26))
        corpus.withdraw("1")
        corpus.index()
        folder = serving(corpus.index_root)
        assert len(list(folder.glob("*.cols"))) > 1
        assert list(folder.glob("*.deleted"))
        answers = Whole(root=corpus.index_root, folder=folder, answers=[]).answers_now()
        yield Whole(root=corpus.index_root, folder=folder, answers=answers)


def flipped(path: Path, place: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))


def what_happens(whole: Whole, path: Path) -> str:
    """Return `right`, the way in which the file is named, or what must not be."""
    try:
        return "right" if whole.answers_now() == whole.answers else "WRONG ANSWER"
    except Unavailable as fault:
        return "named" if path.name in fault.message else f"NOT NAMED: {fault.message}"
    except Exception as error:  # noqa: BLE001 - it is what the test is for
        return f"UNEXPECTED {type(error).__name__}: {error}"


def findings(folder: Path) -> list[str]:
    return [step.text for step in check_files(folder) if isinstance(step, Finding)]


def test_an_undamaged_index_has_no_findings_and_the_right_answers(whole: Whole) -> None:
    assert ([], whole.answers) == (findings(whole.folder), whole.answers_now())


def test_every_flipped_bit_of_the_list_of_segments_is_noticed(whole: Whole) -> None:
    generation = latest_generation(whole.folder)
    path = next(whole.folder.glob("*.toc"))

    assert [] == unnoticed(path, lambda: read_segments(whole.folder, generation, make_schema()))


def test_every_flipped_bit_of_the_state_is_noticed(whole: Whole) -> None:
    assert [] == unnoticed(whole.folder / STATE, lambda: read_state(whole.folder))


def test_every_flipped_bit_of_the_pointer_is_noticed(whole: Whole) -> None:
    assert [] == unnoticed(whole.root / POINTER, lambda: read_pointer(whole.root))


def test_every_flipped_bit_of_the_deletions_is_noticed(whole: Whole) -> None:
    """A commit's file has the bitmaps of several segments: one is noticed where its own segment is read."""
    listed = read_segments(whole.folder, latest_generation(whole.folder), make_schema())
    for path in {whole.folder / segment.deletions_name() for segment in listed if segment.deletions}:
        own = [one for one in listed if one.deletions and one.deletions_name() == path.name]

        def read(path: Path = path, own: Sequence[segments.ColumnarSegment] = own) -> None:
            for segment in own:
                read_deletions(path, segment.segment_id(), segment.documents)

        assert [] == unnoticed(path, read)


def unnoticed(path: Path, read: Callable[[], object]) -> list[str]:
    """Flip each bit of a file in turn; give those at which reading it does not fail with the file's name."""
    content = path.read_bytes()
    found = []
    for place in range(len(content)):
        for bit in range(BITS):
            flipped(path, place, bit)
            try:
                read()
                found.append(f"byte {place}, bit {bit}: read")
            except Unavailable as fault:
                if path.name not in fault.message:
                    found.append(f"byte {place}, bit {bit}: {fault.message}")
            flipped(path, place, bit)

    assert content == path.read_bytes()
    return found


def test_a_flipped_bit_in_any_section_is_found_and_leads_to_no_wrong_answer(whole: Whole) -> None:
    draw = random.Random(SEED)
    harmed, met = [], set()
    for path in sorted(whole.folder.glob("*.cols")):
        file = SectionFile(path)
        assert len(file.names()) > 20
        for name in file.names():
            entry = file.entry(name)
            places = {entry.offset, entry.offset + entry.length - 1, entry.offset + draw.randrange(entry.length)}
            for place in sorted(places):
                met.add(happened := damaged(whole, path, place, draw.randrange(BITS)))
                if happened not in {"right", "named"}:
                    harmed.append((path.name, name, place, happened))

    assert ([], {"right", "named"}) == (harmed, met)


def test_a_flipped_bit_in_the_frame_of_a_segment_is_found_and_leads_to_no_wrong_answer(whole: Whole) -> None:
    draw = random.Random(SEED)
    path = max(whole.folder.glob("*.cols"), key=lambda path: path.stat().st_size)
    file = SectionFile(path)
    entries = [file.entry(name) for name in file.names()]
    size = path.stat().st_size
    inside = {place for entry in entries for place in range(entry.offset, entry.offset + entry.length)}
    outside = sorted(set(range(size)) - inside)
    places = outside[:64] + draw.sample(outside, 150) + outside[-64:]
    happened = {place: damaged(whole, path, place, draw.randrange(BITS)) for place in places}

    assert {} == {place: what for place, what in happened.items() if what not in {"right", "named"}}


def damaged(whole: Whole, path: Path, place: int, bit: int) -> str:
    """Flip a bit, ask and check, and flip it back; give what happened, or that the check saw nothing."""
    flipped(path, place, bit)
    try:
        finding = first_finding(check_files(whole.folder))
        if finding is None or path.name not in finding.text:
            return f"NOT FOUND: {finding}"
        return what_happens(whole, path)
    finally:
        flipped(path, place, bit)


@pytest.mark.parametrize("kind", ["*.cols", "*.deleted", "*.toc", STATE, f"../{POINTER}"])
def test_a_truncated_file_is_named_and_leads_to_no_wrong_answer(whole: Whole, tmp_path: Path, kind: str) -> None:
    harmed = []
    source = min(whole.folder.glob(kind)) if "*" in kind else whole.folder / kind
    size = source.stat().st_size
    for number, length in enumerate([None, 0, 1, size // 2, size - 1]):
        root = tmp_path / str(number)
        shutil.copytree(whole.root, root)
        path = root / source.resolve().relative_to(whole.root.resolve())
        if length is None:
            path.unlink()
        else:
            path.write_bytes(source.read_bytes()[:length])
        copy = Whole(root=root, folder=root / whole.folder.name, answers=whole.answers)
        happened = what_happens(copy, path)
        found = kind == f"../{POINTER}" or any(path.name in text for text in findings(copy.folder))
        # without a list of segments, or a pointer, there is no name of one; that there is none is said
        missing = length is None and happened.startswith("NOT NAMED") and kind in {"*.toc", f"../{POINTER}"}
        if not (missing or (found and happened in {"right", "named"})):
            harmed.append((length, happened, found))

    assert [] == harmed
