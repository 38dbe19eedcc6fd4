"""Relations between the answers to related queries hold for drawn queries, where no single right answer is known.

`DRAWN_QUERIES` sets how many queries each relation is tried with; `make relations` tries 20,000.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.scenarios.corpus import Corpus

from newsdex_schemas import SearchReply, SearchRequest

lax = settings(
    deadline=None, max_examples=int(os.environ.get("DRAWN_QUERIES", "500")), suppress_health_check=list(HealthCheck)
)
CLOSE = 1e-6
"""How far scores may differ, relative to the greater one: sums of the same numbers in another order."""

WORDS = [
    "night",
    "ferry",
    "harbour",
    "lantern",
    "bridge",
    "film",
    "council",
    "mooring",
    "WHO",
    "the",
    "quay",
    "running",
]
ARTICLES: list[dict[str, Any]] = [
    {
        "id": f"a{number}",
        "title": " ".join(WORDS[(number * step + shift) % len(WORDS)] for shift, step in enumerate((1, 5, 7))),
        "body": " ".join(WORDS[(number * step + number // 3) % len(WORDS)] for step in range(1, 9)) + " movies runs.",
        "section": ("City", "Stage")[number % 2],
        "published_at": f"202{number % 5}-0{number % 9 + 1}-01T00:00:00Z",
    }
    | ({"summary": f"{WORDS[number % 5]} united states"} if number % 3 else {})
    for number in range(36)
]
ARTICLES += [
    {"id": f"c{number}", "title": "Trade", "body": f"{text} in the yard."}
    for number, text in enumerate(
        [
            "A takeover",
            "The take-over",
            "They take over",
            "One F16",
            "An F-16",
            "1,250,000 women",
            "1250000 and a woman",
        ]
    )
]


class Clause(NamedTuple):
    """A part of a drawn query: a leaf with its text, parts joined by `row`, `AND` or `OR`, or one of another kind."""

    kind: str
    text: str = ""
    parts: "tuple[Clause, ...]" = ()


def written(clause: Clause) -> str:
    """Return a clause as text, with brackets where they are needed."""
    if clause.kind == "leaf":
        return clause.text
    if clause.kind == "brackets":
        return f"({written(clause.parts[0])})"
    parts = [
        written(part) if part.kind in {"leaf", "NOT", "brackets"} else f"({written(part)})" for part in clause.parts
    ]
    return f"NOT {parts[0]}" if clause.kind == "NOT" else {"row": " "}.get(clause.kind, f" {clause.kind} ").join(parts)


def leaf(text: str) -> Clause:
    return Clause("leaf", text)


words = st.sampled_from([*WORDS, "run", "movie", "states", "Night-ferry", "united", "lanterm"])
phrases = st.builds(lambda a, b, gap: f'"{a} {b}"{gap}', words, words, st.sampled_from(["", "~2"]))
in_fields = st.builds(lambda name, value: f"{name}:{value}", st.sampled_from(["title", "body"]), words | phrases)
others = st.sampled_from(
    ["lant*", "b?idge", "fery~", "section:City", "section:stage", "published:2022", "[harbour TO lantern]", "summary:*"]
)
plain_leaves = (words | words | phrases | in_fields | others).map(leaf)
compounds = st.sampled_from(
    [
        "takeover",
        "take-over",
        "take",
        "over",
        "F16",
        "f-16",
        "16",
        "1250000",
        "1,250,000",
        "250",
        "000",
        "women",
        "takeovr",
    ]
).map(leaf)
"""Words that articles write as one, with a hyphen or as two."""
boosts = st.sampled_from(["", "", "", "^2", "^0.5"])
leaves = st.builds(lambda one, boost: leaf(one.text + boost), plain_leaves, boosts)


def joined(kind: str, parts: st.SearchStrategy[Clause]) -> st.SearchStrategy[Clause]:
    return st.lists(parts, min_size=2, max_size=4).map(lambda own: Clause(kind, parts=tuple(own)))


def trees(inner: st.SearchStrategy[Clause]) -> st.SearchStrategy[Clause]:
    signed = inner | inner | inner | inner.map(lambda one: one if one.kind == "NOT" else Clause("NOT", parts=(one,)))
    return st.one_of(joined("row", signed), joined("AND", signed), joined("OR", signed))


def has_small_letters(clause: Clause) -> bool:
    """Tell whether operators are operators: in a text in capitals brackets make them so."""
    return not written(clause).isupper()


clauses = st.recursive(leaves, trees, max_leaves=7).filter(has_small_letters)

clauses_with_compounds = st.recursive(leaves | compounds, trees, max_leaves=7).filter(has_small_letters)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("relations")) as corpus:
        for start in range(0, len(ARTICLES), 12):
            corpus.publish(*ARTICLES[start : start + 12])
            corpus.index()
        yield corpus


def answer(corpus: Corpus, q: str, **fields: Any) -> SearchReply:
    request = {"q": q, "size": 100, "timeout_ms": 10_000, "recency": {"weight": 0}} | fields
    return corpus.answer(SearchRequest.model_validate(request))


def scores(reply: SearchReply) -> dict[str, float]:
    return {hit.id: hit.score for hit in reply.hits}


def assert_same(expected: SearchReply, actual: SearchReply) -> None:
    """Hold that two queries have the same hits, total and scores."""
    assert (expected.total, expected.words, expected.partial) == (actual.total, actual.words, actual.partial)
    assert scores(expected) == pytest.approx(scores(actual), rel=CLOSE)


def shuffled(clause: Clause, draw: Any) -> Clause:
    """Return a clause with the parts of each AND and OR in another order; words in a row stay as they are."""
    parts: Sequence[Clause] = [shuffled(part, draw) for part in clause.parts]
    if clause.kind in ("AND", "OR"):
        parts = draw(st.permutations(parts))
    return clause._replace(parts=tuple(parts))


def bracketed(clause: Clause, draw: Any) -> Clause:
    """Return a clause with brackets around some of its parts, and perhaps around itself."""
    own = clause._replace(parts=tuple(bracketed(part, draw) for part in clause.parts))
    return Clause("brackets", parts=(own,)) if draw(st.booleans()) else own


# order and brackets


@lax
@given(clause=clauses, data=st.data())
def test_the_order_of_the_parts_of_and_and_or_does_not_matter(corpus: Corpus, clause: Clause, data: Any) -> None:
    other = shuffled(clause, data.draw)

    assert_same(answer(corpus, written(clause)), answer(corpus, written(other)))


@lax
@given(clause=clauses_with_compounds, data=st.data())
def test_brackets_around_a_clause_do_not_matter(corpus: Corpus, clause: Clause, data: Any) -> None:
    other = bracketed(clause, data.draw)

    assert_same(answer(corpus, written(clause)), answer(corpus, written(other)))


@pytest.mark.parametrize("joint", ["AND", "OR"])
@lax
@given(
    parts=st.lists(leaves, min_size=3, max_size=4).filter(
        lambda parts: has_small_letters(Clause("row", "", tuple(parts)))
    )
)
def test_brackets_around_some_parts_of_one_operator_do_not_matter(
    corpus: Corpus, joint: str, parts: list[Clause]
) -> None:
    first, second, *rest = [part.text for part in parts]
    grouped = f" {joint} ".join([f"({first} {joint} {second})", *rest])

    assert_same(answer(corpus, f" {joint} ".join(part.text for part in parts)), answer(corpus, grouped))


# boosts


def positive_leaves(clause: Clause) -> list[Clause]:
    if clause.kind == "leaf":
        return [clause]
    return [] if clause.kind == "NOT" else [leaf for part in clause.parts for leaf in positive_leaves(part)]


def boosted(clause: Clause, target: Clause, boost: float) -> Clause:
    """Return a clause with another boost for one leaf, which is told by being the same object."""
    if clause is target:
        return clause._replace(text=f"{clause.text}^{boost}")
    return clause._replace(parts=tuple(boosted(part, target, boost) for part in clause.parts))


@lax
@given(
    clause=st.recursive(plain_leaves, trees, max_leaves=6).filter(has_small_letters),
    boost=st.sampled_from([(0.5, 1), (1, 1.01), (1, 3), (2, 50)]),
    data=st.data(),
)
def test_a_boost_raises_what_has_its_clause_and_nothing_else(
    corpus: Corpus, clause: Clause, boost: tuple[float, float], data: Any
) -> None:
    # the same leaf may be drawn twice, as one object
    clause = Clause(*clause[:2], parts=tuple(Clause(*part) for part in clause.parts))
    found = positive_leaves(clause)
    if not found:
        return
    target = data.draw(st.sampled_from(found))
    lower, higher = (answer(corpus, written(boosted(clause, target, one))) for one in boost)
    own = scores(answer(corpus, target.text))
    less, more = scores(lower), scores(higher)

    assert (lower.total, less.keys()) == (higher.total, more.keys())
    assert [] == [id_ for id_ in less if more[id_] < less[id_] * (1 - CLOSE)]
    if higher.words == "all":  # where not all words must match, relatives of a word count for it, too
        assert [] == [id_ for id_ in less if id_ not in own and more[id_] != pytest.approx(less[id_], rel=CLOSE)]


@pytest.mark.parametrize("clause", ["ferry", '"night ferry"', "title:ferry", 'title:"night ferry"', "fer*", "ferry~"])
@pytest.mark.parametrize("joint", [" ", " OR "])
def test_a_boost_raises_each_hit_that_has_its_clause(corpus: Corpus, clause: str, joint: str) -> None:
    less, more = (scores(answer(corpus, f"harbour{joint}{clause}{boost}")) for boost in ("", "^3"))
    own = scores(answer(corpus, clause)).keys() & less.keys()

    assert (True, []) == (bool(own), [id_ for id_ in own if more[id_] <= less[id_]])


# reading


@lax
@given(clause=clauses)
def test_a_query_as_it_was_read_finds_the_same(corpus: Corpus, clause: Clause) -> None:
    """A spelling that was taken for another is still the one that was typed."""
    first = answer(corpus, written(clause))

    assert_same(first, answer(corpus, first.interpretation.query))


@pytest.mark.parametrize(
    "q",
    [
        *("mayor:Doe night ferry quay storm", "WHO published:2022", "WHO PUBLISHED:2022", "(ferry^50)^50 night"),
        *(
            "ferry^1.2345678 night",
            "night/ferry the quay storm wind",
            "ferry AND",
            "“night ferry” quay",
            "-night ferry",
        ),
        *(
            "+the ferry",
            "title:(night ferry) OR bridge",
            "(night AND ferry) AND (bridge OR quay)",
            "OR",
            "it's a night",
        ),
    ],
)
def test_a_query_that_was_mended_finds_the_same_as_it_was_read(corpus: Corpus, q: str) -> None:
    first = answer(corpus, q)

    assert_same(first, answer(corpus, first.interpretation.query))


# two phrases in two fields


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    with Corpus(tmp_path_factory.mktemp("two")) as corpus:
        corpus.publish(
            {"id": "t", "title": "The night ferry", "body": "It left at dawn."},
            {"id": "b", "title": "At dawn", "body": "The night ferry left."},
        )
        corpus.index()
        yield corpus


def test_a_phrase_counts_in_its_own_field_whatever_stands_beside_it(two: Corpus) -> None:
    title, body = 'title:"night ferry"', 'body:"night ferry"'
    plain, swapped, raised, raised_last = (
        scores(answer(two, q))
        for q in (f"{title} OR {body}", f"{body} OR {title}", f"{title}^10 OR {body}", f"{body} OR {title}^10")
    )

    assert plain == pytest.approx(swapped, rel=CLOSE)
    assert raised == pytest.approx(raised_last, rel=CLOSE)
    assert (pytest.approx(10 * plain["t"], rel=CLOSE), pytest.approx(plain["b"], rel=CLOSE)) == (
        raised["t"],
        raised["b"],
    )


def test_words_in_a_row_are_a_pair_and_words_joined_by_and_are_none(two: Corpus) -> None:
    assert scores(answer(two, "night ferry"))["b"] > scores(answer(two, "ferry night"))["b"]
    assert scores(answer(two, "night AND ferry")) == pytest.approx(scores(answer(two, "ferry AND night")), rel=CLOSE)


def test_more_pairs_than_are_counted_are_chosen_whatever_is_boosted(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        row = "alder birch cedar elder hazel maple rowan willow"
        corpus.publish({"id": "row", "title": "T", "body": row}, {"id": "other", "title": "T", "body": "alder"})
        corpus.index()
        plain = scores(answer(corpus, row))["row"]

        assert [] == [
            word for word in row.split() if scores(answer(corpus, row.replace(word, f"{word}^1.5")))["row"] <= plain
        ]
