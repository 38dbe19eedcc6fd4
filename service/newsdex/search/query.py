"""Reads the query language and the filters into Whoosh query trees: pure."""

import re
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

from whoosh import query as whoosh_query
from whoosh.qparser import FuzzyTermPlugin, MultifieldParser, WildcardPlugin

from newsdex.errors import Invalid
from newsdex.index.analysis import alternatives
from newsdex.index.languages import DEFAULT
from newsdex.index.schema import FILTER_FIELDS, TEXT_FIELDS, filter_value, make_schema
from newsdex.records import microseconds
from newsdex_schemas import SearchFilters

EVERYTHING = ("", "*")
MAX_LEAVES = 1_500
MAX_EDITS = 2
"""More letters than that make another word, and Whoosh's automaton for them takes seconds."""
MAX_CHAINED = 8
"""Whoosh's parser takes twice as long for each further one: 14 took a second."""
CHAINED = re.compile(r"\b(?:ANDNOT|ANDMAYBE|REQUIRE)\b")
MAX_DEPTH = 60
"""Deeper nesting of brackets than a person writes."""

_schema = make_schema(language=None)
for _name in ("id", "published", "embargoed", "expires"):
    _schema.remove(_name)  # not part of the language
_parser = MultifieldParser(list(TEXT_FIELDS), _schema, fieldboosts=TEXT_FIELDS)
_parser.add_plugin(FuzzyTermPlugin())


class _Wildcards(WildcardPlugin):  # type: ignore[misc]  # whoosh has no types
    """Without the question marks of other scripts: they end questions there."""

    expr = "(?P<text>[*?])"


_parser.remove_plugin_class(WildcardPlugin)
_parser.add_plugin(_Wildcards())


@lru_cache(maxsize=1_000)
def parse_query(text: str, languages: tuple[str, ...] = (DEFAULT,)) -> Any:
    """Read a query in Whoosh's language; an empty one matches everything. `languages` are those of the index.

    Raises `Invalid`, with the place, where it nests too deep or asks for too much.
    """
    if text.strip() in EVERYTHING:
        return whoosh_query.Every()
    place = _too_deep_at(text)
    if place is not None:
        raise Invalid("query_too_deep", f"brackets nest deeper than {MAX_DEPTH}", f"{place}-{place + 1}")
    if len(CHAINED.findall(text)) > MAX_CHAINED:
        reason = f"more than {MAX_CHAINED} of ANDNOT, ANDMAYBE, REQUIRE"
        raise Invalid("query_too_long", reason, f"0-{len(text)}")
    try:
        tree = _mended(_parser.parse(text).normalize())
    except RecursionError as error:
        raise Invalid("query_too_deep", "the query nests too deep", f"0-{len(text)}") from error
    except Exception as error:  # Whoosh's parser has no error of its own; whatever it meets is in the query
        raise Invalid("query_not_understood", "the query cannot be read", f"0-{len(text)}") from error
    for number, leaf in enumerate(leaves(tree)):
        if number >= MAX_LEAVES:
            start = getattr(leaf, "startchar", None) or 0
            raise Invalid("query_too_long", "the query has too many words", f"{start}-{len(text)}")
    return _in_languages(tree, languages).normalize()


def _in_languages(tree: Any, languages: tuple[str, ...]) -> Any:
    """Put the stems of some languages in place of words: an article has one language, so the best of them counts."""
    if tree.field() not in TEXT_FIELDS or not isinstance(tree, whoosh_query.Term | whoosh_query.Phrase):
        return tree.apply(partial(_in_languages, languages=languages))
    if isinstance(tree, whoosh_query.Term):
        found = alternatives((tree.text,), languages)
        parts = [whoosh_query.Term(tree.fieldname, term, boost=tree.boost) for (term,) in found]
    else:
        found = alternatives(tuple(tree.words), languages)
        parts = [
            whoosh_query.Phrase(tree.fieldname, list(series), slop=tree.slop, boost=tree.boost) for series in found
        ]
    return whoosh_query.DisjunctionMax(parts) if len(parts) > 1 else parts[0]


def _mended(tree: Any) -> Any:
    """Make of what Whoosh's parser gives what its searcher can do.

    A phrase in a filter's field, such as `authors:"Doe, Jane"`, is one value; a fuzzy word has bounded edits, and no
    certain beginning longer than itself.
    """
    if isinstance(tree, whoosh_query.FuzzyTerm):
        edits, beginning = min(tree.maxdist, MAX_EDITS), min(tree.prefixlength, len(tree.text))
        return whoosh_query.FuzzyTerm(tree.field(), tree.text, tree.boost, maxdist=edits, prefixlength=beginning)
    if isinstance(tree, whoosh_query.Phrase) and tree.field() in FILTER_FIELDS:
        return whoosh_query.Term(tree.field(), filter_value(" ".join(tree.words)), boost=tree.boost)
    return tree.apply(_mended)


def _too_deep_at(text: str) -> int | None:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")" and depth > 0)
        if depth > MAX_DEPTH:
            return place
    return None


def leaves(tree: Any) -> Iterator[Any]:
    """Give the leaves of a query tree, from left to right."""
    pending = [tree]
    while pending:
        node = pending.pop()
        children = list(node.children()) if not node.is_leaf() else []
        if children:
            pending += reversed(children)
        else:
            yield node


def filter_tree(filters: SearchFilters) -> Any | None:
    """Give the query that every hit must match, or None without filters."""
    conditions = []
    for name in FILTER_FIELDS:
        values = getattr(filters, name)
        if values:
            conditions.append(whoosh_query.Or([whoosh_query.Term(name, filter_value(value)) for value in values]))
    start = microseconds(filters.published_from) if filters.published_from else None
    end = microseconds(filters.published_to) if filters.published_to else None
    if start is not None or end is not None:
        if start is not None and end is not None and start >= end:
            raise Invalid("dates_inside_out", "published_from must lie before published_to", "filters.published_to")
        conditions.append(whoosh_query.NumericRange("published", start, end, endexcl=True))
    return whoosh_query.And(conditions) if conditions else None


def hidden_tree(now_us: int, ids: list[str]) -> Any:
    """Give the query of the documents that must not be shown now: embargoed, expired, or named."""
    return whoosh_query.Or(
        [
            whoosh_query.NumericRange("embargoed", now_us + 1, None),
            whoosh_query.NumericRange("expires", None, now_us),
            *(whoosh_query.Term("id", id_) for id_ in ids),
        ]
    )
