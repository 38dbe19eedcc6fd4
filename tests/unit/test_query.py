"""What reading a query promises: a tree, or a refusal with a code and a place inside the text, soon."""

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh import query as whoosh_query

from newsdex.errors import Invalid
from newsdex.index.columnar.query.bm25f import WordQuery
from newsdex.index.schema import FILTER_FIELDS, TEXT_FIELDS
from newsdex.index.text.languages import DEFAULT
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parsed_query import MAX_LEAVES, ParsedQuery, parse_query, refuse_notes
from newsdex.search.language.parser import MAX_DEPTH
from newsdex.search.plan.build import matching, optional_words
from newsdex.search.plan.clauses import text_clause
from newsdex.search.plan.filters import filter_queries
from newsdex_schemas import SearchFilters
from newsdex_schemas.search import MAX_QUERY_CHARS

WHEN = QueryClock(now_us=1_700_000_000_000_000)
GENEROUS_TIME_S = 5
KNOWN_FIELDS = {*TEXT_FIELDS, *FILTER_FIELDS, "id", "published", None}
PIECES = [
    *("AND", "OR", "NOT", "ANDNOT", "ANDMAYBE", "REQUIRE", "TO", "title:", "section:", "authors:", "id:", "published:"),
    *("(", ")", '"', "'", "[", "]", "{", "}", "~", "~2", "~2/3", "^2", "^", ":", "*", "?", "؟", "-", "+", "\\", "/"),
    *("tide", "Pak-US", "O’Neil", "北京天气", "a", " ", "  ", "\n", "\x01", "“so”", "1e999", "2024"),
]
queries = (
    st.text(max_size=MAX_QUERY_CHARS)
    | st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join)
    | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
)


def parse(text: str) -> Any:
    return matching(parse_query(text).tree, WHEN, (DEFAULT,))


def optional(read: ParsedQuery) -> list[Any]:
    return [(text_clause(one) or replace(one, start=0, end=0)) for one in optional_words(read.tree)]


def refusal(text: str) -> Invalid:
    with pytest.raises(Invalid) as raised:
        parse_query(text)
    return raised.value


def read_or_refusal(text: str) -> ParsedQuery | Invalid:
    try:
        return parse_query(text)
    except Invalid as fault:
        return fault


def codes(text: str) -> list[str]:
    return [note.code for note in parse_query(text).notes]


def refused_filters(**fields: Any) -> Invalid:
    with pytest.raises(Invalid) as raised:
        filter_queries(SearchFilters(**fields))
    return raised.value


def fields_of(tree: Any) -> set[str | None]:
    return {name for leaf in tree.leaves() for name in (leaf.fields if isinstance(leaf, WordQuery) else [leaf.field()])}


def lies_inside(place: str | None, text: str) -> bool:
    offsets = re.fullmatch(r"(\d+)-(\d+)", place or "")
    return offsets is not None and 0 <= int(offsets[1]) < int(offsets[2]) <= len(text)


# Any text


@given(queries)
def test_any_text_gives_a_tree_or_a_refusal_with_a_place_inside_it(text: str) -> None:
    read = read_or_refusal(text)

    if isinstance(read, Invalid):
        assert re.fullmatch("query_[a-z_]+", read.code)
        assert lies_inside(read.place, text)
    else:
        assert fields_of(parse(text)) <= KNOWN_FIELDS
        assert all(lies_inside(f"{note.start}-{note.end}", text) for note in read.notes)


@given(queries)
def test_a_query_as_it_was_read_reads_the_same(text: str) -> None:
    read = read_or_refusal(text)
    if isinstance(read, Invalid) or read.tree is None:
        return
    again = parse_query(read.as_text(WHEN))

    assert read.as_text(WHEN) == again.as_text(WHEN)
    assert parse(text) == parse(read.as_text(WHEN))
    assert optional(read) == optional(again)


@given(queries)
def test_a_strict_reading_refuses_what_has_notes_and_nothing_else(text: str) -> None:
    read = read_or_refusal(text)
    if isinstance(read, Invalid):
        return
    if not read.notes:
        refuse_notes(read)
        return
    with pytest.raises(Invalid) as raised:
        refuse_notes(read)
    first = min(read.notes, key=lambda note: note.start)

    assert (first.code, f"{first.start}-{first.end}") == (raised.value.code, raised.value.place)


@pytest.mark.parametrize(
    "piece",
    [
        *("a ", "a AND ", "a OR ", "a NOT ", "a AND NOT ", "NOT ", "(a OR ", "(", ")", "() ", '"', '"a" ', "'", "'a' "),
        *(
            "~",
            "a~9 ",
            "^",
            "^2",
            "[",
            "[a TO b] ",
            "title:",
            ":",
            "*",
            "?",
            "a*b",
            "a? ",
            "*a* ",
            "\\",
            "-",
            "’",
            "京",
        ),
    ],
)
def test_the_longest_query_is_read_in_bounded_time(piece: str) -> None:
    text = piece * (MAX_QUERY_CHARS // len(piece))
    start = time.process_time()
    read = read_or_refusal(text)

    assert not isinstance(read, Invalid) or lies_inside(read.place, text)
    assert time.process_time() - start < GENEROUS_TIME_S


@pytest.mark.parametrize("number", [7, 14, 200])
@pytest.mark.parametrize("operator", ["ANDNOT", "AND NOT", "NOT", "OR", "- -", "title:", "( OR", "^2 ~2"])
def test_a_chain_of_operators_is_read_in_bounded_time(operator: str, number: int) -> None:
    """Whoosh's own parser takes twice as long for each further ANDNOT: 14 of them take 2 seconds."""
    text = (f"a {operator} " * number)[:MAX_QUERY_CHARS] + "b"
    start = time.process_time()
    read = read_or_refusal(text)

    assert not isinstance(read, Invalid) or lies_inside(read.place, text)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("text", ["", " ", "\t\n", "*", " * "])
def test_an_empty_query_and_a_star_match_everything(text: str) -> None:

    assert whoosh_query.Every() == parse(text)


@pytest.mark.parametrize("text", ['"', "()", "!!!", "~", '""', "NOT ()"])
def test_a_query_without_words_matches_nothing(text: str) -> None:

    assert whoosh_query.NullQuery == parse(text)


# Bounds


@pytest.mark.parametrize("before", ["", "tide AND ", "(a) (b) "])
def test_too_deep_brackets_are_refused_at_the_first_that_is_too_many(before: str) -> None:
    text = before + "(" * (MAX_DEPTH + 1) + "tide" + ")" * (MAX_DEPTH + 1)
    fault = refusal(text)
    place = len(before) + MAX_DEPTH

    assert ("query_too_deep", f"{place}-{place + 1}") == (fault.code, fault.place)


def test_brackets_up_to_the_bound_are_read() -> None:

    assert parse("tide") == parse("(" * MAX_DEPTH + "tide" + ")" * MAX_DEPTH)


def test_closed_brackets_do_not_count_for_the_depth() -> None:

    assert parse("(tide) OR " * (MAX_DEPTH + 5) + "tide")


def test_too_many_patterns_are_refused_from_the_first_that_is_too_many() -> None:
    words = MAX_LEAVES // len(TEXT_FIELDS)
    text = " ".join(["a*"] * (words + 1))
    fault = refusal(text)

    assert ("query_too_long", f"{text.rindex(' ') + 1}-{len(text)}") == (fault.code, fault.place)


def test_as_many_patterns_as_the_bound_are_read() -> None:
    words = MAX_LEAVES // len(TEXT_FIELDS)

    assert len(list(parse(" ".join(["a*"] * words)).leaves())) == MAX_LEAVES


@pytest.mark.parametrize("words", [501, 5_000, 12_000])
def test_words_in_a_row_are_never_too_many(words: int) -> None:
    read = parse_query(" ".join(["so"] * words))

    assert read.tree is not None
    assert (["text_only"] if words > 501 else []) == [remark.code for remark in read.remarks]


# The language


@pytest.mark.parametrize("name", ["embargoed", "expires", "sequence", "nothing", "section_spelled"])
@pytest.mark.parametrize("value", ["x", "2020", "[1 TO 2]", "*", '"x y"', "x~", "(x y)"])
def test_internal_fields_are_out_of_reach(name: str, value: str) -> None:

    assert fields_of(parse(f"{name}:{value}")) <= {*TEXT_FIELDS, None}


@pytest.mark.parametrize("name", [*TEXT_FIELDS, *FILTER_FIELDS, "id"])
def test_every_other_field_can_be_named(name: str) -> None:

    assert {name} == fields_of(parse(f"{name}:tide")) == fields_of(parse(f"{name.upper()}:tide"))


@pytest.mark.parametrize("name", FILTER_FIELDS)
@pytest.mark.parametrize("value", ['"Doe, Jane"', '"Ann Roe"', "Doe,Jane", "'Doe, Jane'"])
def test_no_phrase_is_asked_of_a_field_without_positions(name: str, value: str) -> None:
    """Whoosh would raise at search time."""
    phrases = [leaf for leaf in parse(f"{name}:{value}").leaves() if isinstance(leaf, whoosh_query.Phrase)]

    assert phrases == []


def test_a_word_is_looked_for_in_every_text_field_by_its_weight() -> None:
    (found,) = parse("tides").leaves()
    patterns = {leaf.field(): leaf.boost for leaf in parse("tid*").leaves()}

    assert ("tide", tuple(TEXT_FIELDS)) == (found.variants[0].term, found.fields)
    assert patterns == TEXT_FIELDS


@pytest.mark.parametrize(("text", "kind"), [("fe*", whoosh_query.Prefix), ("f?rr*y", whoosh_query.Wildcard)])
def test_parts_of_words_are_read_as_they_stand(text: str, kind: type) -> None:
    found = list(parse(f"body:{text.upper()}").leaves())

    assert [(kind, text.rstrip("*"))] == [(type(leaf), leaf.text) for leaf in found]


@pytest.mark.parametrize("text", ["a~2/3", "a~/9", "ferry~1/6"])
def test_a_fuzzy_words_certain_beginning_is_no_longer_than_the_word(text: str) -> None:
    """Whoosh would raise at search time."""
    fuzzy = [leaf for leaf in parse(text).leaves() if isinstance(leaf, whoosh_query.FuzzyTerm)]

    assert all(leaf.prefixlength <= len(leaf.text) for leaf in fuzzy)


# Filters


def test_no_filters_give_no_condition() -> None:

    assert {} == filter_queries(SearchFilters())


def test_dates_that_leave_no_time_between_them_are_refused() -> None:
    moments = ("2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z")
    for start, end in [moments, (moments[0], moments[0])]:
        fault = refused_filters(published_from=start, published_to=end)

        assert ("reversed_range", "filters.published_to") == (fault.code, fault.place)


def test_dates_within_one_second_are_in_order() -> None:
    filters = SearchFilters(published_from="2026-02-01T00:00:00.1Z", published_to="2026-02-01T00:00:00.2Z")

    assert {"published"} == filter_queries(filters).keys()
