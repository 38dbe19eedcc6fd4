"""The interface between the evaluator and query nodes that Whoosh does not have, which bring their own evaluation."""

from abc import abstractmethod
from typing import Any, Protocol

from whoosh.query import Query

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.doc_set import DocSet
from newsdex.index.columnar.query.document_frequency import Forms
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity


class Evaluation(Protocol):
    """What a node may ask of the evaluation that it is a part of."""

    partial: bool
    """Whether a bound was met, and documents may be missing."""

    def expanded(self, query: Query) -> Array:
        """Return the ranges of terms that a prefix, pattern, fuzzy word or range stands for: (source, first, stop)."""

    def evaluate(self, query: Query) -> DocSet:
        """Return what a part matches, deleted documents included."""

    def out_of_time(self) -> bool:
        """Return whether the deadline has passed."""


class QueryNode(Query):  # type: ignore[misc]  # whoosh has no types
    """A query that only `Evaluator` runs; stock Whoosh refuses it."""

    @abstractmethod
    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:
        """Return what it matches, deleted documents included."""

    def counted(self) -> list[Forms]:
        """Return the words on whose document frequency the score depends."""
        return []

    def terms(self, phrases: bool = False) -> Any:  # noqa: ARG002 - whoosh's signature
        """Return (field, text) of each term."""
        return iter([(name, term) for forms in self.counted() for name in forms.fields for term in forms.terms])

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """Refuse: Whoosh's searcher cannot run it."""
        raise NotImplementedError
