"""What a query was read as: a tree of words, phrases, fields and dates, each with its place in the text.

It knows nothing of the index. `trees` makes of it what the index is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from newsdex.search.language.dates import DateExpression


class Note(NamedTuple):
    """Something that was not written as the grammar has it, and how it was read all the same."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern(Leaf):
    """A word with `*` for any letters or `?` for one."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fuzzy(Leaf):
    """A word with at most `edits` letters changed, but none of the first `beginning`."""

    text: str
    edits: int
    beginning: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Between(Leaf):
    """Every word from one to another in the order of the alphabet; None is open."""

    first: str | None
    last: str | None
    with_first: bool = True
    with_last: bool = True


class Edge(NamedTuple):
    """The start or the end of a stretch of time."""

    expression: DateExpression
    at_end: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Dates(Leaf):
    """Published from one edge to another, the second exclusive; None is open."""

    since: Edge | None
    until: Edge | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Anything(Leaf):
    """Every article, or each that has the field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class All:
    """Every part must match. `written` tells parts joined by AND from such that just stand side by side."""

    parts: tuple["Node", ...]
    written: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Either:
    """One of the parts must match."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """The part must not match."""

    part: "Node"


Node = Leaf | All | Either | Not


def leaves(node: Node) -> Iterator[Leaf]:
    """Give the leaves, from left to right."""
    if isinstance(node, Leaf):
        yield node
        return
    for part in (node.part,) if isinstance(node, Not) else node.parts:
        yield from leaves(part)


def changed(node: Node, **changes: Any) -> Node:
    """Give the same tree with something changed in every leaf; a `boost` multiplies what a leaf has."""
    if isinstance(node, Leaf):
        boost = {"boost": node.boost * changes["boost"]} if "boost" in changes else {}
        return replace(node, **(changes | boost))
    if isinstance(node, Not):
        return Not(part=changed(node.part, **changes))
    return replace(node, parts=tuple(changed(part, **changes) for part in node.parts))
