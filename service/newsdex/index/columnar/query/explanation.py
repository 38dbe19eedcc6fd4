"""Takes the score of one document apart: what each word, pair of words and its date add to it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from whoosh import query as q

from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.bm25f import VariantPostings, WordQuery
from newsdex.index.columnar.query.document_frequency import live_document_frequency
from newsdex.index.columnar.query.evaluator import Evaluator
from newsdex.index.columnar.query.score_nodes import MinShouldMatch, ProximityBoost, RecencyBoost
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity
from newsdex.index.text.analysis import MARK

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
    """How many documents that are not deleted have the word in any of its forms."""
    age_days: float = 0.0


def unmarked(term: str) -> str:
    """Return a term without the mark of its language."""
    return term[len(MARK) + len("en") :] if term.startswith(MARK) else term


class Explanation:
    """Explains documents of one commit."""

    def __init__(self, evaluator: Evaluator, snapshot: Snapshot, similarity: Similarity) -> None:
        self._evaluator = evaluator
        self._snapshot = snapshot
        self._similarity = similarity

    def parts(self, query: q.Query, document: int) -> list[ScorePart]:
        """Return the parts of a document's score that are not 0."""
        return [part for part in self._parts(query, document) if part.score]

    def _parts(self, query: q.Query, document: int) -> Iterator[ScorePart]:
        if isinstance(query, WordQuery):
            yield self._word(query, document)
        elif isinstance(query, RecencyBoost):
            yield from self._recent(query, document)
        elif isinstance(query, ProximityBoost):
            yield from self._parts(query.child, document)
            yield from self._pairs(query, document)
        elif isinstance(query, q.AndNot | q.Require):
            yield from self._parts(query.a, document)
        elif isinstance(query, q.DisjunctionMax):
            yield from self._parts(max(query.subqueries, key=lambda part: self._score(part, document) or 0), document)
        elif isinstance(query, q.ConstantScoreQuery):
            words = tuple(one.word for one in query.leaves() if isinstance(one, WordQuery))
            yield ScorePart(kind="first", words=words, score=self._score(query, document) or 0.0)
        elif isinstance(query, q.And | q.Or | q.AndMaybe | MinShouldMatch) and getattr(query, "boost", 1.0) == 1.0:
            if self._score(query, document) is not None:
                for part in query.children():
                    yield from self._parts(part, document)
        else:
            words = tuple(sorted({str(text) for _, text in query.iter_all_terms()})) or (str(query),)
            yield ScorePart(kind="other", words=words, score=self._score(query, document) or 0.0)

    def _score(self, query: q.Query, document: int) -> float | None:
        """Return the score of a document, or None where it does not match."""
        among = self._evaluator.evaluate(query).intersect(np.array([document]))
        return float(np.asarray(among.scores_at(None)).ravel()[0]) if len(among.found) else None

    def _word(self, query: WordQuery, document: int) -> ScorePart:
        occurrences = [
            Occurrence(field=one.name, term=unmarked(one.variant.term), kind=one.variant.kind, times=times)
            for one, times in self._counted(query, document)
        ]
        return ScorePart(
            kind="word",
            words=(query.word,),
            score=self._score(query, document) or 0.0,
            occurrences=tuple(occurrences),
            documents=live_document_frequency(self._snapshot, query.forms),
        )

    def _counted(self, query: WordQuery, document: int) -> list[tuple[VariantPostings, int]]:
        """Return which variants a document has, and how often, of the reading in its own language."""
        found = [(one, times) for one in query.occurrences(self._snapshot) if (times := one.times(document))]
        marked = any(one.variant.counts & kernel.COUNTS_MARKED and one.variant.kind == "stem" for one, _ in found)
        reading = kernel.COUNTS_MARKED if marked else kernel.COUNTS_PLAIN
        return [(one, times) for one, times in found if one.variant.counts & reading]

    def _pairs(self, query: ProximityBoost, document: int) -> Iterator[ScorePart]:
        if self._score(query.child, document) is None:
            return
        for pair in query.looked_at(self._similarity):
            stop = self._evaluator.out_of_time
            _, scores = pair.scores(self._snapshot, self._similarity, np.array([document]), stop)
            yield ScorePart(kind="pair", words=(pair.first.word, pair.second.word), score=float(scores.sum()))

    def _recent(self, query: RecencyBoost, document: int) -> Iterator[ScorePart]:
        yield from self._parts(query.child, document)
        if not self._snapshot.has_column("published"):
            return
        published = self._snapshot.column("published")[document : document + 1]
        own = self._score(query.child, document) or 0.0
        score = own * (float(query.decay.factors(published)[0]) - 1)
        age_days = max(0.0, (query.decay.now_us - int(published[0])) / DAY_US)
        yield ScorePart(kind="recency", words=(), score=score, age_days=age_days)
