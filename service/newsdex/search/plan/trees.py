"""Makes of what a query was read as a query tree of Whoosh, its words as they were written."""

from collections.abc import Iterator, Sequence
from typing import Any

from whoosh import query as whoosh_query

from newsdex.index.schema import FILTER_FIELDS, TEXT_FIELDS, filter_value
from newsdex.index.text.analysis import words
from newsdex.index.text.folding import fold
from newsdex.search.language.ast import (
    All,
    Anything,
    Between,
    Dates,
    Fuzzy,
    Leaf,
    Node,
    Not,
    Pattern,
    Phrase,
    Word,
)
from newsdex.search.language.dates import When
from newsdex.search.language.unparse import edge_us

NAMES_IN_PARTS = "authors"
"""A value of this field is found by some of its words too: `author:Doe`."""


def query_tree(tree: Node | None, when: When, *, at_least: int | None = None) -> Any:
    """Give the tree to run; NullQuery for a query without words.

    With `at_least`, so many of the words that `optional_words` gives must match, and everything else.
    """
    if tree is None:
        return whoosh_query.NullQuery
    if at_least is None or not isinstance(tree, All):
        return _tree(tree, when) or whoosh_query.NullQuery
    free = optional_words(tree)
    some = whoosh_query.Or([_tree(word, when) for word in free], minmatch=at_least)
    return _every([some], [part for part in tree.parts if part not in free], when)


def optional_words(tree: Node | None) -> list[Node]:
    """Give the words of a query of which a search may do without some: those that just stand side by side."""
    if not isinstance(tree, All) or tree.written:
        return []
    kinds = (Word, Pattern, Fuzzy)
    return [part for part in tree.parts if isinstance(part, kinds) and part.field is None and not part.required]


def _tree(node: Node, when: When) -> Any:
    if isinstance(node, Leaf):
        return _leaf(node, when)
    if isinstance(node, Not):
        return whoosh_query.Not(_tree(node.part, when) or whoosh_query.NullQuery)
    if isinstance(node, All):
        return _every([], node.parts, when)
    return _any([_tree(part, when) for part in node.parts])


def _every(first: Sequence[Any], parts: Sequence[Node], when: When) -> Any:
    """Join parts; what must not match is taken from the rest, so that it has no part in the score."""
    wanted = [*first, *(_tree(part, when) for part in parts if not isinstance(part, Not))]
    unwanted = [part for part in parts if isinstance(part, Not)]
    if not wanted:
        return whoosh_query.And([_tree(part, when) for part in unwanted])
    joined = wanted[0] if len(wanted) == 1 else whoosh_query.And(wanted)
    if not unwanted:
        return joined
    return whoosh_query.AndNot(joined, _any([_tree(part.part, when) for part in unwanted]))


def _any(trees: Sequence[Any]) -> Any:
    return trees[0] if len(trees) == 1 else whoosh_query.Or(trees)


def _leaf(leaf: Leaf, when: When) -> Any:
    if isinstance(leaf, Dates):
        return _dates(leaf, when)
    if isinstance(leaf, Anything):
        return whoosh_query.Every(leaf.field, boost=leaf.boost)
    if leaf.field is None:
        return _any([_in_text(leaf, name, weight * leaf.boost) for name, weight in TEXT_FIELDS.items()])
    if leaf.field in TEXT_FIELDS:
        return _in_text(leaf, leaf.field, leaf.boost)
    return _in_values(leaf, leaf.field)


def _in_text(leaf: Leaf, field: str, boost: float) -> Any:
    match leaf:
        case Word(text=text):
            made = _run(field, text, 1, boost)
            made.startchar, made.endchar = leaf.start, leaf.end
            return made
        case Phrase(text=text, gap=gap):
            return _run(field, text, gap + 1, boost)
    return _part_of_word(leaf, field, fold, boost)


def _run(field: str, text: str, slop: int, boost: float) -> Any:
    run = [word for word, _, _ in words(text)]
    return (
        whoosh_query.Term(field, run[0], boost=boost)
        if len(run) == 1
        else whoosh_query.Phrase(field, run, slop=slop, boost=boost)
    )


def _part_of_word(leaf: Leaf, field: str, form: Any, boost: float) -> Any:
    """Give the query of a leaf that is compared with words as they stand."""
    match leaf:
        case Pattern(text=text) if text.endswith("*") and not set("*?") & set(text[:-1]):
            return whoosh_query.Prefix(field, form(text[:-1]), boost=boost)
        case Pattern(text=text):
            return whoosh_query.Wildcard(field, form(text), boost=boost)
        case Fuzzy(text=text, edits=edits, beginning=beginning):
            word = form(text)
            beginning = min(beginning, len(word))
            return whoosh_query.FuzzyTerm(field, word, boost=boost, maxdist=edits, prefixlength=beginning)
        case Between():
            first, last = (form(text) if text is not None else None for text in (leaf.first, leaf.last))
            return whoosh_query.TermRange(
                field, first, last, not leaf.with_first, not leaf.with_last, boost=boost
            )  # fmt: skip
    raise AssertionError(leaf)


def _in_values(leaf: Leaf, field: str) -> Any:
    """Give the query of a leaf in a field that has whole values: they are compared as filters compare them."""
    form = filter_value if field in FILTER_FIELDS else str
    if not isinstance(leaf, (Word, Phrase)):
        return _part_of_word(leaf, field, form, leaf.boost)
    value = form(leaf.text)
    whole = whoosh_query.Term(field, value, boost=leaf.boost)
    if field != NAMES_IN_PARTS:
        return whole
    around = [
        whoosh_query.Prefix(field, f"{value} ", boost=leaf.boost),
        *(whoosh_query.Wildcard(field, pattern, boost=leaf.boost) for pattern in (f"* {value}", f"* {value} *")),
    ]
    return whoosh_query.Or([whole, *around])


def _dates(leaf: Dates, when: When) -> Any:
    least = edge_us(leaf.since, when) if leaf.since else None
    end = edge_us(leaf.until, when) if leaf.until else None
    return whoosh_query.NumericRange("published", least, end, endexcl=True, boost=leaf.boost)


def tree_leaves(tree: Any) -> Iterator[Any]:
    """Give the leaves of a Whoosh query tree, from left to right."""
    pending = [tree]
    while pending:
        node = pending.pop()
        children = list(node.children()) if not node.is_leaf() else []
        if children:
            pending += reversed(children)
        else:
            yield node
