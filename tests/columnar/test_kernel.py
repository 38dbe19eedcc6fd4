"""What the compiled functions promise: what plain Python says too, and nothing outside of the arrays they are given."""

import math
import random
import tempfile
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.doc_set import DocList
from newsdex.index.columnar.query.multi_term import MultiTermDocs, multi_term_union
from newsdex.index.columnar.query.phrase import find_phrase
from newsdex.index.columnar.query.posting_lists import Disjunction, MaterializedDocs, Saturation, ScoredPostings
from newsdex.index.columnar.query.term_lookup import FieldReader
from newsdex.index.columnar.storage.postings import FieldWriter, PostingField
from newsdex.index.columnar.storage.postings import Postings as Written
from newsdex.index.columnar.storage.section_file import Damaged, SectionFile, SectionWriter

DOCUMENTS = 9_000
"""More than two windows of a union, in two segments."""
names = st.binary(min_size=1, max_size=4)
documents = st.one_of(
    st.sets(st.integers(0, DOCUMENTS - 1), min_size=1, max_size=90),
    st.integers(1, 70).map(lambda step: set(range(0, DOCUMENTS, step))),
)
occurring = documents.flatmap(
    lambda some: st.lists(st.integers(1, 9), min_size=1, max_size=5).map(
        lambda times: {document: times[at % len(times)] for at, document in enumerate(sorted(some))}
    )
)
"""How often a term occurs in each of its documents."""
segments = st.dictionaries(names, occurring, min_size=1, max_size=40)
two_segments = st.tuples(segments, segments)
Segment = Mapping[bytes, Mapping[int, int]]


def written(path: Path, terms: Segment) -> PostingField:
    writer, ordered = SectionWriter(path), sorted(terms.items())
    with FieldWriter(writer, "field") as field:
        rows = [sorted(own.items()) for _, own in ordered]
        flat = np.array([pair for row in rows for pair in row], np.int64)
        field.add(Written(sizes=np.array(list(map(len, rows))), documents=flat[:, 0], frequencies=flat[:, 1]))
        field.write(b"".join(name for name, _ in ordered), np.array([len(name) for name, _ in ordered]))
    writer.finish(DOCUMENTS)
    return PostingField(SectionFile(path), "field")


def sources(folder: str, both: Sequence[Segment]) -> FieldReader:
    fields = [written(Path(folder, str(number)), terms) for number, terms in enumerate(both)]
    return FieldReader([(number * DOCUMENTS, field) for number, field in enumerate(fields)])


def together(both: Sequence[Segment], term: bytes) -> dict[int, int]:
    """The documents of a term, numbered through."""
    parts = ((number * DOCUMENTS, terms.get(term, {})) for number, terms in enumerate(both))
    return {base + document: times for base, own in parts for document, times in sorted(own.items())}


@given(two_segments, names)
def test_a_term_is_found_with_its_documents_and_how_often_it_occurs(both: Sequence[Segment], other: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = sources(folder, both)
        for term in {*both[0], *both[1], other}:
            expected = together(both, term)
            known = found.find(term)

            assert len(expected) == known.count
            assert list(expected) == known.documents().tolist()
            assert list(expected.values()) == known.frequencies().tolist()


@given(segments, names)
def test_the_first_term_that_is_not_less_is_found(terms: Segment, other: bytes) -> None:
    ordered = sorted(terms)
    with tempfile.TemporaryDirectory() as folder:
        dictionary = written(Path(folder, "file"), terms).terms
        for term in {*ordered, other, b"", other + b"\0"}:
            assert bisect_left(ordered, term) == dictionary.lower_bound(term)
            assert (ordered.index(term) if term in terms else -1) == dictionary.find(term)


@given(two_segments, st.data())
def test_scores_of_all_lists_add_up(both: Sequence[Segment], data: st.DataObject) -> None:
    lengths = np.linspace(0.1, 3, 2 * DOCUMENTS, dtype=np.float32)
    known = sorted({*both[0], *both[1]})
    chosen = data.draw(st.lists(st.tuples(st.sampled_from(known), st.integers(0, 2)), min_size=1, max_size=6))
    before = dict.fromkeys(sorted(data.draw(documents)), 1.5)
    factor = data.draw(st.sampled_from([None, 3.0]))
    expected: dict[int, float] = {}
    for term, how in chosen:
        for document, times in together(both, term).items():
            score = {
                kernel.BY_BM25: times * 2 / (lengths[document] + times),
                kernel.BY_LENGTH: lengths[document] * times * 2,
                kernel.BY_FREQUENCY: times * 2,
            }[how]
            expected[document] = expected.get(document, 0.0) + float(score)
    for document, score in before.items():
        expected[document] = expected.get(document, 0.0) + score
    if factor is not None:
        expected = {document: factor * score / (score + 1.5) for document, score in expected.items()}
    with tempfile.TemporaryDirectory() as folder:
        found = sources(folder, both)
        lists = [
            ScoredPostings(found.find(term), how=how, weight=2.0, by_document=kernel.kept(lengths))
            for term, how in chosen
        ]
        scores = np.full(len(before), 1.5, np.float32)
        earlier = MaterializedDocs(DocList(2 * DOCUMENTS, np.array(list(before), np.int64), scores))
        saturation = None if factor is None else Saturation(half=1.5, factor=factor, floor=0.0, weak=factor)
        any_of = Disjunction(2 * DOCUMENTS, [*lists, earlier], saturation)
        wanted = np.array(sorted(data.draw(documents)), np.int64)
        among = any_of.intersect(wanted)

        assert [at for at, document in enumerate(wanted.tolist()) if document in expected] == among.found.tolist()
        assert _close([expected[one] for one in wanted.take(among.found).tolist()], among.scores_at(None))
        assert sorted(expected) == any_of.materialize().documents.tolist()
        assert _close([expected[one] for one in sorted(expected)], any_of.materialize().scores())


def _close(expected: Sequence[float], scores: Any) -> bool:
    return all(math.isclose(one, other, rel_tol=1e-6) for one, other in zip(expected, scores.tolist(), strict=True))


@given(documents, documents)
def test_documents_of_two_lists_are_found_in_both(one: set[int], other: set[int]) -> None:
    first, second = (np.array(sorted(own), np.int64) for own in (one, other))
    places, other_places = kernel.intersect(first, second)

    assert sorted(one & other) == first.take(places).tolist()
    assert sorted(one & other) == second.take(other_places).tolist()


@given(st.lists(st.integers(-5, 5), max_size=200), st.integers(1, 30))
def test_the_greatest_come_first_and_of_equals_the_first(values: list[int], limit: int) -> None:
    order = sorted(range(len(values)), key=lambda at: (-values[at], at))[:limit]
    places, equal = kernel.top_k_integers(np.array(values, np.int64), limit)

    assert order == kernel.top_k(np.array(values, np.float64) / 7, limit).tolist()
    assert order == places.tolist()
    assert equal == (values.count(values[order[-1]]) if order else 0)


@given(st.lists(st.integers(-40, 40), min_size=1, max_size=60), st.data())
def test_scores_that_hang_together_are_a_tie(steps: list[int], data: st.DataObject) -> None:
    scores = [float(np.float32(step * 1e-6 + 1)) for step in steps]
    one = data.draw(st.sampled_from(scores))
    together = {one}
    while near := {other for other in scores for own in together if abs(other - own) <= 2.5e-6} - together:
        together |= near
    places, least, greatest = kernel.score_ties(np.array(scores), one, 2.5e-6)

    assert (min(together), max(together)) == (least, greatest)
    assert [at for at, score in enumerate(scores) if score in together] == places.tolist()


@given(
    two_segments,
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5),
    st.data(),
)
def test_documents_of_ranges_of_terms_are_united(
    both: Sequence[Segment], shares: list[tuple[int, float, float]], data: st.DataObject
) -> None:
    ranges = []
    expected: set[int] = set()
    for source, one, other in shares:
        ordered = sorted(both[source])
        first, stop = sorted((round(one * len(ordered)), round(other * len(ordered))))
        ranges.append((source, first, stop))
        expected |= {source * DOCUMENTS + document for term in ordered[first:stop] for document in both[source][term]}
    with tempfile.TemporaryDirectory() as folder:
        one, other = (MultiTermDocs(2 * DOCUMENTS, score) for score in (1.5, -0.5))
        known = sources(folder, both)
        one.add(known, np.array(ranges, np.uint64), lambda: False)
        other.add(known, np.array(ranges[:1], np.uint64), lambda: False)
        some = sorted(data.draw(documents))

        assert sorted(expected) == one.doc_list().documents.tolist() == np.flatnonzero(one.mask()).tolist()
        assert len(expected) == len(one) <= one.cost
        assert [at for at, own in enumerate(some) if own in expected] == one.intersect(np.array(some)).found.tolist()
        assert sorted(expected) == one.materialize().doc_list().documents.tolist()
        together = multi_term_union(2 * DOCUMENTS, [one, other])

        assert sorted(expected) == together.documents.tolist()
        assert (1.5 - 0.5 * other.mask().take(together.documents)).tolist() == together.scores().tolist()


@given(two_segments, names, st.one_of(st.none(), names))
def test_terms_between_two_are_found(both: Sequence[Segment], first: bytes, stop: bytes | None) -> None:
    expected = []
    for source, terms in enumerate(both):
        ordered = sorted(terms)
        begin, end = bisect_left(ordered, first), len(ordered) if stop is None else bisect_left(ordered, stop)
        if begin < end:
            expected.append([source, begin, end])
    with tempfile.TemporaryDirectory() as folder:
        assert expected == sources(folder, both).between(first, stop).tolist()


@given(st.lists(st.binary(min_size=8, max_size=10).map(b"the same".__add__), min_size=40, max_size=90, unique=True))
def test_terms_are_found_that_begin_alike(terms: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dictionary = written(Path(folder, "file"), {term: {0: 1} for term in terms}).terms

        assert list(range(len(terms))) == [dictionary.find(term) for term in sorted(terms)]


TEXT_DOCUMENTS = 300
texts = st.lists(st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=12), min_size=1, max_size=TEXT_DOCUMENTS)


@given(texts, st.lists(st.sampled_from([b"a", b"b", b"c"]), min_size=1, max_size=5), st.integers(1, 3), st.data())
def test_words_one_after_the_other_are_found(
    texts: list[list[bytes]], words: list[bytes], slop: int, data: st.DataObject
) -> None:
    expected = {}
    for document, text in enumerate(texts):
        ends = {at for at, word in enumerate(text) if word == words[0]}
        for word in words[1:]:
            ends = {at for at, own in enumerate(text) if own == word and ends & set(range(at - slop, at))}
        if ends:
            expected[document] = len(ends), sum(float(text.count(word)) for word in words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        field = written_texts(path, texts)
        source = FieldReader([(7, field)])
        known = [source.find(word) for word in words]
        if not all(one.count for one in known):
            return
        lists = [ScoredPostings(one, how=kernel.BY_FREQUENCY, weight=1.0) for one in known]
        found = find_phrase(lists, slop, lambda: False)

        assert [7 + document for document in expected] == found.documents.tolist()
        assert [times for times, _ in expected.values()] == found.times.tolist()
        assert [score for _, score in expected.values()] == found.scores.tolist()
        some = sorted(data.draw(st.sets(st.integers(7, 6 + len(texts)))))
        among = find_phrase(lists, slop, lambda: False, np.array(some, np.int64))

        assert [one for one in some if one - 7 in expected] == among.documents.tolist()


def written_texts(path: Path, texts: Sequence[Sequence[bytes]]) -> PostingField:
    """One segment of texts, with positions."""
    terms = sorted({word for text in texts for word in text}) or [b"z"]
    rows = [
        (number, document, [at for at, word in enumerate(text) if word == term])
        for number, term in enumerate(terms)
        for document, text in enumerate(texts)
        if term in text
    ] or [(0, 0, [0])]
    writer = SectionWriter(path)
    places = np.array([len(text) for text in texts]) + 1
    with FieldWriter(writer, "field", places) as field:
        field.add(
            Written(
                sizes=np.bincount([number for number, _, _ in rows], minlength=len(terms)),
                documents=np.array([document for _, document, _ in rows]),
                frequencies=np.array([len(own) for _, _, own in rows]),
                positions=np.array([at for _, _, own in rows for at in own]),
            )
        )
        field.write(b"".join(terms), np.array([len(term) for term in terms]))
    writer.finish(len(texts))
    return PostingField(SectionFile(path), "field")


def test_a_phrase_is_found_in_many_documents_of_two_segments(tmp_path: Path) -> None:
    draw = random.Random(7)
    texts = [[[draw.choice((b"a", b"b", b"c", b"d")) for _ in range(9)] for _ in range(900)] for _ in range(2)]
    fields = [written_texts(tmp_path / str(number), own) for number, own in enumerate(texts)]
    source = FieldReader([(0, fields[0]), (900, fields[1])])
    words = [ScoredPostings(source.find(word), how=kernel.BY_FREQUENCY, weight=1.0) for word in (b"a", b"b", b"a")]
    expected = {}
    for document, text in enumerate(texts[0] + texts[1]):
        times = sum(text[at : at + 3] == [b"a", b"b", b"a"] for at in range(7))
        if times:
            expected[document] = times, 2 * text.count(b"a") + text.count(b"b")
    found = find_phrase(words, 1, lambda: False)

    assert len(expected) > 100
    assert list(expected) == found.documents.tolist()
    assert [times for times, _ in expected.values()] == found.times.tolist()
    assert [score for _, score in expected.values()] == found.scores.tolist()


def test_a_long_phrase_stops_when_told_so(tmp_path: Path) -> None:
    field = written_texts(tmp_path / "file", [[b"a"] * 500] * 40)
    words = [ScoredPostings(FieldReader([(0, field)]).find(b"a"), how=kernel.BY_FREQUENCY, weight=1.0)] * 450
    every = find_phrase(words, 1, lambda: False)
    stops = iter([False, False, False, True])
    some = find_phrase(words, 1, lambda: next(stops))

    assert list(range(40)) == every.documents.tolist()
    assert 0 < len(some.documents) < 40


LONG_PARTS = sorted(["bala", "balan", "ball", "bal", "nciqu", "niqu", "ciqu", "anciqu", "xciqu", "nciq", "", "a"])
letters = st.text("abcé水", min_size=1, max_size=9)
alike = st.sets(letters, min_size=1, max_size=60)


@given(st.tuples(alike, alike), letters, st.integers(1, 3), st.integers(0, 3), st.data())
def test_terms_within_some_edits_are_found(
    both: Sequence[set[str]], text: str, distance: int, prefix: int, data: st.DataObject
) -> None:
    expected = [
        (source, number)
        for source, terms in enumerate(both)
        for number, term in enumerate(sorted(terms, key=str.encode))
        if Levenshtein.distance(term, text) <= distance and term[:prefix] == text[:prefix]
    ]
    most = data.draw(st.integers(1, 60))
    with tempfile.TemporaryDirectory() as folder:
        known = sources(folder, [{term.encode(): {0: 1} for term in terms} for terms in both])
        every, cut = known.near(text, distance, prefix, 60)
        some, some_cut = known.near(text, distance, prefix, most)

        assert not cut
        assert expected == sorted(_each(every))
        assert set(_each(some)) <= set(expected)
        assert some_cut == any(sum(own == source for own, _ in expected) > most for source in (0, 1))
        assert some_cut or len(_each(some)) == len(expected)


def _each(ranges: Any) -> list[tuple[int, int]]:
    return [(source, number) for source, first, stop in ranges.tolist() for number in range(first, stop)]


@pytest.mark.parametrize("distance", [1, 2])
def test_long_words_are_found_by_one_edit_anywhere(tmp_path: Path, distance: int) -> None:
    words = sorted({f"{beginning}{middle}ed".encode() for beginning in LONG_PARTS for middle in LONG_PARTS})
    expected = [number for number, word in enumerate(words) if Levenshtein.distance(word, b"balanciqued") <= distance]
    known = FieldReader([(0, written(tmp_path / "file", {word: {0: 1} for word in words}))])
    found, _ = known.near("balanciqued", distance, 0, 500)

    assert 1 < len(expected)
    assert expected == sorted(number for _, number in _each(found))


@given(segments, st.data())
def test_what_cannot_be_is_refused_and_nothing_outside_is_read(terms: Segment, data: st.DataObject) -> None:
    """The checksums would be right: a file that was written wrongly."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        written(path, terms)
        sound = SectionFile(path)
        fields = {name: sound[name].values.copy() for name in sound.names()}
        name = data.draw(st.sampled_from(sorted(name for name, values in fields.items() if len(values))))
        values = fields[name]
        for _ in range(data.draw(st.integers(1, 4))):
            values[data.draw(st.integers(0, len(values) - 1))] = data.draw(st.integers(0, np.iinfo(values.dtype).max))
        forged = Path(folder, "forged")
        writer = SectionWriter(forged)
        for other, own in fields.items():
            writer.add(other, own, sound[other].base)
        writer.finish(DOCUMENTS)
        try:
            found = FieldReader([(0, PostingField(SectionFile(forged), "field"))])
            for term in terms:
                known = found.find(term)

                assert all(0 <= document < DOCUMENTS for document in known.documents().tolist())
                assert known.count == len(known.frequencies())
        except Damaged:
            pass


def test_a_list_that_leaves_its_segment_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "file"
    written(path, {b"oil": {0: 1, DOCUMENTS: 2}})

    with pytest.raises(Damaged, match="postings of field"):
        FieldReader([(0, PostingField(SectionFile(path), "field"))]).find(b"oil").documents()


@pytest.mark.parametrize("name", ["field.terms", "field.documents", "field.documents.widths"])
def test_numbers_of_another_size_are_damaged(tmp_path: Path, name: str) -> None:
    """The kernel would read beyond them."""
    path, forged = tmp_path / "file", tmp_path / "forged"
    written(path, {b"oil": {0: 1, 7: 2}})
    sound, writer = SectionFile(path), SectionWriter(forged)
    for other in sound.names():
        values = sound[other].values
        writer.add(other, values.astype(np.uint16) if other == name else values, sound[other].base)
    writer.finish(DOCUMENTS)

    with pytest.raises(Damaged, match=f"section {name} is of uint16"):
        PostingField(SectionFile(forged), "field")


def test_two_edits_and_one_may_be_asked_for_in_any_order(tmp_path: Path) -> None:
    """What a description points to lives as long as it does, whatever was made anew since."""
    neighbours = written(tmp_path / "file", {b"oil": {0: 1}, b"boil": {0: 1}}).terms.neighbours
    one = neighbours.by_parts
    del neighbours.__dict__["_sizes"]
    two = neighbours.by_letters

    for described in (one, two):
        assert described.sizes == kernel.address(described.kept[1]["sizes"])
