"""What analysis promises: the index and a query give matching forms of any word, at right places, in bounded time."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsdex.index.analysis import LONGEST_WORD, NewsAnalyzer, certain_part, fold, forms, words

GENEROUS_TIME_S = 20
ENDINGS = ["", "s", "ed", "ing", "ly", "ies", "ied", "y", "ational", "ization", "ousness", "fulness", "iviti", "ities"]
ENDINGS += ["ably", "ence", "ement", "alism", "eedly", "'s", "’S"]

analyze = NewsAnalyzer()
texts = st.text(max_size=200) | st.text(alphabet="aé\u0301ʼ’'-_ 北京カﾅﬁＴßİ1\u093f\u0915\n", max_size=60)
english = st.builds(str.__add__, st.text(alphabet="aeioulnstry", min_size=1, max_size=6), st.sampled_from(ENDINGS))


def indexed(text: str) -> list[str]:
    return [token.text for token in analyze(text, mode="index", positions=True)]


def asked(text: str) -> list[str]:
    return [token.text for token in analyze(text, mode="query")]


# Matching


@given(texts)
def test_any_word_of_a_text_finds_it(text: str) -> None:
    terms = set(indexed(text))
    missing = [text[start:end] for _, _, start, end in words(text) if not terms.issuperset(asked(text[start:end]))]

    assert missing == []


@given(texts)
def test_the_words_of_a_whole_text_find_it(text: str) -> None:

    assert set(asked(text)) <= set(indexed(text))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("running", "run"),
        ("Runs", "RUNNING"),
        ("Riverton’s", "riverton"),
        ("RIVERTON'S", "Riverton"),
        ("O’Neil", "O'Neil"),
        ("OʼNeil", "oneil"),
        ("“so”", "so"),
        ("@RiverDesk", "riverdesk"),
        ("Straße", "STRASSE"),
        ("Ｔｏｋｙｏ", "tokyo"),
        ("ﬁnal", "final"),
        ("cafe\u0301", "café"),
        ("ПОЕЗД", "поезд"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_forms_that_readers_call_one_word_match(text: str, query: str) -> None:

    assert set(asked(query)) <= set(indexed(text))


@pytest.mark.parametrize(("text", "query"), [("café", "cafe"), ("tide", "tidal"), ("US", "use"), ("北京", "京北")])
def test_other_words_do_not_match(text: str, query: str) -> None:

    assert not set(asked(query)) & set(indexed(text))


def test_a_word_is_indexed_as_it_stands_and_by_its_stem_at_one_place() -> None:
    tokens = [(token.text, token.pos) for token in analyze("Boats were running", mode="index", positions=True)]

    assert [("boat", 0), ("boats", 0), ("were", 1), ("run", 2), ("running", 2)] == tokens


def test_a_query_asks_for_the_stem_only() -> None:

    assert ["boat", "run"] == asked("boats running")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Ferry", "ferry"), ("running", "running"), ("B?NK", "b?nk"), ("*MAN", "*man"), ("TO’*", "to*")],
)
def test_a_part_of_a_word_is_taken_whole(text: str, expected: str) -> None:
    """Whoosh asks so for prefixes, patterns and fuzzy words: folded, but neither split nor stemmed."""

    assert [expected] == [token.text for token in analyze(text, mode="query", tokenize=False)]


def test_scripts_without_spaces_are_taken_two_by_two() -> None:

    assert [("北京", 0, 2), ("京天", 1, 3), ("天气", 2, 4)] == [(word, s, e) for word, _, s, e in words("北京天气")]
    assert [("ok", 0, 2), ("京", 2, 3), ("ok", 3, 5)] == [(word, s, e) for word, _, s, e in words("ok京ok")]


# Places


@given(texts)
def test_offsets_are_those_of_the_word_in_the_text(text: str) -> None:
    found = list(words(text))

    assert [(folded, stem) for folded, stem, _, _ in found] == [forms(text[start:end]) for _, _, start, end in found]
    assert all(0 <= start < end <= len(text) for _, _, start, end in found)
    assert all(before[2] < after[2] for before, after in pairwise(found))


@given(st.text(alphabet="abcXYZé ", max_size=100))
def test_plain_words_casefold_to_what_is_indexed(text: str) -> None:

    assert [(word, word) for word in text.casefold().split()] == [
        (folded, text[start:end].casefold()) for folded, _, start, end in words(text)
    ]


@given(texts)
def test_positions_rise_by_one_from_word_to_word(text: str) -> None:
    positions = {token.pos for token in analyze(text, mode="index", positions=True, start_pos=7)}

    assert set(range(7, 7 + len(list(words(text))))) == positions


# Bounds


@given(st.text(min_size=LONGEST_WORD, max_size=400) | st.text(alphabet="aßﷺ", min_size=90, max_size=200))
def test_no_term_is_longer_than_the_bound(text: str) -> None:

    assert all(len(term) <= LONGEST_WORD for term in indexed(text))


def test_a_word_longer_than_the_bound_finds_its_text() -> None:
    word = "running" * 40

    assert asked(word) == [term for term in indexed(word) if term in asked(word)]


@given(st.text())
def test_any_text_gives_words(text: str) -> None:

    assert all(folded and stem for folded, stem, _, _ in words(text))


@given(english)
def test_the_certain_part_of_a_stem_is_in_every_word_with_it(word: str) -> None:
    """What passes over lines without matches must not pass over one with a match."""

    assert certain_part(forms(word)[1]) in fold(word)


@pytest.mark.parametrize("word", ["skies", "dying", "lying", "tying", "gently", "ugly", "early", "only", "singly"])
def test_the_certain_part_holds_for_the_stemmers_exceptions(word: str) -> None:

    assert certain_part(forms(word)[1]) in fold(word)


@pytest.mark.parametrize("piece", ["a", "a'", "a\u0301", "\u0915\u093f", "京", "a ", "’", "_-", "ﷺ", "a京"])
def test_a_long_text_takes_linear_time(piece: str) -> None:
    start = time.perf_counter()
    number = sum(1 for _ in words(piece * (1_000_000 // len(piece))))

    assert number <= 1_000_000
    assert time.perf_counter() - start < GENEROUS_TIME_S
