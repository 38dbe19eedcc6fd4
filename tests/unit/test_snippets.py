"""What passages promise: safe in HTML, made of the text, marked where the query matches, and short."""

import re
import time
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsdex.errors import Invalid
from newsdex.index.text.analysis import words as words_of
from newsdex.index.text.languages import DEFAULT
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parsed_query import parse_query
from newsdex.search.plan.build import matching
from newsdex.search.reply.highlighter import TermMatcher
from newsdex.search.reply.hits import ShownArticle, in_html
from newsdex.search.reply.snippets import MAX_PASSAGES, MAX_SCANNED_CHARS, PASSAGE_CHARS, Marked, marked, snippets
from newsdex_schemas import Article, Hit

GENEROUS_TIME_S = 10
LONGEST_CUT_WORD = 120
"""A passage is lengthened to the end of a word, or of a match."""
MARKED = re.compile(r"<mark>(.*?)</mark>")
FILLER = "Nothing of note was said for a while. " * 12

PIECES = ["ferry", "<mark>", "</mark>", "&amp;", "<b>", '"x"', "’s", "北京", "\n\n", "…", " ", "Ferries", "\u3000"]
texts = st.text(max_size=900) | st.lists(st.sampled_from(PIECES), max_size=120).map(" ".join)
queries = st.sampled_from(
    ["oneil", "ferry", "fer*", "mark", "amp", "北京", "NOT ferry", "ferry~", "onel~", "f?rr*", '"x y"', "b", "*", ""]
)


def matcher_of(query: str) -> TermMatcher:
    return TermMatcher(matching(parse_query(query).tree, QueryClock(now_us=0), (DEFAULT,)))


def plain_passages(text: str, query: str) -> tuple[Marked, ...]:
    return snippets([text], matcher_of(query))[0]


def title_of(text: str, query: str) -> Marked:
    return marked([text], matcher_of(query))[0]


def passages(text: str, query: str) -> tuple[str, ...]:
    return tuple(in_html(passage) for passage in plain_passages(text, query))


def marks(text: str, query: str) -> list[str]:
    return [unescape(word) for passage in passages(text, query) for word in MARKED.findall(passage)]


def plain(passage: str) -> str:
    return unescape(passage.replace("<mark>", "").replace("</mark>", ""))


def without_cut_signs(shown: str) -> set[str]:
    """Return what a passage may be of the text: an ellipsis of ours cannot be told from one of the text."""
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

    assert expected == marks(text, query)


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

    assert expected == marks(text, query)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Night fell. The ferry left by night: a night ferry.", '"night ferry"', ["night", "ferry"]),
        (
            "A night\nferry, night-ferries, NIGHT  FERRY, ferry night",
            '"night ferry"',
            ["night", "ferry", "night", "ferries", "NIGHT", "FERRY"],
        ),
        ("The ferry under the bridge. A bridge, a ferry.", '"ferry bridge"~3', ["ferry", "bridge"]),
        ("The ferry under the very old bridge.", '"ferry bridge"~3', []),
        ("US and Pak, Pak-US talks", "pak-us", ["Pak", "US"]),
        ("A ferry by night, a night ferry", '"night ferry" night', ["night", "night", "ferry"]),
        ("ferry ferry ferry line ferry", '"ferry ferry line"', ["ferry", "ferry", "line"]),
        ("to be or not to be, not to", '"not to be"', ["not", "to", "be"]),
        ("bridge ferry bridge ferry", '"ferry bridge" OR "absent ferry"', ["ferry", "bridge"]),
        ("今天北京天气很好，北京的天气", '"北京天气"', ["北京", "天", "气"]),
        ("the night ferry, and ferries at night", 'ferry -"night ferry"', ["ferry", "ferries"]),
        ("U.S. Steel, steel of the U.S.", '"US steel"', ["U.S", "Steel"]),
    ],
)
def test_a_phrase_is_marked_where_it_stands_as_one(text: str, query: str, expected: list[str]) -> None:
    found = [text[start:end] for start, end in title_of(text, query).marks]

    assert expected == found


@given(
    st.lists(
        st.sampled_from(["night", "ferry", "Ferries", "the", "\n", "bridge.", "o'neil", "night-ferry"]), max_size=40
    ),
    st.integers(0, 3),
)
def test_what_is_marked_of_a_phrase_is_the_phrase(words: list[str], gap: int) -> None:
    """Against all that stands in the text, counted word by word."""
    text = " ".join(words)
    spelled = [(word.lower(), start) for word, start, _ in words_of(text)]
    stems = ["ferry" if word in {"ferry", "ferries"} else word for word, _ in spelled]
    expected = set()
    for at, one in enumerate(stems):
        for other in range(at + 1, min(at + gap + 2, len(stems))):
            if (one, stems[other]) == ("night", "ferry"):
                expected |= {spelled[at][1], spelled[other][1]}

    assert sorted(expected) == [start for start, _ in title_of(text, f'"night ferry"~{gap}').marks]


def test_overlapping_pairs_of_characters_are_marked_without_nesting() -> None:
    (passage,) = passages("北京天气很好", "北京天气")

    assert one_line("北京天气很好") == plain(passage)
    assert not re.search(r"<mark>[^/]*<mark>", passage)


def test_the_words_of_every_line_are_marked() -> None:

    assert ["ferry", "Ferries"] == marks("A ferry.\n\nNothing.\n\nFerries.", "ferry")


@given(texts, queries)
@example("the O’Neil run, o'neils and oneil", "oneil")
@example("Straße ferry’s", "strasse ferry")
def test_plain_passages_have_the_marks_of_the_html_ones(text: str, query: str) -> None:
    for passage in plain_passages(text, query):
        marked_words = [unescape(word) for word in MARKED.findall(in_html(passage))]

        assert marked_words == [passage.text[start:end] for start, end in passage.marks]
        assert plain(in_html(passage)) == passage.text


@given(texts, queries)
def test_a_title_is_shown_as_it_stands(text: str, query: str) -> None:
    title = title_of(text, query)

    assert text == title.text == plain(in_html(title))


@given(
    st.lists(
        st.sampled_from(["O’Neil", "ferry", "fer", "Ferries’", "o'n'eil", "北京", "-", "mayor's", "Ferrÿ", "f.e"])
    ),
    queries,
)
def test_a_text_that_folds_to_its_own_length_is_marked_as_any_other(words: list[str], query: str) -> None:
    """The second text is longer when folded, and so takes the other way."""
    text = " ".join(words)
    long = f"{text} \n ß"

    assert title_of(text, query).marks == title_of(long, query).marks


@given(st.lists(texts, max_size=4), queries | st.just('"night ferry"'))
def test_texts_are_marked_together_as_each_by_itself(several: list[str], query: str) -> None:
    matcher = matcher_of(query)

    assert [marked([text], matcher)[0] for text in several] == marked(several, matcher)
    assert [snippets([text], matcher)[0] for text in several] == snippets(several, matcher)


def test_a_hit_shows_every_field_that_it_has_in_common_with_an_article() -> None:
    common = Hit.model_fields.keys() & Article.model_fields.keys()

    assert common | {"body"} == ShownArticle.model_fields.keys()


# What is shown


def test_a_text_without_a_match_shows_its_beginning() -> None:
    (passage,) = passages(f"First words. {FILLER}", "absent")

    assert passage.startswith("First words. Nothing of note")


def test_an_empty_text_has_no_passage() -> None:

    assert [(), ()] == [passages("", "ferry"), passages(" \n\t ", "ferry")]


@pytest.mark.parametrize("end", ["\n", " \n", "\n  "])
def test_a_line_that_is_full_ends_no_sentence(end: str) -> None:
    wire = [
        "The mayor of",
        "Port Alder said on",
        "Monday that the ferry to",
        "Salt-Lantern would",
        "Not run. Nobody",
        "knew.",
    ]
    text = f"{FILLER}{end.join(wire)} {FILLER}"
    (passage,) = passages(text, "ferry")

    assert (
        "The mayor of Port Alder said on Monday that the <mark>ferry</mark> to Salt-Lantern would Not run." in passage
    )
    assert not passage.startswith("…")


@pytest.mark.parametrize("between", ["\n\n", "\n \n", "\n- ", "\n • ", ".\n"])
def test_paragraphs_items_and_full_stops_end_one(between: str) -> None:
    (passage,) = passages(f"Harbour news{between}The old ferry has left for good{between}{FILLER}", "ferry")

    assert passage.lstrip("-• ").startswith("The old <mark>ferry</mark>")


def test_a_passage_is_cut_with_a_sign_on_both_sides() -> None:
    """A text without any sentence, as tables are, shows that more of it stands before and behind."""
    words = "quay pier lamp rope " * 60
    (passage,) = passages(f"{words}ferry {words}", "ferry")
    (far,) = passages("quay " * (MAX_SCANNED_CHARS // 5 - 10) + "ferry " + "quay " * 100, "ferry")

    assert re.fullmatch(r"… \w+ .*<mark>ferry</mark>.* \w+ …", passage)
    assert re.fullmatch(r"… .*<mark>ferry</mark>.* …", far)


def test_passages_are_chosen_by_where_the_phrase_stands() -> None:
    text = f"The ferry left at night. {FILLER}The night ferry was late. {FILLER}A ferry, a night, a ferry."

    (passage,) = passages(text, '"night ferry"')

    assert passage.startswith("The <mark>night</mark> <mark>ferry</mark> was late. Nothing of note")


def test_a_match_far_down_is_shown_in_its_whole_sentence() -> None:
    (passage,) = passages(f"{FILLER}The old ferry left. {FILLER}", "ferry")

    assert passage.startswith("The old <mark>ferry</mark> left. Nothing of note")
    assert passage.endswith("for a while.")


@pytest.mark.parametrize("end", [".", "!", "?", ".”", "…", '."', "。", "؟"])
def test_a_passage_begins_behind_any_end_of_a_sentence(end: str) -> None:
    (passage,) = passages(f"{'word ' * 20}and so on{end} The ferry left.", "ferry")

    assert passage == "The <mark>ferry</mark> left."


@pytest.mark.parametrize("before", ["Mr.", "Dr.", "J. F.", "the U.S.", "vs.", "Gov."])
def test_an_abbreviation_ends_no_sentence(before: str) -> None:
    (passage,) = passages(f"Nothing was said. So {before} Ferry left.", "ferry")

    assert passage == f"So {before} <mark>Ferry</mark> left."


def test_a_sentence_too_long_to_be_shown_is_cut_at_words_with_a_sign() -> None:
    (passage,) = passages(f"{'many small words ' * 30}ferry{' and more words' * 30}", "ferry")

    assert re.match(r"… (many|small|words) ", passage)
    assert re.search(r" (and|more|words) …$", passage)
    assert "<mark>ferry</mark> and more words" in passage


def test_at_most_three_passages_are_shown_of_equals_the_first_ones() -> None:
    text = "".join(f"{FILLER}Ferry {number} left. " for number in "abcd")
    found = passages(text, "ferry")

    assert ["a", "b", "c"] == [re.findall(r"Ferry</mark> (\w)", passage)[0] for passage in found]


def test_the_passage_with_the_most_different_words_comes_first() -> None:
    text = f"A ferry left. {FILLER}A ferry, a ferry, a ferry. {FILLER}The ferry passed the bridge. {FILLER}"
    found = passages(text, "ferry bridge")

    assert "The <mark>ferry</mark> passed the <mark>bridge</mark>." in found[0]
    assert "A <mark>ferry</mark>, a" in found[1]
    assert "A <mark>ferry</mark> left." in found[2]


def test_words_side_by_side_come_before_the_same_words_apart() -> None:
    found = passages(f"Night fell and the ferry left. {FILLER}The night ferry left. {FILLER}", '"night ferry"')

    assert "The <mark>night</mark> <mark>ferry</mark> left." in found[0]


def test_no_two_passages_overlap() -> None:
    text = "".join(f"The ferry of day {number} left. " for number in range(40))
    days = re.findall(r"day (\d+)", " ".join(passages(text, "ferry")))

    assert len(days) == len(set(days)) > 3


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
    start = time.process_time()
    found = passages(text, query)

    assert all(len(plain(passage)) <= PASSAGE_CHARS + LONGEST_CUT_WORD for passage in found)
    assert time.process_time() - start < GENEROUS_TIME_S


def test_a_match_beyond_the_scanned_part_is_not_shown() -> None:
    text = "Once. " + "z " * (MAX_SCANNED_CHARS // 2) + "ferry"

    assert [] == marks(text, "ferry")


def test_a_match_longer_than_a_passage_is_no_fault() -> None:
    found = passages(f"{FILLER}{'ferry' * 100} {FILLER}", "ferry*")

    assert len(found) == 1
