"""Nodes over several scored words: some of many, words that stand side by side, and recency."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from whoosh.query import Query

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.bm25f import B, WordQuery, max_score, saturate
from newsdex.index.columnar.query.boolean import disjunction, filter_by, min_should_match
from newsdex.index.columnar.query.doc_set import DocBitmap, DocList, DocSet, no_docs
from newsdex.index.columnar.query.node import Evaluation, QueryNode
from newsdex.index.columnar.query.phrase import find_phrase
from newsdex.index.columnar.query.posting_lists import Disjunction, ScoredPostings
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.columnar.storage.term_dictionary import Stop
from newsdex.index.schema import TEXT_FIELDS

MAX_PAIRS = 5
"""So many pairs of words are looked for, those that add most: positions take time. What is scored must not depend on
the segments, nor on what else is found: pages of a search would not agree."""
PAIR_WEIGHT = 0.1


@dataclass(frozen=True, kw_only=True, eq=False)
class MinShouldMatch(QueryNode):
    """Documents that match at least so many of the parts; scores add up.

    Words that merely begin like one of the query's add to the score of a document, but do not make it match.
    """

    parts: tuple[Query, ...]
    at_least: int = 1

    def is_leaf(self) -> bool:
        """Tell that it has parts."""
        return False

    def children(self) -> Iterator[Query]:
        """Return the parts."""
        return iter(self.parts)

    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:  # noqa: ARG002 - its parts have them
        """Return the documents with enough of the parts."""
        max_doc = snapshot.documents
        found: list[DocSet] = []
        for part in self.parts:
            found.append(evaluator.evaluate(part))
            if evaluator.out_of_time():
                break
        found = [part for part in found if part.cost]
        if len(found) < self.at_least or not found:
            return no_docs(max_doc)
        together = disjunction(max_doc, found)
        if self.at_least <= 1 and all(map(_only_forms, found)):
            return together
        return filter_by(together, DocBitmap(min_should_match(max_doc, found, self.at_least), 0.0))


def _only_forms(part: DocSet) -> bool:
    return not isinstance(part, Disjunction) or part.only_forms


@dataclass(frozen=True, kw_only=True, slots=True)
class WordPair:
    """Two words that stand side by side in the query."""

    first: WordQuery
    second: WordQuery

    def worth(self, similarity: Similarity) -> float:
        """Return the most that it adds to a score: a share of what the less telling of its words does."""
        return PAIR_WEIGHT * max_score(min(word.idf(similarity) * word.boost for word in (self.first, self.second)))

    def idf(self, similarity: Similarity) -> float:
        """Return how telling the less telling of its words is."""
        return min(self.first.idf(similarity), self.second.idf(similarity))

    def scores(
        self, snapshot: Snapshot, similarity: Similarity, among: Array | None, stop: Stop
    ) -> tuple[Array, Array]:
        """Return the documents in which they stand side by side, sorted, and what that adds, float32.

        It saturates as a word does. `among` are the documents to look at, sorted; None are all. What was not looked at
        when `stop` says so is left out.
        """
        tf = np.zeros(snapshot.documents, np.float32)
        for name in sorted(set(self.first.fields) & set(self.second.fields)):
            documents, counts = self._counts(snapshot, name, among, stop)
            if len(documents):
                factors = similarity.length_factors(name, B).array.take(documents)
                tf[documents] += counts * factors * np.float32(TEXT_FIELDS[name])
        found = np.flatnonzero(tf)
        return found, saturate(tf.take(found), np.float32(self.worth(similarity)))

    def _counts(self, snapshot: Snapshot, name: str, among: Array | None, stop: Stop) -> tuple[Array, Array]:
        """Return the documents with both words in a field, and how often the second follows the first in each."""
        known = [snapshot.term(name, word.variants[0].term.encode()) for word in (self.first, self.second)]
        if not all(one.count for one in known):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        words = [ScoredPostings(one, how=kernel.BY_FREQUENCY, weight=1.0) for one in known]
        found = find_phrase(words, 1, stop, among)
        return found.documents, found.times


@dataclass(frozen=True, kw_only=True, eq=False)
class ProximityBoost(QueryNode):
    """The same documents, scored higher where words of the query stand side by side."""

    child: Query
    pairs: tuple[WordPair, ...]

    def is_leaf(self) -> bool:
        """Tell that it has a part."""
        return False

    def children(self) -> Iterator[Query]:
        """Return the part."""
        return iter([self.child])

    def looked_at(self, similarity: Similarity) -> list[WordPair]:
        """Return the most telling pairs; boosts have no say, or raising one word could take another pair away."""
        return sorted(self.pairs, key=lambda pair: -pair.idf(similarity))[:MAX_PAIRS]

    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:
        """Return the documents of the part."""
        found = evaluator.evaluate(self.child).materialize()
        if not len(found):
            return found
        among = found.documents if isinstance(found, DocList) else None
        bonus = np.zeros(found.max_doc, np.float32)
        for pair in self.looked_at(similarity):
            if evaluator.out_of_time():
                break
            documents, scores = pair.scores(snapshot, similarity, among, evaluator.out_of_time)
            bonus[documents] += scores
        if isinstance(found, DocBitmap):
            return found.with_scores(np.asarray(found.score_array() + bonus), positive=found.positive)
        documents, within_ = found.documents, found
        return found.with_scores(
            lambda at: within_.scores(at) + bonus.take(documents if at is None else documents.take(at)),
            positive=found.positive,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Decay:
    """How much newer articles are preferred: a score counts 1 + weight · ½ ^ (age / half-life) times."""

    weight: float
    half_life_us: float
    now_us: int

    def factors(self, published_us: Array) -> Array:
        """Return the factors, float32; 1 for an article without a date."""
        age = np.maximum(self.now_us - published_us.astype(np.float64), 0.0)
        fresh = np.exp2(-age / self.half_life_us)
        fresh[published_us == ABSENT] = 0.0
        factors: Array = (1 + self.weight * fresh).astype(np.float32)
        return factors


@dataclass(frozen=True, kw_only=True, eq=False)
class RecencyBoost(QueryNode):
    """The same documents, newer ones scored higher."""

    child: Query
    decay: Decay

    def is_leaf(self) -> bool:
        """Tell that it has a part."""
        return False

    def children(self) -> Iterator[Query]:
        """Return the part."""
        return iter([self.child])

    def evaluate(self, evaluator: Evaluation, snapshot: Snapshot, similarity: Similarity) -> DocSet:  # noqa: ARG002 - its part has them
        """Return the documents of the part."""
        found = evaluator.evaluate(self.child).materialize()
        if not snapshot.has_column("published"):
            return found
        published = snapshot.column("published")
        if isinstance(found, DocBitmap):
            factors = self.decay.factors(published)
            return found.with_scores(np.asarray(found.score_array() * factors), positive=found.positive)
        documents, within_ = found.documents, found

        def scores(at: Array | None) -> Array:
            chosen = documents if at is None else documents.take(at)
            own: Array = within_.scores(at) * self.decay.factors(published.take(chosen))
            return own

        return found.with_scores(scores, positive=found.positive)
