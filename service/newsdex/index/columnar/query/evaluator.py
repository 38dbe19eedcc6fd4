"""Evaluates Whoosh's query trees on arrays, through all segments at once, within a deadline.

Results are Whoosh's, with two exceptions. A prefix, pattern, fuzzy word or range scores its boost, as Whoosh's
`constantscore` promises; Whoosh itself keeps that promise only in small segments. DisjunctionMax, AndNot and Require do
what their documentation says; in Whoosh 2.7.4 the first mixes the scores of different documents and loses some, the
second may keep the first document that it should exclude, and the third excludes what it should require. `Or` heeds
`minmatch`, which Whoosh takes and does not implement. What the service never asks (terms of dates, ranges that are
scored by Whoosh, a scaled `Or`) raises `QueryError`.
"""

import fnmatch
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NoReturn

import numpy as np
from whoosh import query as q

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.boolean import (
    boosted,
    conjunction,
    disjunction,
    exclude,
    filter_by,
    min_should_match,
    optional,
)
from newsdex.index.columnar.query.doc_set import DocBitmap, DocList, DocSet, RangeFilter, no_docs
from newsdex.index.columnar.query.multi_term import MultiTermDocs
from newsdex.index.columnar.query.node import QueryNode
from newsdex.index.columnar.query.phrase import find_phrase
from newsdex.index.columnar.query.posting_lists import Disjunction, ScoredPostings
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.columnar.storage.term_dictionary import after_all_with
from newsdex.index.schema import DATE_FIELDS, FILTER_FIELDS, TEXT_FIELDS

MAX_WORDS = 500
"""So many words a pattern or a fuzzy word may stand for; with more, the result is partial."""
WORDS_CHECK_EVERY = 16
LAST_TERM = b"\xff\xff\xff\xff"
FREQUENT = 16
"""What more than one document in so many has is held as one entry per document."""
LEAST_AT_ONCE = 1 << 16
"""So many postings, or as many as there are documents, are added up at a time: bounds the memory of long queries."""
NOT_SCORE = 1.0
"""Whoosh gives a document that a negation lets through this score."""


class Evaluator:
    """Evaluates queries in a commit; used for one request."""

    def __init__(self, snapshot: Snapshot, similarity: Similarity, deadline: float) -> None:
        """Take a commit, how it is scored, and a time of `time.monotonic`."""
        self._snapshot = snapshot
        self._similarity = similarity
        self._max_doc = snapshot.documents
        self._deadline = deadline
        self.partial = False
        """Whether a bound was met, and documents may be missing."""

    def out_of_time(self) -> bool:
        """Tell whether the deadline is over."""
        if time.monotonic() > self._deadline:
            self.partial = True
        return self.partial and time.monotonic() > self._deadline

    def evaluate(self, query: q.Query) -> DocSet:
        """Return what a query matches, deleted documents included."""
        if self.out_of_time():
            return no_docs(self._max_doc)
        if isinstance(query, QueryNode):
            return query.evaluate(self, self._snapshot, self._similarity)
        return _EVALUATE[type(query)](self, query) if type(query) in _EVALUATE else _refuse(query)

    def _nothing(self, _: q.Query) -> DocSet:
        return no_docs(self._max_doc)

    # -- words

    def _term(self, query: q.Query) -> DocSet:
        if query.fieldname in DATE_FIELDS:
            _refuse(query)
        postings = self._similarity.postings(query.fieldname, _as_bytes(query.text, b""), query.boost)
        if not len(postings):
            return no_docs(self._max_doc)
        if query.fieldname in FILTER_FIELDS and len(postings) * FREQUENT > self._max_doc:
            mask = self._snapshot.mask(query.fieldname, _as_bytes(query.text, b""))
            return DocBitmap(mask, query.boost, positive=query.boost > 0)
        return Disjunction(self._max_doc, [postings])

    def _phrase(self, query: q.Query) -> DocSet:
        fields = self._snapshot.fields(query.fieldname)
        if fields and not fields[0][1].has_positions:
            raise q.QueryError(f"Phrase search: {query.fieldname!r} field has no positions")
        words: list[ScoredPostings] = []
        for word in query.words:
            words.append(self._similarity.postings(query.fieldname, _as_bytes(word, b""), query.boost))
            if not words[-1].known.count or (len(words) % WORDS_CHECK_EVERY == 0 and self.out_of_time()):
                return no_docs(self._max_doc)
        if not words:
            return no_docs(self._max_doc)
        found = find_phrase(words, query.slop, self.out_of_time)
        positive = all(word.positive for word in words)
        return DocList(self._max_doc, found.documents, found.scores, positive=positive)

    # -- many words at once

    def expanded(self, query: q.Query) -> Array:
        """Return the ranges of terms that a prefix, pattern, fuzzy word or range stands for: (source, first, stop)."""
        sources = self._snapshot.sources(query.fieldname)
        match query:
            case q.Prefix():
                prefix = query.text.encode()
                return sources.between(prefix, after_all_with(prefix))
            case q.Wildcard():
                return self._fitting(query)
            case q.FuzzyTerm():
                ranges, cut = sources.near(query.text, query.maxdist, query.prefixlength, MAX_WORDS)
                self.partial |= cut
                return ranges
        first, last = _as_bytes(query.start, b""), _as_bytes(query.end, LAST_TERM)
        return sources.between(first + b"\0" * bool(query.startexcl), last + b"\0" * (not query.endexcl))

    def _fitting(self, query: q.Query) -> Array:
        pattern = fnmatch.translate(query.text)
        ranges: list[tuple[int, int, int]] = []
        for source, (_, field) in enumerate(self._snapshot.fields(query.fieldname)):
            found, cut = field.terms.matching(query.text, pattern, self.out_of_time, MAX_WORDS)
            self.partial |= cut
            ranges += [(source, number, number + 1) for number in found]
            if self.out_of_time():
                break
        return np.array(ranges, np.uint64).reshape(-1, 3)

    def _any_of(self, query: q.Query) -> DocSet:
        """Return the documents of the terms that a query stands for, all with the tree's boost for a score."""
        expansion = MultiTermDocs(self._max_doc, query.boost)
        expansion.add(self._snapshot.sources(query.fieldname), self.expanded(query), self.out_of_time)
        return expansion

    # -- numbers and everything

    def _number_range(self, query: q.Query) -> DocSet:
        if not query.constantscore:
            _refuse(query)
        least = ABSENT + 1 if query.start is None else int(query.start) + bool(query.startexcl)
        greatest = np.iinfo(np.int64).max if query.end is None else int(query.end) - bool(query.endexcl)
        if not self._snapshot.has_column(query.fieldname) or least > greatest:
            return no_docs(self._max_doc)
        values = self._snapshot.column(query.fieldname)
        return RangeFilter(values, max(least, ABSENT + 1), greatest, query.boost)

    def _every(self, query: q.Query) -> DocSet:
        if query.fieldname is None:
            return DocBitmap(np.ones(self._max_doc, bool), query.boost, positive=query.boost > 0)
        if query.fieldname in DATE_FIELDS:
            present = self._snapshot.column(query.fieldname) != ABSENT
            return DocBitmap(present, query.boost, positive=query.boost > 0)
        if query.fieldname in TEXT_FIELDS:
            return DocBitmap(self._snapshot.lengths(query.fieldname) > 0, query.boost, positive=query.boost > 0)
        expansion = MultiTermDocs(self._max_doc, query.boost)
        sources = self._snapshot.sources(query.fieldname)
        expansion.add(sources, sources.between(b"", None), self.out_of_time)
        return expansion

    # -- combinations

    def _and(self, query: q.Query) -> DocSet:
        parts: list[DocSet] = []
        for part in query.subqueries:
            parts.append(self.evaluate(part))
            if not parts[-1].cost:
                return no_docs(self._max_doc)
        if not parts:
            return no_docs(self._max_doc)
        return parts[0] if len(parts) == 1 else boosted(conjunction(self._max_doc, parts), query.boost)

    def _or(self, query: q.Query, *, largest: bool = False) -> DocSet:
        if getattr(query, "scale", None):
            _refuse(query)
        least = getattr(query, "minmatch", 0)
        apart = largest or least > 1
        parts: list[DocSet] = [] if apart else list(self._any_term(query.subqueries))
        for part in query.subqueries:
            if self.out_of_time():
                break
            if apart or not _is_word(part):
                parts.append(self.evaluate(part))
        found = [part for part in parts if part.cost]
        if not found:
            return no_docs(self._max_doc)
        # Whoosh gives the only part of a compound without the compound's boost
        boost = query.boost if len(query.subqueries) > 1 else 1.0
        matches = boosted(disjunction(self._max_doc, found, largest=largest), boost)
        return (
            matches if least <= 1 else filter_by(matches, DocBitmap(min_should_match(self._max_doc, found, least), 0.0))
        )

    def _any_term(self, queries: Sequence[q.Query]) -> Iterator[DocSet]:
        """Return what the single words among some parts match, many of them as one, some postings at a time."""
        pending: list[ScoredPostings] = []
        total = 0
        for query in filter(_is_word, queries):
            if self.out_of_time():
                break
            postings = self._similarity.postings(query.fieldname, _as_bytes(query.text, b""), query.boost)
            if not len(postings):
                continue
            if pending and total + len(postings) > max(self._max_doc, LEAST_AT_ONCE):
                yield Disjunction(self._max_doc, pending).materialize()
                pending, total = [], 0
            pending.append(postings)
            total += len(postings)
        if pending:
            yield Disjunction(self._max_doc, pending)

    def _not(self, query: q.Query) -> DocSet:
        excluded = self.evaluate(query.query).mask()
        # what was not looked for to the end must not let anything through
        return no_docs(self._max_doc) if self.out_of_time() else DocBitmap(~excluded, NOT_SCORE)

    def _and_not(self, query: q.Query) -> DocSet:
        matches, excluded = self.evaluate(query.a), self.evaluate(query.b)
        return no_docs(self._max_doc) if self.out_of_time() else exclude(matches, excluded)

    def _and_maybe(self, query: q.Query) -> DocSet:
        matches = self.evaluate(query.a)
        return optional(matches, self.evaluate(query.b)) if matches.cost else matches

    def _require(self, query: q.Query) -> DocSet:
        return filter_by(self.evaluate(query.a), self.evaluate(query.b))

    def _constant(self, query: q.Query) -> DocSet:
        found = self.evaluate(query.child).materialize()
        score = float(query.score) or 1.0
        return found.with_scores(score, positive=score > 0)


def _refuse(query: q.Query) -> NoReturn:
    raise q.QueryError(f"{query!r} has no evaluation on arrays")


def _is_word(query: q.Query) -> bool:
    return type(query) is q.Term and query.fieldname not in DATE_FIELDS and query.fieldname not in FILTER_FIELDS


def _as_bytes(text: str | bytes | None, default: bytes) -> bytes:
    if text is None:
        return default
    return text if isinstance(text, bytes) else text.encode()


_EVALUATE: dict[type, Callable[[Evaluator, q.Query], DocSet]] = {
    type(q.NullQuery): Evaluator._nothing,  # noqa: SLF001 - the table belongs to the class
    q.Term: Evaluator._term,  # noqa: SLF001
    q.Phrase: Evaluator._phrase,  # noqa: SLF001
    q.Prefix: Evaluator._any_of,  # noqa: SLF001
    q.Wildcard: Evaluator._any_of,  # noqa: SLF001
    q.FuzzyTerm: Evaluator._any_of,  # noqa: SLF001
    q.TermRange: Evaluator._any_of,  # noqa: SLF001
    q.NumericRange: Evaluator._number_range,  # noqa: SLF001
    q.DateRange: Evaluator._number_range,  # noqa: SLF001
    q.Every: Evaluator._every,  # noqa: SLF001
    q.And: Evaluator._and,  # noqa: SLF001
    q.Or: Evaluator._or,  # noqa: SLF001
    q.DisjunctionMax: partial(Evaluator._or, largest=True),  # noqa: SLF001
    q.Not: Evaluator._not,  # noqa: SLF001
    q.AndNot: Evaluator._and_not,  # noqa: SLF001
    q.AndMaybe: Evaluator._and_maybe,  # noqa: SLF001
    q.Require: Evaluator._require,  # noqa: SLF001
    q.ConstantScoreQuery: Evaluator._constant,  # noqa: SLF001
}
