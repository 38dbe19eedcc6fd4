"""Writes a query's tree as text again: how it was read, in the words of the grammar."""

import re
from datetime import timedelta

from newsdex.records import microseconds, moment_of
from newsdex.search.language.ast import (
    All,
    Anything,
    Between,
    Dates,
    Edge,
    Fuzzy,
    Leaf,
    Node,
    Not,
    Pattern,
    Phrase,
    Word,
)
from newsdex.search.language.dates import When, floor, stretch, written
from newsdex.search.language.parser import read_tree

NAMES = {"authors": "author", "tags": "tag"}
"""How a field is written where it has a shorter name."""

_PLAIN = re.compile(r"[^\W_][\w’'.-]*")
_OPERATORS = ("AND", "OR", "NOT", "ANDNOT")


def canonical(tree: Node | None, when: When) -> str:
    """Write a tree; read again, it gives the same. Dates stand as the days or moments that they mean at `when`."""
    return "" if tree is None else _written(tree, when)


def _written(node: Node, when: When) -> str:
    if isinstance(node, Leaf):
        sign, name = "+" if node.required else "", f"{NAMES.get(node.field, node.field)}:" if node.field else ""
        boost = f"^{node.boost:g}" if node.boost != 1 else ""
        return f"{sign}{name}{_value(node, when)}{boost}"
    if isinstance(node, Not):
        return f"NOT {_part(node.part, when)}"
    joint = " OR "
    if isinstance(node, All):
        joint = " AND " if node.written else " "
    return joint.join(_part(part, when) for part in node.parts)


def _part(node: Node, when: When) -> str:
    written_part = _written(node, when)
    return written_part if isinstance(node, (Leaf, Not)) else f"({written_part})"


def _value(leaf: Leaf, when: When) -> str:  # noqa: PLR0911 - one for each kind
    match leaf:
        case Word(text=text):
            return text if _is_plain(text) else _quoted(text)
        case Phrase(text=text, gap=gap):
            quoted = f'"{text}"' if leaf.field == "id" else _quoted(text)
            return f"{quoted}~{gap}" if gap else quoted
        case Pattern(text=text):
            return text
        case Fuzzy(text=text, edits=edits, beginning=beginning):
            return f"{text}~{edits}/{beginning}" if beginning else f"{text}~{'' if edits == 1 else edits}"
        case Between():
            first, last = leaf.first or "*", leaf.last or "*"
            return f"{'[' if leaf.with_first else '{'}{first} TO {last}{']' if leaf.with_last else '}'}"
        case Dates(since=since, until=until):
            return _stretch(since, until, when)
        case Anything():
            return "*"
    raise AssertionError(leaf)


def _is_plain(text: str) -> bool:
    """Tell whether a word reads as itself without quotes."""
    if text in _OPERATORS:
        return False
    if _PLAIN.fullmatch(text):
        return True
    tree, notes = read_tree(text)
    return not notes and isinstance(tree, Word) and tree.text == text and tree.field is None


def _quoted(text: str) -> str:
    return f'"{" ".join(text.split())}"'


def edge_us(edge: Edge, when: When) -> int:
    """Give the moment of an edge in microseconds since 1970."""
    return stretch(edge.expression, when)[edge.at_end]


def _stretch(since: Edge | None, until: Edge | None, when: When) -> str:
    start = written(edge_us(since, when), when.zone) if since else None
    end, closing = _end(edge_us(until, when), when) if until else ("*", "]")
    if start is None:
        return f"[* TO {end}{closing}"
    return start if start == end and closing == "]" else f"[{start} TO {end}{closing}"


def _end(stamp_us: int, when: When) -> tuple[str, str]:
    """Write an exclusive end: as the last day that is in, where it is the end of one."""
    moment = moment_of(stamp_us).astimezone(when.zone)
    if moment == floor(moment, "day"):
        return written(microseconds(moment - timedelta(days=1)), when.zone), "]"
    return written(stamp_us, when.zone), "}"
