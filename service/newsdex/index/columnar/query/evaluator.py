"""Evaluates Whoosh's query trees on arrays, through all segments at once, within a deadline.

Results are Whoosh's, with two exceptions. A prefix, pattern, fuzzy word or range scores its boost, as Whoosh's
`constantscore` promises; Whoosh itself keeps that promise only in small segments. DisjunctionMax, AndNot and Require do
what their documentation says; in Whoosh 2.7.4 the first mixes the scores of different documents and loses some, the
second may keep the first document that it should exclude, and the third excludes what it should require. `Or` heeds
`minmatch`, which Whoosh takes and does not implement.
"""

import fnmatch
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from whoosh import query as q

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
from newsdex.index.columnar.query.node import Scored
from newsdex.index.columnar.query.phrase import find_phrase
from newsdex.index.columnar.query.posting_lists import Disjunction, ScoredPostings
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Weights
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.columnar.storage.section_file import Array
from newsdex.index.columnar.storage.term_dictionary import after_all_with
from newsdex.index.schema import DATE_FIELDS, FILTER_FIELDS, TEXT_FIELDS

MAX_WORDS = 500
"""So many words a pattern or a fuzzy word may stand for; with more, the result is partial."""
FALLBACK_CHECK_EVERY = 64
WORDS_CHECK_EVERY = 16
LAST_TERM = b"\xff\xff\xff\xff"
FREQUENT = 16
"""What more than one document in so many has is held as one entry per document."""
LEAST_AT_ONCE = 1 << 16
"""So many postings, or as many as there are documents, are added up at a time: bounds the memory of long queries."""
NOT_SCORE = 1.0
"""Whoosh gives a document that a negation lets through this score."""


class Execution:
    """Evaluates queries in a commit; used for one request.

    `searcher` gives Whoosh's own searcher over the same commit.
    """

    def __init__(
        self, snapshot: Snapshot, weights: Weights, deadline: float, searcher: Callable[[], Any] | None = None
    ) -> None:
        self._snapshot = snapshot
        self._weights = weights
        self._max_doc = snapshot.documents
        self._deadline = deadline
        self._searcher = searcher
        self.partial = False
        """Whether a bound was met, and documents may be missing."""

    def out_of_time(self) -> bool:
        """Tell whether the deadline is over."""
        if time.monotonic() > self._deadline:
            self.partial = True
        return self.partial and time.monotonic() > self._deadline

    def matches(self, tree: Any) -> DocSet:
        """Give what a query matches, deleted documents included."""
        if self.out_of_time():
            return no_docs(self._max_doc)
        if isinstance(tree, Scored):
            return tree.found(self, self._snapshot, self._weights)
        evaluate = _EVALUATE.get(type(tree))
        return evaluate(self, tree) if evaluate else self._with_whoosh(tree)

    def _nothing(self, _: Any) -> DocSet:
        return no_docs(self._max_doc)

    # -- words

    def _term(self, tree: Any) -> DocSet:
        if tree.fieldname in DATE_FIELDS:
            return self._with_whoosh(tree)
        postings = self._weights.postings(tree.fieldname, _as_bytes(tree.text, b""), tree.boost)
        if not len(postings):
            return no_docs(self._max_doc)
        if tree.fieldname in FILTER_FIELDS and len(postings) * FREQUENT > self._max_doc:
            mask = self._snapshot.mask(tree.fieldname, _as_bytes(tree.text, b""))
            return DocBitmap(mask, tree.boost, positive=tree.boost > 0)
        return Disjunction(self._max_doc, [postings])

    def _phrase(self, tree: Any) -> DocSet:
        fields = self._snapshot.fields(tree.fieldname)
        if fields and not fields[0][1].has_positions:
            raise q.QueryError(f"Phrase search: {tree.fieldname!r} field has no positions")
        words: list[ScoredPostings] = []
        for word in tree.words:
            words.append(self._weights.postings(tree.fieldname, _as_bytes(word, b""), tree.boost))
            if not words[-1].known.count or (len(words) % WORDS_CHECK_EVERY == 0 and self.out_of_time()):
                return no_docs(self._max_doc)
        if not words:
            return no_docs(self._max_doc)
        found = find_phrase(words, tree.slop, self.out_of_time)
        positive = all(word.positive for word in words)
        return DocList(self._max_doc, found.documents, found.scores, positive=positive)

    # -- many words at once

    def _prefix(self, tree: Any) -> DocSet:
        prefix = tree.text.encode()
        return self._between(tree, prefix, after_all_with(prefix))

    def _wildcard(self, tree: Any) -> DocSet:
        pattern = fnmatch.translate(tree.text)
        ranges: list[tuple[int, int, int]] = []
        for source, (_, field) in enumerate(self._snapshot.fields(tree.fieldname)):
            found, cut = field.terms.matching(tree.text, pattern, self.out_of_time, MAX_WORDS)
            self.partial |= cut
            ranges += [(source, number, number + 1) for number in found]
            if self.out_of_time():
                break
        return self._any_of(tree, np.array(ranges, np.uint64))

    def _fuzzy(self, tree: Any) -> DocSet:
        sources = self._snapshot.sources(tree.fieldname)
        ranges, cut = sources.near(tree.text, tree.maxdist, tree.prefixlength, MAX_WORDS)
        self.partial |= cut
        return self._any_of(tree, ranges)

    def _term_range(self, tree: Any) -> DocSet:
        first, last = _as_bytes(tree.start, b""), _as_bytes(tree.end, LAST_TERM)
        return self._between(tree, first + b"\0" * bool(tree.startexcl), last + b"\0" * (not tree.endexcl))

    def _between(self, tree: Any, first: bytes, stop: bytes | None) -> DocSet:
        """Give the documents of the terms from one on and before another, or to the end."""
        return self._any_of(tree, self._snapshot.sources(tree.fieldname).between(first, stop))

    def _any_of(self, tree: Any, ranges: Array) -> DocSet:
        """Give the documents of some ranges of terms, all with the tree's boost for a score."""
        expansion = MultiTermDocs(self._max_doc, tree.boost)
        expansion.add(self._snapshot.sources(tree.fieldname), ranges, self.out_of_time)
        return expansion

    # -- numbers and everything

    def _number_range(self, tree: Any) -> DocSet:
        if not tree.constantscore:
            return self._with_whoosh(tree)
        least = ABSENT + 1 if tree.start is None else int(tree.start) + bool(tree.startexcl)
        greatest = np.iinfo(np.int64).max if tree.end is None else int(tree.end) - bool(tree.endexcl)
        if not self._snapshot.has_column(tree.fieldname) or least > greatest:
            return no_docs(self._max_doc)
        values = self._snapshot.column(tree.fieldname)
        return RangeFilter(values, max(least, ABSENT + 1), greatest, tree.boost)

    def _every(self, tree: Any) -> DocSet:
        if tree.fieldname is None:
            return DocBitmap(np.ones(self._max_doc, bool), tree.boost, positive=tree.boost > 0)
        if tree.fieldname in DATE_FIELDS:
            present = self._snapshot.column(tree.fieldname) != ABSENT
            return DocBitmap(present, tree.boost, positive=tree.boost > 0)
        if tree.fieldname in TEXT_FIELDS:
            return DocBitmap(self._snapshot.lengths(tree.fieldname) > 0, tree.boost, positive=tree.boost > 0)
        return self._between(tree, b"", None)

    # -- combinations

    def _and(self, tree: Any) -> DocSet:
        parts: list[DocSet] = []
        for part in tree.subqueries:
            parts.append(self.matches(part))
            if not parts[-1].cost:
                return no_docs(self._max_doc)
        if not parts:
            return no_docs(self._max_doc)
        return parts[0] if len(parts) == 1 else boosted(conjunction(self._max_doc, parts), tree.boost)

    def _or(self, tree: Any, *, largest: bool = False) -> DocSet:
        if getattr(tree, "scale", None):
            return self._with_whoosh(tree)
        least = getattr(tree, "minmatch", 0)
        apart = largest or least > 1
        parts: list[DocSet] = [] if apart else list(self._any_term(tree.subqueries))
        for part in tree.subqueries:
            if self.out_of_time():
                break
            if apart or not _is_word(part):
                parts.append(self.matches(part))
        found = [part for part in parts if part.cost]
        if not found:
            return no_docs(self._max_doc)
        # Whoosh gives the only part of a compound without the compound's boost
        boost = tree.boost if len(tree.subqueries) > 1 else 1.0
        matches = boosted(disjunction(self._max_doc, found, largest=largest), boost)
        return (
            matches if least <= 1 else filter_by(matches, DocBitmap(min_should_match(self._max_doc, found, least), 0.0))
        )

    def _any_term(self, trees: Sequence[Any]) -> Iterator[DocSet]:
        """Give what the single words among some parts match, many of them as one, some postings at a time."""
        pending: list[ScoredPostings] = []
        total = 0
        for tree in filter(_is_word, trees):
            if self.out_of_time():
                break
            postings = self._weights.postings(tree.fieldname, _as_bytes(tree.text, b""), tree.boost)
            if not len(postings):
                continue
            if pending and total + len(postings) > max(self._max_doc, LEAST_AT_ONCE):
                yield Disjunction(self._max_doc, pending).materialize()
                pending, total = [], 0
            pending.append(postings)
            total += len(postings)
        if pending:
            yield Disjunction(self._max_doc, pending)

    def _not(self, tree: Any) -> DocSet:
        excluded = self.matches(tree.query).mask()
        # what was not looked for to the end must not let anything through
        return no_docs(self._max_doc) if self.out_of_time() else DocBitmap(~excluded, NOT_SCORE)

    def _and_not(self, tree: Any) -> DocSet:
        matches, excluded = self.matches(tree.a), self.matches(tree.b)
        return no_docs(self._max_doc) if self.out_of_time() else exclude(matches, excluded)

    def _and_maybe(self, tree: Any) -> DocSet:
        matches = self.matches(tree.a)
        return optional(matches, self.matches(tree.b)) if matches.cost else matches

    def _require(self, tree: Any) -> DocSet:
        return filter_by(self.matches(tree.a), self.matches(tree.b))

    def _constant(self, tree: Any) -> DocSet:
        found = self.matches(tree.child).materialize()
        score = float(tree.score) or 1.0
        return found.with_scores(score, positive=score > 0)

    def _with_whoosh(self, tree: Any) -> DocSet:
        """Let Whoosh's own matchers evaluate what has no evaluation here."""
        assert self._searcher is not None
        documents: list[int] = []
        scores: list[float] = []
        for leaf, base in self._searcher().leaf_searchers():
            matcher = tree.matcher(leaf, leaf.context())
            while matcher.is_active():
                if len(documents) % FALLBACK_CHECK_EVERY == 0 and self.out_of_time():
                    break
                documents.append(base + matcher.id())
                scores.append(matcher.score())
                matcher.next()
        own = np.array(scores, np.float32)
        return DocList(self._max_doc, np.array(documents, np.intp), own, positive=bool((own > 0).all()))


def _is_word(tree: Any) -> bool:
    return type(tree) is q.Term and tree.fieldname not in DATE_FIELDS and tree.fieldname not in FILTER_FIELDS


def _as_bytes(text: str | bytes | None, default: bytes) -> bytes:
    if text is None:
        return default
    return text if isinstance(text, bytes) else text.encode()


_EVALUATE: dict[type, Callable[[Execution, Any], DocSet]] = {
    type(q.NullQuery): Execution._nothing,  # noqa: SLF001 - the table belongs to the class
    q.Term: Execution._term,  # noqa: SLF001
    q.Phrase: Execution._phrase,  # noqa: SLF001
    q.Prefix: Execution._prefix,  # noqa: SLF001
    q.Wildcard: Execution._wildcard,  # noqa: SLF001
    q.FuzzyTerm: Execution._fuzzy,  # noqa: SLF001
    q.TermRange: Execution._term_range,  # noqa: SLF001
    q.NumericRange: Execution._number_range,  # noqa: SLF001
    q.DateRange: Execution._number_range,  # noqa: SLF001
    q.Every: Execution._every,  # noqa: SLF001
    q.And: Execution._and,  # noqa: SLF001
    q.Or: Execution._or,  # noqa: SLF001
    q.DisjunctionMax: partial(Execution._or, largest=True),  # noqa: SLF001
    q.Not: Execution._not,  # noqa: SLF001
    q.AndNot: Execution._and_not,  # noqa: SLF001
    q.AndMaybe: Execution._and_maybe,  # noqa: SLF001
    q.Require: Execution._require,  # noqa: SLF001
    q.ConstantScoreQuery: Execution._constant,  # noqa: SLF001
}
