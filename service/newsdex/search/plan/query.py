"""Reads a request's query and filters: pure."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from whoosh import query as whoosh_query

from newsdex.errors import Invalid
from newsdex.index.schema import FILTER_FIELDS, TEXT_FIELDS, filter_value
from newsdex.index.text.languages import DEFAULT
from newsdex.records import microseconds
from newsdex.search.language.ast import Anything, Node, Note, leaves
from newsdex.search.language.dates import When
from newsdex.search.language.parser import read_tree
from newsdex.search.language.unparse import canonical
from newsdex.search.plan.stems import with_stems
from newsdex.search.plan.trees import optional_words, query_tree
from newsdex_schemas import SearchFilters

MAX_LEAVES = 1_500
"""A word counts once for each field in which it is looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadQuery:
    """A query as it was read, without a clock: dates such as `yesterday` still stand as they were written."""

    tree: Node | None
    """None for a query without words."""
    notes: tuple[Note, ...]

    def to_run(self, when: When, *, at_least: int | None = None, languages: tuple[str, ...] = (DEFAULT,)) -> Any:
        """Give the tree to run on an index with articles in some languages.

        With `at_least`, so many of the `free_words` are enough.
        """
        return with_stems(query_tree(self.tree, when, at_least=at_least), languages)

    def as_written(self, when: When, *, at_least: int | None = None) -> Any:
        """Give the same tree with its words as they were written."""
        return query_tree(self.tree, when, at_least=at_least)

    def as_text(self, when: When) -> str:
        """Write how the query was read."""
        return canonical(self.tree, when)

    @property
    def free_words(self) -> int:
        """Give the number of words of which a search may do without some where nothing has all."""
        return len(optional_words(self.tree))


@lru_cache(maxsize=1_000)
def read_query(text: str) -> ReadQuery:
    """Read a query; an empty one asks for everything.

    Raises `Invalid`, with the place, where it nests too deep or asks for too much.
    """
    if not text.strip():
        return ReadQuery(tree=Anything(start=0, end=0), notes=())
    tree, notes = read_tree(text)
    number = 0
    for leaf in leaves(tree) if tree is not None else ():
        number += 1 if leaf.field else len(TEXT_FIELDS)
        if number > MAX_LEAVES:
            raise Invalid("query_too_long", "the query has too many words", f"{leaf.start}-{len(text)}")
    return ReadQuery(tree=tree, notes=tuple(notes))


def refuse_notes(query: ReadQuery) -> None:
    """Raise `Invalid` with the code and place of the first thing that breaks the grammar: the strict way."""
    if query.notes:
        note = min(query.notes, key=lambda note: note.start)
        raise Invalid(note.code, note.message, f"{note.start}-{note.end}")


def filter_trees(filters: SearchFilters) -> dict[str, Any]:
    """Give for each filter that is set the query that every hit must match; dates are `published`."""
    trees: dict[str, Any] = {}
    for name in FILTER_FIELDS:
        values = getattr(filters, name)
        if values:
            trees[name] = whoosh_query.Or([whoosh_query.Term(name, filter_value(value)) for value in values])
    start = microseconds(filters.published_from) if filters.published_from else None
    end = microseconds(filters.published_to) if filters.published_to else None
    if start is not None or end is not None:
        if start is not None and end is not None and start >= end:
            raise Invalid("dates_inside_out", "published_from must lie before published_to", "filters.published_to")
        trees["published"] = whoosh_query.NumericRange("published", start, end, endexcl=True)
    return trees


def hidden_tree(now_us: int, ids: list[str]) -> Any:
    """Give the query of the documents that must not be shown now: embargoed, expired, or named."""
    return whoosh_query.Or(
        [
            whoosh_query.NumericRange("embargoed", now_us + 1, None),
            whoosh_query.NumericRange("expires", None, now_us),
            *(whoosh_query.Term("id", id_) for id_ in ids),
        ]
    )
