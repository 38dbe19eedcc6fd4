"""What passages promise: safe in HTML, made of the text, marked where the query matches, and short."""

import re
import time
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsdex.errors import Invalid
from newsdex.search.query import parse_query
from newsdex.search.snippets import MAX_PASSAGES, MAX_SCANNED_CHARS, PASSAGE_CHARS, Matches, snippets

GENEROUS_TIME_S = 10
LONGEST_CUT_WORD = 120
"""A passage is lengthened to the end of a word, or of a match."""
MARKED = re.compile(r"<mark>(.*?)</mark>")
FILLER = "Nothing of note was said for a while. " * 12

PIECES = ["ferry", "<mark>", "</mark>", "&amp;", "<b>", '"x"', "’s", "北京", "\n\n", "…", " ", "Ferries", "\u3000"]
texts = st.text(max_size=900) | st.lists(st.sampled_from(PIECES), max_size=120).map(" ".join)
queries = st.sampled_from(["ferry", "fer*", "mark", "amp", "北京", "NOT ferry", "ferry~", '"x y"', "b", "*", ""])


def passages(text: str, query: str) -> tuple[str, ...]:
    return snippets(text, Matches(parse_query(query)))


def marked(text: str, query: str) -> list[str]:
    return [unescape(word) for passage in passages(text, query) for word in MARKED.findall(passage)]


def plain(passage: str) -> str:
    return unescape(passage.replace("<mark>", "").replace("</mark>", ""))


def without_cut_signs(shown: str) -> set[str]:
    """Give what a passage may be of the text: an ellipsis of ours cannot be told from one of the text."""
    started = {shown, shown.removeprefix("… ")}
    return started | {piece.removesuffix(" …") for piece in started}


def one_line(text: str) -> str:
    return " ".join(text.split())


# Safety


@given(texts, queries)
@example("a <mark>b</mark> & c", "b")
@example("&lt;mark&gt;ferry", "ferry")
def test_a_passage_is_a_piece_of_the_text(text: str, query: str) -> None:
    whole = one_line(text)
    strange = [p for p in passages(text, query) if not any(piece in whole for piece in without_cut_signs(plain(p)))]

    assert strange == []


@given(texts, queries)
def test_the_only_tags_are_our_marks(text: str, query: str) -> None:
    for passage in passages(text, query):
        rest = MARKED.sub("", passage)

        assert not re.search(r"[<>\"']", rest)
        assert not re.search(r"&(?!(?:amp|lt|gt|quot|#x27);)", passage)
        assert all(not re.search("[<>]", word) for word in MARKED.findall(passage))


def test_markup_in_a_text_is_shown_as_text() -> None:
    (passage,) = passages('<script>alert("ferry")</script> & <mark>', "ferry")

    assert "&lt;script&gt;alert(&quot;<mark>ferry</mark>&quot;)&lt;/script&gt; &amp; &lt;mark&gt;" == passage


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_and_any_query_give_passages(text: str, query: str) -> None:
    try:
        found = passages(text, query)
    except Invalid:
        return

    assert len(found) <= MAX_PASSAGES


# Marks


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("run", ["runs", "Running"]),
        ("RUNNING", ["runs", "Running"]),
        ("mayor", ["mayor’s"]),
        ("mayor's runs", ["mayor’s", "runs", "Running"]),
        ("so", ["so"]),
        ("riverdesk", ["RiverDesk"]),
        ('"river bank"', ["river", "bank"]),
        ("pak-us", ["Pak", "US"]),
        ("ban*", ["bank"]),
        ("ferry*", ["ferryman"]),
        ("b?nk", ["bank"]),
        ("b*k", ["bank"]),
        ("rivr~", ["river"]),
        ("ferrymann~", ["ferryman"]),
        ("bank NOT river", ["bank"]),
        ("bank AND NOT (river OR runs)", ["bank"]),
        ("(river OR absent) bank", ["river", "bank"]),
        ("title:bank", ["bank"]),
        ("section:bank", []),
        ("NOT bank", []),
        ("absent", []),
        ("*", []),
        ("", []),
    ],
)
def test_exactly_the_words_asked_for_are_marked(query: str, expected: list[str]) -> None:
    text = "The mayor’s dog runs by the river bank. Running “so” late, wrote @RiverDesk of a ferryman and Pak-US talks."

    assert expected == marked(text, query)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Ночной поезд прибыл", "ПОЕЗД", ["поезд"]),
        ("وصل القطار صباحا", "القطار", ["القطار"]),
        ("市民去北京的公园", "北京", ["北京"]),
        ("今天天气很好", "天气", ["天气"]),
        ("Die Straße ist zu", "strasse", ["Straße"]),
        ("Ｔｏｋｙｏ calls", "tokyo", ["Ｔｏｋｙｏ"]),
        ("Um cafe\u0301 novo", "café", ["cafe\u0301"]),
    ],
)
def test_words_of_every_script_are_marked(text: str, query: str, expected: list[str]) -> None:

    assert expected == marked(text, query)


def test_overlapping_pairs_of_characters_are_marked_without_nesting() -> None:
    (passage,) = passages("北京天气很好", "北京天气")

    assert one_line("北京天气很好") == plain(passage)
    assert not re.search(r"<mark>[^/]*<mark>", passage)


def test_the_words_of_every_line_are_marked() -> None:

    assert ["ferry", "Ferries"] == marked("A ferry.\n\nNothing.\n\nFerries.", "ferry")


# What is shown


def test_a_text_without_a_match_shows_its_beginning() -> None:
    (passage,) = passages(f"First words. {FILLER}", "absent")

    assert passage.startswith("First words.")
    assert passage.endswith(" …")


def test_an_empty_text_has_no_passage() -> None:

    assert [(), ()] == [passages("", "ferry"), passages(" \n\t ", "ferry")]


def test_a_match_far_down_is_shown_with_what_stands_around_it() -> None:
    (passage,) = passages(f"{FILLER}The old ferry left. {FILLER}", "ferry")

    assert "The old <mark>ferry</mark> left." in passage
    assert passage.startswith("… ")
    assert passage.endswith(" …")


def test_at_most_two_passages_are_shown_the_first_ones() -> None:
    text = "".join(f"{FILLER}Ferry {number} left. " for number in "abcd")
    found = passages(text, "ferry")

    assert ["Ferry</mark> a", "Ferry</mark> b"] == [re.findall(r"Ferry</mark> \w", passage)[0] for passage in found]


def test_matches_close_to_each_other_share_a_passage() -> None:
    (passage,) = passages("A ferry met a ferry beside a ferry.", "ferry")

    assert "A <mark>ferry</mark> met a <mark>ferry</mark> beside a <mark>ferry</mark>." == passage


# Bounds


@given(texts.map(lambda text: text * 3), queries)
def test_passages_are_few_and_short(text: str, query: str) -> None:
    found = passages(text, query)

    assert len(found) <= MAX_PASSAGES
    assert all(len(plain(passage)) <= PASSAGE_CHARS + LONGEST_CUT_WORD for passage in found)


@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "ferry" * 200_000, "京" * 1_000_000, "ferry " * 160_000, "<" * 1_000_000]
)
@pytest.mark.parametrize("query", ["ferry", "京都", "fer*", "fer~", "absent", "*e*r*y*z"])
def test_a_long_text_is_read_in_bounded_time(text: str, query: str) -> None:
    start = time.perf_counter()
    found = passages(text, query)

    assert all(len(plain(passage)) <= PASSAGE_CHARS + LONGEST_CUT_WORD for passage in found)
    assert time.perf_counter() - start < GENEROUS_TIME_S


def test_a_match_beyond_the_scanned_part_is_not_shown() -> None:
    text = "Once. " + "z " * (MAX_SCANNED_CHARS // 2) + "ferry"

    assert [] == marked(text, "ferry")


def test_a_match_longer_than_a_passage_is_no_fault() -> None:
    found = passages(f"{FILLER}{'ferry' * 100} {FILLER}", "ferry*")

    assert len(found) == 1
