"""The syntax tree of a query: words, phrases, fields and dates, each with its place in the text.

It knows nothing of the index. `plan` builds from it what the index is asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from newsdex.index.schema import TEXT_FIELDS
from newsdex.search.language.dates import DateExpression, QueryClock, time_range

LEAST_BOOST, GREATEST_BOOST = 0.01, 100.0


class Note(NamedTuple):
    """Something that breaks the grammar, and how it was read all the same."""

    code: str
    message: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """A part without parts; `start` and `end` are its offsets in the query, in characters, end exclusive."""

    start: int
    end: int
    field: str | None = None
    """None asks every field of full text."""
    boost: float = 1.0
    required: bool = False
    """Whether it was written with a plus: a search that falls back to most words keeps it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word(Leaf):
    """A word as it stands in the query; it may be several to the index, as `Pak-US` is."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase(Leaf):
    """Words one after the other, with at most `gap` others between two of them."""

    text: str
    gap: int = 0
    preferred: bool = False
    """Whether articles without it match, too; those with it come first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wildcard(Leaf):
    """A word with `*` for any letters or `?` for one."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fuzzy(Leaf):
    """A word with at most `edits` letters changed, but none of the first `beginning`."""

    text: str
    edits: int
    beginning: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TermRange(Leaf):
    """Every word from one to another in alphabetical order; None is open."""

    first: str | None
    last: str | None
    with_first: bool = True
    with_last: bool = True


class Edge(NamedTuple):
    """The start or the end of a range of time."""

    expression: DateExpression
    at_end: bool

    def stamp_us(self, clock: QueryClock) -> int:
        """Return the moment that it means, in microseconds since 1970."""
        return time_range(self.expression, clock)[self.at_end]


@dataclass(frozen=True, kw_only=True, slots=True)
class DateRange(Leaf):
    """Published from one edge to another, the second exclusive; None is open."""

    since: Edge | None
    until: Edge | None
    spelled: str = ""
    """As it stands, where nothing but its words says that it is a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchAll(Leaf):
    """Every article, or each that has the field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class And:
    """Every part must match. `explicit` tells parts joined by AND, a set, from parts that stand in a row."""

    parts: tuple["Node", ...]
    explicit: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Or:
    """One of the parts must match."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """The part must not match."""

    part: "Node"


Node = Leaf | And | Or | Not


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the leaves, from left to right."""
    if isinstance(node, Leaf):
        yield node
        return
    for part in (node.part,) if isinstance(node, Not) else node.parts:
        yield from leaves(part)


def words_text(node: Node) -> str:
    """Return the words and phrases that are looked for in full text, as they stand, with spaces between them."""
    return " ".join(
        leaf.text
        for leaf in leaves(node)
        if isinstance(leaf, Word | Phrase) and (leaf.field is None or leaf.field in TEXT_FIELDS)
    )


def boosted(node: Node, boost: float) -> Node:
    """Return the same tree with the boost of every leaf multiplied, within the bounds of one that is written."""
    if isinstance(node, Leaf):
        return replace(node, boost=min(max(node.boost * boost, LEAST_BOOST), GREATEST_BOOST))
    return _with_parts(node, lambda part: boosted(part, boost))


def required(node: Node) -> Node:
    """Return the same tree with every leaf required."""
    if isinstance(node, Leaf):
        return replace(node, required=True)
    return _with_parts(node, required)


def _with_parts(node: And | Or | Not, change: Callable[[Node], Node]) -> Node:
    if isinstance(node, Not):
        return Not(part=change(node.part))
    return replace(node, parts=tuple(map(change, node.parts)))
