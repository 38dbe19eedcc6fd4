"""Writes a syntax tree as text again: how a query was read, in the words of the grammar."""

import re
from datetime import timedelta

from newsdex.records.moments import microseconds, moment_of
from newsdex.search.language.ast import (
    And,
    DateRange,
    Edge,
    Fuzzy,
    Leaf,
    MatchAll,
    Node,
    Not,
    Phrase,
    TermRange,
    Wildcard,
    Word,
)
from newsdex.search.language.dates import QueryClock, floor, written
from newsdex.search.language.parser import read_tree
from newsdex.search.language.plain_text import is_shouted
from newsdex.search.language.tokenizer import OPERATORS, tokens

NAMES = {"authors": "author", "tags": "tag"}
"""How a field is written where it has a shorter name."""

_PLAIN = re.compile(r"[^\W_][\w’'.-]*")


def canonical(tree: Node | None, clock: QueryClock) -> str:
    """Write a tree; read again, it gives the same. Dates stand as the days or moments that they mean at `clock`."""
    text = "" if tree is None else _written(tree, clock)
    return f"({text})" if text.isupper() and is_shouted(text, tokens(text)) else text


def _written(node: Node, clock: QueryClock) -> str:
    if isinstance(node, Leaf):
        sign, name = "+" if node.required else "", f"{NAMES.get(node.field, node.field)}:" if node.field else ""
        boost = f"^{_number(node.boost)}" if node.boost != 1 else ""
        return f"{sign}{name}{_value(node, clock)}{boost}"
    if isinstance(node, Not):
        return f"NOT {_part(node.part, clock)}"
    joint = " OR "
    if isinstance(node, And):
        joint = " AND " if node.explicit else " "
    return joint.join(_part(part, clock) for part in node.parts)


def _number(boost: float) -> str:
    """Write a boost with all its digits: scores must not change by being written."""
    return repr(boost).removesuffix(".0")


def _part(node: Node, clock: QueryClock) -> str:
    written_part = _written(node, clock)
    return written_part if isinstance(node, (Leaf, Not)) else f"({written_part})"


def _value(leaf: Leaf, clock: QueryClock) -> str:  # noqa: PLR0911 - one for each kind
    match leaf:
        case Word(text=text):
            return text if _is_plain(text) else _quoted(text)
        case Phrase(text=text, gap=gap):
            quoted = f'"{text}"' if leaf.field == "id" else _quoted(text)
            return f"{quoted}~{gap}" if gap else quoted
        case Wildcard(text=text):
            return text
        case Fuzzy(text=text, edits=edits, beginning=beginning):
            return f"{text}~{edits}/{beginning}" if beginning else f"{text}~{'' if edits == 1 else edits}"
        case TermRange():
            first, last = leaf.first or "*", leaf.last or "*"
            return f"{'[' if leaf.with_first else '{'}{first} TO {last}{']' if leaf.with_last else '}'}"
        case DateRange(since=since, until=until):
            return _dates(since, until, clock)
        case MatchAll():
            return "*"
    raise AssertionError(leaf)


def _is_plain(text: str) -> bool:
    """Return whether a word reads as itself without quotes."""
    if text in OPERATORS:
        return False
    if _PLAIN.fullmatch(text):
        return True
    tree, notes, _ = read_tree(text)
    return not notes and isinstance(tree, Word) and tree.text == text and tree.field is None


def _quoted(text: str) -> str:
    return f'"{" ".join(text.split())}"'


def _dates(since: Edge | None, until: Edge | None, clock: QueryClock) -> str:
    start = written(since.stamp_us(clock), clock.zone) if since else None
    end, closing = _end(until.stamp_us(clock), clock) if until else ("*", "]")
    if start is None:
        return f"[* TO {end}{closing}"
    return start if start == end and closing == "]" else f"[{start} TO {end}{closing}"


def _end(stamp_us: int, clock: QueryClock) -> tuple[str, str]:
    """Write an exclusive end: as the last day that is in, where it is the end of one."""
    moment = moment_of(stamp_us).astimezone(clock.zone)
    if moment == floor(moment, "day"):
        return written(microseconds(moment - timedelta(days=1)), clock.zone), "]"
    return written(stamp_us, clock.zone), "}"
