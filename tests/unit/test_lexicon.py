"""The lexicon has exactly the words that people wrote, and finds those that begin or are spelt like another."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA
from tests.scenarios.corpus import Corpus

from newsdex.index.columnar.indexing.merge_policy import MAX_HIDDEN_US
from newsdex.index.columnar.storage.segment import OpenSegment, SegmentData
from newsdex.index.lexicon import current
from newsdex.index.lexicon import words as lexicon_words
from newsdex.index.lexicon.current import Lexicon, LexiconReader
from newsdex.index.lexicon.table import WordTable
from newsdex.index.text.analysis import terms, words

FORMS = (
    "run", "runs", "running", "ferry", "ferries", "ferried", "abscission", "abscise", "abscis", "hope", "hoping", "hop",
    "hopping", "news", "new", "university", "universe", "lying", "lie", "lies", "die", "dying", "skis", "ski", "relate",
    "relational", "organization", "organize", "generously", "generous", "café", "straße",
)  # fmt: skip
LANGUAGES = st.sampled_from(("en", "en-GB", "fr", "de", "ru"))
TEXTS = st.lists(st.sampled_from(FORMS), min_size=1, max_size=12).map(" ".join)
LETTERS = st.text("abce", min_size=1, max_size=7)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


def segments(corpus: Corpus) -> list[OpenSegment]:
    return list(corpus.reader.view().snapshot.segments)


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.tuples(TEXTS, TEXTS, LANGUAGES), min_size=1, max_size=6))
def test_the_words_are_those_of_the_texts_with_their_number_and_no_stems(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str, str]]
) -> None:
    with Corpus(tmp_path_factory.mktemp("forms")) as corpus:
        corpus.publish(
            *(
                {"id": str(n), "title": title, "body": body, "language": language}
                for n, (title, body, language) in enumerate(texts)
            )
        )
        corpus.index()
        (part,) = LexiconReader().lexicon(segments(corpus)).parts
    written = Counter(
        terms(word, language.partition("-")[0])[-1]
        for *pair, language in texts
        for text in pair
        for word, _, _ in words(text)
    )

    assert written == dict(zip(part.words.words, part.words.counts.tolist(), strict=True))


def test_numbers_pairs_of_characters_and_noise_are_no_words(corpus: Corpus) -> None:
    body = f"北京日报 ประเทศไทย ກາ カナ covid19 {'x' * 60} 1,000 ferry"
    corpus.publish({"id": "a", "title": "G20 in 2024", "body": body})
    corpus.index()
    lexicon = LexiconReader().lexicon(segments(corpus))

    assert ["covid19", "ferry", "g20", "in"] == list(lexicon.parts[0].words.words)


def test_names_are_found_from_any_of_their_words_on(corpus: Corpus) -> None:
    corpus.publish({"id": "a", "title": "t", "authors": ("Ana O'Neill-Sá", "Doe, Jane"), "tags": ("night ferry",)})
    corpus.index()
    (part,) = LexiconReader().lexicon(segments(corpus)).parts
    found = {
        typed: [part.authors.values[place] for place in part.authors.beginning(typed, 5)]
        for typed in ("ana", "oneill", "sa", "jane", "doe ja", "neill")
    }

    assert {
        "ana": ["ana oneill-sa"],
        "oneill": ["ana oneill-sa"],
        "sa": ["ana oneill-sa"],
        "jane": ["doe jane"],
        "doe ja": ["doe jane"],
        "neill": [],
    } == found
    assert ["night ferry"] == [part.tags.values[place] for place in part.tags.beginning("ferr", 5)]


def table_of(counts: dict[str, int]) -> WordTable:
    ordered = sorted(counts)
    return WordTable(ordered, np.array([counts[word] for word in ordered], np.uint32))


COUNTS = st.dictionaries(LETTERS, st.integers(1, 1000), min_size=1, max_size=40)


@given(counts=COUNTS, word=LETTERS, edits=st.integers(1, 3))
def test_the_words_within_some_edits_are_all_found_and_no_others(counts: dict[str, int], word: str, edits: int) -> None:
    table = table_of(counts)
    found = {table.words[place] for place in table.within(word, edits)}

    assert {other for other in counts if OSA.distance(word, other) <= edits} == found


@given(counts=COUNTS, word=LETTERS, least=st.integers(1, 1000))
def test_rare_words_are_left_out_where_that_is_asked_for(counts: dict[str, int], word: str, least: int) -> None:
    table = table_of(counts)
    found = {table.words[place] for place in table.within(word, 2, least)}

    assert {other for other in counts if OSA.distance(word, other) <= 2 and counts[other] >= least} == found


@given(counts=COUNTS, prefix=LETTERS, limit=st.integers(1, 5))
def test_the_most_frequent_words_with_a_beginning_come_first(counts: dict[str, int], prefix: str, limit: int) -> None:
    table = table_of(counts)
    found = [counts[table.words[place]] for place in table.beginning(prefix, limit)]
    expected = sorted((count for word, count in counts.items() if word.startswith(prefix)), reverse=True)

    assert expected[:limit] == found
    assert counts.get(prefix, 0) == table.count(prefix)


@given(counts=COUNTS, prefix=LETTERS, edits=st.integers(1, 2))
def test_the_words_that_begin_almost_so_are_all_found_and_no_others(
    counts: dict[str, int], prefix: str, edits: int
) -> None:
    table = table_of(counts)
    found = {table.words[place] for place in table.almost_beginning(prefix, edits, len(counts))}
    sizes = range(len(prefix) - edits, len(prefix) + edits + 1)
    expected = {
        word
        for word in counts
        if word[0] == prefix[0] and any(OSA.distance(prefix, word[: max(size, 0)]) <= edits for size in sizes)
    }

    assert expected == found


def test_of_words_that_begin_almost_so_the_likeliest_come_first() -> None:
    table = table_of({"management": 1000, "managment": 10, "mangrove": 900})

    assert ["management", "managment"] == [table.words[place] for place in table.almost_beginning("managm", 1, 5)]


def test_an_empty_index_has_an_empty_lexicon(corpus: Corpus) -> None:
    corpus.index()

    assert [] == list(LexiconReader().lexicon(segments(corpus)).parts)


def caught_up(reader: LexiconReader, corpus: Corpus) -> Lexicon:
    """Return the lexicon when what goes on beside the requests is done."""
    reader.lexicon(segments(corpus))
    for thread in threading.enumerate():
        if thread.name == "lexicon":
            thread.join(30)
    return reader.lexicon(segments(corpus))


def test_a_new_commit_is_in_the_lexicon_at_once(corpus: Corpus) -> None:
    corpus.publish({"id": "a", "title": "Ferry", "body": "Herons fish."})
    corpus.index()
    reader = LexiconReader()
    before = reader.lexicon(segments(corpus))
    corpus.publish({"id": "b", "title": "Ferry", "body": "Plovers fish."})
    corpus.index()
    after = reader.lexicon(segments(corpus))

    assert [(1, 0), (1, 1)] == [(one.count("herons"), one.count("plovers")) for one in (before, after)]
    assert 2 == after.count("fish")


def test_what_was_replaced_leaves_the_lexicon_with_the_next_merge(corpus: Corpus) -> None:
    corpus.publish({"id": "a", "title": "Ferry", "body": "Herons fish."})
    corpus.index()
    reader = LexiconReader()
    reader.lexicon(segments(corpus))
    corpus.publish({"id": "a", "title": "Ferry", "body": "Plovers fish.", "version": 2})
    corpus.index()
    lexicon = caught_up(reader, corpus)

    assert (0, 1, 1) == tuple(lexicon.count(word) for word in ("herons", "plovers", "fish"))


@settings(max_examples=25, deadline=None)
@given(batches=st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=6))
def test_after_any_commits_the_lexicon_has_each_word_as_often_as_it_stands_there(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]]
) -> None:
    with Corpus(tmp_path_factory.mktemp("commits")) as corpus:
        reader = LexiconReader()
        for batch, texts in enumerate(batches):
            articles = ({"id": f"{batch}-{n}", "title": text, "language": "en"} for n, text in enumerate(texts))
            corpus.publish(*articles)
            corpus.index()
            lexicon = caught_up(reader, corpus)
    written = Counter(terms(word, "en")[-1] for texts in batches for text in texts for word, *_ in words(text))

    assert written == {word: lexicon.count(word) for word in {*written, *FORMS} if lexicon.count(word)}
    assert len(lexicon.parts) <= current.MAX_TABLES + 1


def test_merged_tables_find_what_each_of_them_finds() -> None:
    one, other = table_of({"ferry": 3, "heron": 1}), table_of({"ferry": 2, "plover": 4})
    merged = WordTable.merged([one, other])

    assert {"ferry": 5, "heron": 1, "plover": 4} == dict(zip(merged.words, merged.counts.tolist(), strict=True))
    assert ["ferry"] == [merged.values[place] for place in merged.almost_beginning("fery", 1, 5)]
    assert ["plover"] == [merged.values[place] for place in merged.within("plovr", 1)]


def test_no_request_waits_for_what_is_read_beside_it(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a large new segment is read, the first one too, the words before it are given."""
    reading, go_on = threading.Event(), threading.Event()
    read = current.text_words

    def read_slowly(data: SegmentData) -> WordTable:
        reading.set()
        assert go_on.wait(30)
        return read(data)

    body = " ".join(f"w{number}" for number in range(current.SMALL_TERMS))
    corpus.publish({"id": "a", "title": "Heron", "body": body})
    corpus.index()
    reader = LexiconReader()
    monkeypatch.setattr(current, "text_words", read_slowly)
    meanwhile = [reader.lexicon(segments(corpus)) for _ in range(2)]
    assert reading.wait(30)
    meanwhile.append(reader.lexicon(segments(corpus)))
    go_on.set()
    lexicon = caught_up(reader, corpus)

    assert [0, 0, 0] == [one.count("heron") for one in meanwhile]
    assert (1, 1) == (lexicon.count("heron"), lexicon.count("w17"))


def test_no_request_waits_for_another_one_that_reads(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()
    read = current.text_words

    def read_slowly(data: SegmentData) -> WordTable:
        reading.set()
        assert go_on.wait(30)
        return read(data)

    corpus.publish({"id": "a", "title": "Ferry"})
    corpus.index()
    reader = LexiconReader()
    reader.lexicon(segments(corpus))
    corpus.publish({"id": "b", "title": "Heron"})
    corpus.index()
    monkeypatch.setattr(current, "text_words", read_slowly)
    other = threading.Thread(target=reader.lexicon, args=(segments(corpus),))
    other.start()
    assert reading.wait(30)
    meanwhile = reader.lexicon(segments(corpus))
    go_on.set()
    other.join(30)
    lexicon = reader.lexicon(segments(corpus))

    assert [(1, 0), (1, 1)] == [(one.count("ferry"), one.count("heron")) for one in (meanwhile, lexicon)]


def test_words_of_segments_that_are_gone_leave_the_lexicon_with_them(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        corpus.publish({"id": "gone", "title": "Quorvalex"}, {"id": "kept", "title": "Ferry"})
        corpus.index()

        def counts() -> list[int]:
            lexicon = corpus.lexicons.lexicon(corpus.reader.view().snapshot.segments)
            return [lexicon.count(word) for word in ("quorvalex", "ferry")]

        counted = [counts()]
        corpus.withdraw("gone")
        corpus.index()
        corpus.index(now=corpus.now + timedelta(microseconds=MAX_HIDDEN_US))
        counted.append(counts())

    assert [[1, 1], [0, 1]] == [[min(one, 1) for one in pair] for pair in counted]


def test_of_very_many_names_the_rarest_are_left_out(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon_words, "MAX_NAMES", 2)
    corpus.publish(
        {"id": "a", "title": "t", "tags": ("harbour", "ferry", "storm")},
        {"id": "b", "title": "t", "tags": ("harbour", "ferry")},
    )
    corpus.index()
    (part,) = LexiconReader().lexicon(segments(corpus)).parts

    assert ["ferry", "harbour"] == list(part.tags.values)
