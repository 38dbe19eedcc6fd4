"""Gives the words to mark in hits, as a tree of Whoosh's own nodes: what the snippets read."""

from typing import Any

from whoosh import query as q

from newsdex.index.columnar.query.bm25f import WordQuery
from newsdex.index.columnar.query.score_nodes import MinShouldMatch, ProximityBoost, RecencyBoost


def marked_tree(tree: Any) -> Any:
    """Give a tree that was made by `ranking` with a Term for each variant of a word that hits may have."""
    match tree:
        case RecencyBoost() | ProximityBoost():
            return marked_tree(tree.child)
        case WordQuery():
            shown = [variant.term for variant in tree.variants if variant.kind != "exact"]
            return q.Or([q.Term(tree.fields[-1], term) for term in shown])
        case MinShouldMatch():
            return q.Or([marked_tree(part) for part in tree.parts])
        case q.And() | q.Or() | q.DisjunctionMax():
            return type(tree)([marked_tree(part) for part in tree.subqueries])
        case q.AndNot() | q.Require() | q.AndMaybe():
            return type(tree)(marked_tree(tree.a), marked_tree(tree.b))
    return tree
