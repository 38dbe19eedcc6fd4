"""A request's query as it was parsed; parsing again is cheap, since what was parsed last is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from newsdex.errors import Invalid
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import words
from newsdex.search.language.ast import And, Leaf, MatchAll, Node, Note, Word, leaves
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parser import read_tree
from newsdex.search.language.unparse import canonical

MAX_LEAVES = 1_500
"""A word counts once for each field in which it is looked for."""
MAX_COMMAND_CHARS = 2_000
"""A longer text was pasted: what looks like a command in it is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedQuery:
    """A query without a clock: dates such as `yesterday` still stand as they were written."""

    tree: Node | None
    """None for a query without words."""
    notes: tuple[Note, ...]
    """On what breaks the grammar."""
    remarks: tuple[Note, ...] = ()
    """On what is read as text though a command may have been meant."""

    def as_text(self, clock: QueryClock) -> str:
        """Return how the query was read, as text that reads the same."""
        return canonical(self.tree, clock)


def parse_query(text: str) -> ParsedQuery:
    """Parse a query; an empty one asks for everything.

    Raises `Invalid`, with the place, where it nests too deep or asks for too much.
    """
    return _parse(text) if len(text) <= MAX_COMMAND_CHARS else _long_text(text)


def _long_text(text: str) -> ParsedQuery:
    """Read a text that is too long for commands."""
    found = tuple(Word(start=start, end=end, text=word) for word, start, end in words(text))
    message = f"a text of more than {MAX_COMMAND_CHARS:,} characters is read as words, without commands"
    tree = (And(parts=found) if len(found) > 1 else found[0]) if found else None
    return ParsedQuery(tree=tree, notes=(), remarks=(Note("text_only", message, 0, len(text)),))


@lru_cache(maxsize=1_000)
def _parse(text: str) -> ParsedQuery:
    if not text.strip():
        return ParsedQuery(tree=MatchAll(start=0, end=0), notes=())
    tree, notes, remarks = read_tree(text)
    number = 0
    for leaf in _commands(tree) if tree is not None else ():
        number += 1 if leaf.field else len(TEXT_FIELDS)
        if number > MAX_LEAVES:
            raise Invalid("query_too_long", "the query has too many words", f"{leaf.start}-{len(text)}")
    return ParsedQuery(tree=tree, notes=tuple(notes), remarks=tuple(remarks))


def _commands(tree: Node) -> Iterator[Leaf]:
    """Yield the leaves but for words in a row: of these the most telling are looked for, however many there are."""
    parts = tree.parts if isinstance(tree, And) and not tree.explicit else (tree,)
    for part in parts:
        if not isinstance(part, Word) or part.field or part.required:
            yield from leaves(part)


def refuse_notes(query: ParsedQuery) -> None:
    """Raise `Invalid` with the code and place of the first thing that breaks the grammar: the strict way."""
    if query.notes:
        note = min(query.notes, key=lambda note: note.start)
        raise Invalid(note.code, note.message, f"{note.start}-{note.end}")
