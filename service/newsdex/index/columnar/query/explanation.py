"""Takes the score of one document apart: what each word, pair of words and its date add to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from whoosh import query as q

from newsdex.index.columnar.query.bm25f import WordQuery
from newsdex.index.columnar.query.evaluator import Execution
from newsdex.index.columnar.query.score_nodes import Recent, SideBySide, SomeOf
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Weights

DAY_US = 86_400e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """How often a variant of a word stands in a field of the document."""

    field: str
    term: str
    kind: str
    times: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ScorePart:
    """A part of a score. Parts of one document add up to its score, but for rounding."""

    kind: str
    """`word`, `pair`, `recency`, `first` for what puts it before others, or `other` for what has a score of
    its own, such as a prefix."""
    words: tuple[str, ...]
    score: float
    occurrences: tuple[Occurrence, ...] = ()
    documents: int = 0
    """How many documents have the word; a variant counts by its weight."""
    age_days: float = 0.0


class Explanation:
    """Explains documents of one commit."""

    def __init__(self, execution: Execution, snapshot: Snapshot, weights: Weights) -> None:
        self._execution = execution
        self._snapshot = snapshot
        self._weights = weights

    def parts(self, tree: Any, document: int) -> list[ScorePart]:
        """Give the parts of a document's score that are not 0."""
        return [part for part in self._parts(tree, document) if part.score]

    def _parts(self, tree: Any, document: int) -> Iterator[ScorePart]:
        if isinstance(tree, WordQuery):
            yield self._word(tree, document)
        elif isinstance(tree, Recent):
            yield from self._recent(tree, document)
        elif isinstance(tree, SideBySide):
            yield from self._parts(tree.child, document)
            yield from self._pairs(tree, document)
        elif isinstance(tree, q.AndNot | q.Require):
            yield from self._parts(tree.a, document)
        elif isinstance(tree, q.DisjunctionMax):
            yield from self._parts(max(tree.subqueries, key=lambda part: self._score(part, document) or 0), document)
        elif isinstance(tree, q.ConstantScoreQuery):
            words = tuple(one.word for one in tree.leaves() if isinstance(one, WordQuery))
            yield ScorePart(kind="first", words=words, score=self._score(tree, document) or 0.0)
        elif isinstance(tree, q.And | q.Or | q.AndMaybe | SomeOf) and getattr(tree, "boost", 1.0) == 1.0:
            if self._score(tree, document) is not None:
                for part in tree.children():
                    yield from self._parts(part, document)
        else:
            words = tuple(sorted({str(text) for _, text in tree.iter_all_terms()})) or (str(tree),)
            yield ScorePart(kind="other", words=words, score=self._score(tree, document) or 0.0)

    def _score(self, tree: Any, document: int) -> float | None:
        """Give the score of a document, or None where it does not match."""
        among = self._execution.matches(tree).intersect(np.array([document]))
        return float(np.asarray(among.scores_at(None)).ravel()[0]) if len(among.found) else None

    def _word(self, tree: WordQuery, document: int) -> ScorePart:
        occurrences = [
            Occurrence(field=one.name, term=one.variant.term, kind=one.variant.kind, times=times)
            for one in tree.occurrences(self._snapshot)
            if (times := one.times(document))
        ]
        return ScorePart(
            kind="word",
            words=(tree.word,),
            score=self._score(tree, document) or 0.0,
            occurrences=tuple(occurrences),
            documents=round(tree.document_frequency(self._weights)),
        )

    def _pairs(self, tree: SideBySide, document: int) -> Iterator[ScorePart]:
        if self._score(tree.child, document) is None:
            return
        for pair in tree.looked_at(self._weights):
            stop = self._execution.out_of_time
            _, scores = pair.scores(self._snapshot, self._weights, np.array([document]), stop)
            yield ScorePart(kind="pair", words=(pair.first.word, pair.second.word), score=float(scores.sum()))

    def _recent(self, tree: Recent, document: int) -> Iterator[ScorePart]:
        yield from self._parts(tree.child, document)
        if not self._snapshot.has_column("published"):
            return
        published = self._snapshot.column("published")[document : document + 1]
        own = self._score(tree.child, document) or 0.0
        score = own * (float(tree.decay.factors(published)[0]) - 1)
        age_days = max(0.0, (tree.decay.now_us - int(published[0])) / DAY_US)
        yield ScorePart(kind="recency", words=(), score=score, age_days=age_days)
