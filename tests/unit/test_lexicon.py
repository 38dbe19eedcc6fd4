"""The lexicon has exactly the words that people wrote, and finds those that begin or are spelt like another."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA
from tests.scenarios.corpus import Corpus

from newsdex.index.analysis import terms, words
from newsdex.index.columnar.segment import OpenSegment
from newsdex.index.lexicon import current
from newsdex.index.lexicon.current import LexiconPart, LexiconReader
from newsdex.index.lexicon.table import WordTable

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
    corpus.publish({"id": "a", "title": "G20 in 2024", "body": f"北京日报 covid19 {'x' * 60} 1,000 ferry"})
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
        "ana": ["ana o'neill-sá"],
        "oneill": ["ana o'neill-sá"],
        "sa": ["ana o'neill-sá"],
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


def test_a_new_commit_is_in_the_lexicon_at_once_and_what_it_replaced_is_not(corpus: Corpus) -> None:
    corpus.publish({"id": "a", "title": "Ferry", "body": "Herons fish."})
    corpus.index()
    reader = LexiconReader()
    before = reader.lexicon(segments(corpus))
    corpus.publish({"id": "a", "title": "Ferry", "body": "Plovers fish.", "version": 2})
    corpus.index()
    after = reader.lexicon(segments(corpus))

    assert (1, 0) == (before.count("herons"), before.count("plovers"))
    assert (0, 1) == (after.count("herons"), after.count("plovers"))
    assert 1 == len(after.parts)


def test_what_was_read_of_a_segment_is_not_read_again(corpus: Corpus) -> None:
    corpus.publish({"id": "a", "title": "Ferry"})
    corpus.index()
    reader = LexiconReader()
    (first,) = reader.lexicon(segments(corpus)).parts
    corpus.publish({"id": "b", "title": "Heron"})
    corpus.index()

    assert first is reader.lexicon(segments(corpus)).parts[0]


def test_a_large_new_segment_is_read_beside_the_requests(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is, the words before it are given."""
    reading, done = threading.Event(), threading.Event()
    part_of = LexiconPart.of

    class Slow:
        @staticmethod
        def of(data: object) -> LexiconPart:
            reading.set()
            assert done.wait(30)
            return part_of(data)  # type: ignore[arg-type]  # what the reader gave

    corpus.publish({"id": "a", "title": "Ferry"})
    corpus.index()
    reader = LexiconReader()
    reader.lexicon(segments(corpus))
    corpus.publish(*({"id": str(n), "title": "Heron"} for n in range(current.SMALL_DOCUMENTS + 1)))
    corpus.index()
    monkeypatch.setattr(current, "LexiconPart", Slow)
    meanwhile = [reader.lexicon(segments(corpus)) for _ in range(2)]
    assert reading.wait(30)
    done.set()
    for thread in threading.enumerate():
        if thread.name == "lexicon":
            thread.join(30)

    assert [(1, 0), (1, 0)] == [(one.count("ferry"), one.count("heron")) for one in meanwhile]
    assert current.SMALL_DOCUMENTS + 1 == reader.lexicon(segments(corpus)).count("heron")
