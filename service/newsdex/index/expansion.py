"""Turns prefixes, patterns and fuzzy words into the words of the index they stand for, within bounds."""

import time
from dataclasses import dataclass, field
from typing import Any

from whoosh import query as whoosh_query

MAX_WORDS = 500
"""So many words a pattern may stand for; with more, the result is partial."""
CHECK_EVERY = 256


@dataclass(kw_only=True)
class Expansion:
    """Rewrites a query tree for one reader; `cut` says whether a bound was met."""

    reader: Any
    deadline: float
    cut: bool = False
    _known: dict[Any, Any] = field(default_factory=dict)

    def rewrite(self, tree: Any) -> Any:
        """Give the tree with every multi-word leaf replaced by the words it stands for."""
        if isinstance(tree, whoosh_query.MultiTerm) and not isinstance(tree, whoosh_query.NumericRange):
            if tree not in self._known:
                self._known[tree] = self._words(tree)
            return self._known[tree]
        return tree.apply(self.rewrite)

    def _words(self, leaf: Any) -> Any:
        found = []
        if leaf.field() not in self.reader.schema:
            return whoosh_query.NullQuery
        for number, word in enumerate(leaf._btexts(self.reader)):  # noqa: SLF001 - the only way to its words
            if number >= MAX_WORDS or (number % CHECK_EVERY == 0 and time.monotonic() > self.deadline):
                self.cut = True
                break
            found.append(whoosh_query.Term(leaf.field(), word))
        if not found:
            return whoosh_query.NullQuery
        return whoosh_query.ConstantScoreQuery(whoosh_query.Or(found), leaf.boost)
