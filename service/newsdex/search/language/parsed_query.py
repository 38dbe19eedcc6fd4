"""A request's query as it was parsed; parsing again is cheap, since what was parsed last is kept."""

from dataclasses import dataclass
from functools import lru_cache

from newsdex.errors import Invalid
from newsdex.index.schema import TEXT_FIELDS
from newsdex.search.language.ast import MatchAll, Node, Note, leaves
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parser import read_tree
from newsdex.search.language.unparse import canonical

MAX_LEAVES = 1_500
"""A word counts once for each field in which it is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedQuery:
    """A query without a clock: dates such as `yesterday` still stand as they were written."""

    tree: Node | None
    """None for a query without words."""
    notes: tuple[Note, ...]

    def as_text(self, clock: QueryClock) -> str:
        """Return how the query was read, as text that reads the same."""
        return canonical(self.tree, clock)


@lru_cache(maxsize=1_000)
def parse_query(text: str) -> ParsedQuery:
    """Parse a query; an empty one asks for everything.

    Raises `Invalid`, with the place, where it nests too deep or asks for too much.
    """
    if not text.strip():
        return ParsedQuery(tree=MatchAll(start=0, end=0), notes=())
    tree, notes = read_tree(text)
    number = 0
    for leaf in leaves(tree) if tree is not None else ():
        number += 1 if leaf.field else len(TEXT_FIELDS)
        if number > MAX_LEAVES:
            raise Invalid("query_too_long", "the query has too many words", f"{leaf.start}-{len(text)}")
    return ParsedQuery(tree=tree, notes=tuple(notes))


def refuse_notes(query: ParsedQuery) -> None:
    """Raise `Invalid` with the code and place of the first thing that breaks the grammar: the strict way."""
    if query.notes:
        note = min(query.notes, key=lambda note: note.start)
        raise Invalid(note.code, note.message, f"{note.start}-{note.end}")
