"""Other ways to read a query: its quotations preferred rather than required, or what looks like commands as words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from newsdex.index.text.analysis import words
from newsdex.search.language.ast import (
    And,
    DateRange,
    Fuzzy,
    Leaf,
    MatchAll,
    Node,
    Not,
    Or,
    Phrase,
    TermRange,
    Wildcard,
    Word,
    leaves,
)
from newsdex.search.language.patterns import is_pattern, pieces
from newsdex.search.language.plain_text import FEW_WORDS

LONGEST_ID = 500
_LABEL = re.compile(r"(?<=\S\s)(?P<name>[A-Z]{2,})[:：]$")
"""A field's name in capitals behind other words, which a value stands behind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherReading:
    """A query as it may have been meant, and the code and text of the note that says so."""

    tree: Node
    code: str
    message: str


def preferring_quotations(tree: Node | None, text: str, *, most_words: bool) -> Node | None:
    """Return a tree in which a quoted part of a text is preferred as a phrase, and looked for by its words.

    A text has more than a few words, or asks for most of them, and some of them are not quoted.
    """
    parts = _row(tree)
    if not _beside_words(parts):
        return tree
    if (
        not most_words
        and sum(len(list(words(one.text))) for one in parts if isinstance(one, Word | Phrase)) <= FEW_WORDS
    ):
        return tree
    preferred = [replace(part, preferred=True) for part in parts if isinstance(part, Phrase) and _is_free(part)]
    return And(parts=(*_unquoted(parts, text), *preferred)) if preferred else tree


def other_readings(tree: Node | None, text: str) -> Iterator[OtherReading]:
    """Yield the readings of a query that finds nothing, the nearest to what was written first."""
    parts = _row(tree)
    if _beside_words(parts) and any(map(_is_quotation, parts)):
        message = "no article has all that is quoted as it stands; its words were looked for"
        yield OtherReading(tree=And(parts=tuple(_unquoted(parts, text))), code="phrase_as_words", message=message)
    plain = [word for part in parts for word in _plain(part, text)]
    if plain and tuple(plain) != tuple(parts):
        message = "read as commands, the query finds nothing; it was read as words"
        tree = And(parts=tuple(plain)) if len(plain) > 1 else plain[0]
        yield OtherReading(tree=tree, code="read_as_words", message=message)
    id_ = text.strip()
    if len(id_) <= LONGEST_ID and not any(map(str.isspace, id_)) and any(map(str.isdigit, id_)):
        named = Word(start=0, end=len(text), field="id", text=id_)
        yield OtherReading(
            tree=named, code="read_as_id", message="no article has this in its text; it is an article's id"
        )


def _row(tree: Node | None) -> Sequence[Node]:
    """Return the parts that stand in a row; none of a query that is one phrase, or plainly Boolean."""
    if isinstance(tree, And):
        return () if tree.explicit else tree.parts
    return () if tree is None or isinstance(tree, Or | Not | Phrase) else (tree,)


def _is_free(node: Node) -> bool:
    return isinstance(node, Leaf) and node.field is None and not node.required


def _is_quotation(node: Node) -> bool:
    return isinstance(node, Phrase) and _is_free(node)


def _beside_words(parts: Sequence[Node]) -> bool:
    return any(isinstance(part, Word | Wildcard | Fuzzy) and part.field is None for part in parts)


def _unquoted(parts: Sequence[Node], text: str) -> Iterator[Node]:
    for part in parts:
        if isinstance(part, Phrase) and _is_quotation(part):
            yield from _words_of(part, part.text, text)
        else:
            yield part


def _words_of(leaf: Leaf, own: str, text: str) -> Iterator[Leaf]:
    """Yield the words of a leaf, each where it stands in the query."""
    behind = leaf.start
    cut = pieces(own) if is_pattern(own) else [word for word, _, _ in words(own)]
    for word in (one for one in cut if is_pattern(one) or next(words(one), None)):
        at = text.find(word, behind, leaf.end)
        start, end = (at, at + len(word)) if at >= 0 else (leaf.start, leaf.end)
        behind = start
        kind = Wildcard if is_pattern(word) else Word
        yield kind(start=start, end=end, text=word)


def _plain(node: Node, text: str) -> Iterator[Node]:
    """Yield the words of a part that may be no command; what is required, or of a field, stays as it is."""
    match node:
        case Word() if not node.required and (label := _LABEL.search(text[: node.start])):
            yield Word(start=label.start("name"), end=label.end("name"), text=label["name"])
            yield replace(node, field=None)
        case Word() if _is_free(node) and not _is_one_word(node.text):
            yield from _words_of(node, node.text, text)
        case Phrase() | Fuzzy() if _is_free(node):
            yield from _words_of(node, node.text, text)
        case Wildcard() if _is_free(node):
            yield from _words_of(node, node.text.replace("*", " ").replace("?", " "), text)
        case TermRange() if _is_free(node):
            yield from _words_of(node, f"{node.first or ''} {node.last or ''}", text)
        case DateRange() if node.spelled:
            yield from _words_of(node, node.spelled, text)
        case MatchAll() if _is_free(node):
            return
        case Not(part=Leaf() as part) if _is_free(part) and not isinstance(part, Phrase):
            yield from _plain(part, text)
        case And() | Or() if all(map(_is_free, leaves(node))) and not _has_negations(node):
            # their order says nothing
            own = [word for part in node.parts for word in _plain(part, text)]
            yield from sorted(own, key=lambda word: word.text if isinstance(word, Word) else "")
        case _:
            yield node


def _is_one_word(text: str) -> bool:
    """Return whether a word is one, or joined by hyphens only: a link, or a label and what stands behind it, is not."""
    return all(sign.isalnum() or sign in "-'’._" for sign in text) or len(list(words(text))) == 1


def _has_negations(node: Node) -> bool:
    if isinstance(node, Leaf):
        return False
    return isinstance(node, Not) or any(map(_has_negations, node.parts))
