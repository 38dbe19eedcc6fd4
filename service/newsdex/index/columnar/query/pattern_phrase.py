"""A phrase some of whose words are patterns or fuzzy words, which the index does not have as such."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod

from whoosh import query as q
from whoosh.query import Query

from newsdex.index.columnar.query.doc_set import DocSet, no_docs
from newsdex.index.columnar.query.node import Evaluation, QueryNode
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity

MAX_PHRASES = 100
"""So many phrases are looked for, those of the most frequent words; with more, the result is partial."""

MAX_LOOKED_AT = 2_000
"""So many terms of a segment are looked at in the place of one pattern."""


@dataclass(frozen=True, kw_only=True)
class PatternPhrase(QueryNode):
    """Documents with some words one after the other in a field; what matches scores the boost."""

    fieldname: str
    parts: tuple[Query, ...]
    """For each place a prefix, pattern or fuzzy word, or an `Or` of the terms of a word."""
    slop: int = 1
    boost: float = 1.0

    def is_leaf(self) -> bool:
        """Tell that it has parts."""
        return False

    def children(self) -> Iterator[Query]:
        """Return the parts."""
        return iter(self.parts)

    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:  # noqa: ARG002 - nothing is scored by frequency
        """Return the documents with one of the phrases that the parts stand for."""
        terms = [self._terms(part, evaluator, snapshot) for part in self.parts]
        number = prod(map(len, terms))
        if not number:
            return no_docs(snapshot.documents)
        if number > MAX_PHRASES:
            evaluator.partial = True
        phrases = [q.Phrase(self.fieldname, words, slop=self.slop) for words in islice(product(*terms), MAX_PHRASES)]
        return evaluator.evaluate(q.ConstantScoreQuery(q.Or(phrases), self.boost))

    def _terms(self, part: Query, evaluator: Evaluation, snapshot: Snapshot) -> Sequence[str]:
        """Return the terms of the index that may stand at a place, the most frequent first."""
        if isinstance(part, q.Or):
            return [leaf.text for leaf in part.subqueries]
        fields = snapshot.fields(self.fieldname)
        found: set[bytes] = set()
        for source, first, stop in evaluator.expanded(part).tolist():
            found.update(fields[source][1].terms.slice(first, min(stop, first + MAX_LOOKED_AT)))
            evaluator.partial |= stop > first + MAX_LOOKED_AT
        frequent = sorted(found, key=lambda term: (-snapshot.term(self.fieldname, term).count, term))
        return [term.decode() for term in frequent]
