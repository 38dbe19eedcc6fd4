"""Puts terms of the index in place of a query's words: the stems that the index's languages give them."""

import copy
from functools import partial
from typing import Any

from whoosh import query as whoosh_query

from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import alternatives


def with_stems(tree: Any, languages: tuple[str, ...]) -> Any:
    """Give a query tree whose words, as they were written, have become terms.

    An article has one language, so of a word's stems in several the best counts.
    """
    if tree.is_leaf():
        has_words = isinstance(tree, whoosh_query.Term | whoosh_query.Phrase) and tree.field() in TEXT_FIELDS
        return _stemmed(tree, languages) if has_words else tree
    inner = partial(with_stems, languages=languages)
    changed = copy.copy(tree)  # `apply` of Whoosh's compounds would forget how many parts must match
    for name in ("a", "b", "query", "child"):
        if hasattr(tree, name):
            setattr(changed, name, inner(getattr(tree, name)))
    if hasattr(tree, "subqueries"):
        changed.subqueries = [inner(part) for part in tree.subqueries]
    return changed


def _stemmed(leaf: Any, languages: tuple[str, ...]) -> Any:
    if isinstance(leaf, whoosh_query.Term):
        parts = [
            whoosh_query.Term(leaf.fieldname, term, boost=leaf.boost)
            for (term,) in alternatives((leaf.text,), languages)
        ]
    else:
        parts = [
            whoosh_query.Phrase(leaf.fieldname, list(series), slop=leaf.slop, boost=leaf.boost)
            for series in alternatives(tuple(leaf.words), languages)
        ]
    return whoosh_query.DisjunctionMax(parts) if len(parts) > 1 else parts[0]
