"""Nodes of a query tree that Whoosh does not have, which bring their own evaluation: the base of all of them."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from whoosh.query import Query

if TYPE_CHECKING:
    from newsdex.index.columnar.query.doc_set import DocSet
    from newsdex.index.columnar.query.evaluator import Evaluator
    from newsdex.index.columnar.query.snapshot import Snapshot
    from newsdex.index.columnar.query.statistics import Similarity


class QueryNode(Query):  # type: ignore[misc]  # whoosh has no types
    """A node that only our execution evaluates; made of a tree that was read and normalised by Whoosh."""

    @abstractmethod
    def evaluate(self, evaluator: "Evaluator", snapshot: "Snapshot", similarity: "Similarity") -> "DocSet":
        """Give what it matches, deleted documents included."""

    def scored_terms(self) -> list[tuple[str, bytes]]:
        """Give the (field, term) pairs of which the score depends on the frequency."""
        return []

    def terms(self, phrases: bool = False) -> Any:  # noqa: ARG002 - whoosh's signature
        """Give (field, text) of each term."""
        return iter(self.scored_terms())

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """Refuse: Whoosh's searcher cannot run it."""
        raise NotImplementedError
