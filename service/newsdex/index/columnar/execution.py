"""Evaluates Whoosh's query trees on arrays, one segment at a time, within a deadline.

Results are Whoosh's, with two exceptions. A prefix, pattern, fuzzy word or range scores its boost, as Whoosh's
`constantscore` promises; Whoosh itself keeps that promise only in small segments. DisjunctionMax, AndNot and Require do
what their documentation says; in Whoosh 2.7.4 the first mixes the scores of different documents and loses some, the
second may keep the first document that it should exclude, and the third excludes what it should require. `Or` heeds
`minmatch`, which Whoosh takes and does not implement.
"""

import fnmatch
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from whoosh import query as q

from newsdex.index.columnar.matches import (
    Dense,
    Matches,
    Sparse,
    both,
    either,
    enough,
    maybe,
    nothing,
    scaled,
    within,
    without,
)
from newsdex.index.columnar.phrases import phrase_places
from newsdex.index.columnar.postings import PostingField
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.snapshot import K1, Snapshot
from newsdex.index.schema import DATE_FIELDS

MAX_WORDS = 500
"""So many words a pattern or a fuzzy word may stand for; with more, the result is partial."""
FALLBACK_CHECK_EVERY = 64
LAST_TERM = b"\xff\xff\xff\xff"
NOT_SCORE = 1.0
"""Whoosh gives a document that a negation lets through this score."""


class Execution:
    """Evaluates queries in one segment of a commit; used for one request."""

    def __init__(
        self, snapshot: Snapshot, segment: int, deadline: float, fallback: Callable[[], Any] | None = None
    ) -> None:
        self._snapshot = snapshot
        self._segment = segment
        self._data = snapshot.segments[segment].data
        self._universe = snapshot.segments[segment].documents
        self._deadline = deadline
        self._fallback = fallback
        self.partial = False
        """Whether a bound was met, and documents may be missing."""

    def out_of_time(self) -> bool:
        """Tell whether the deadline is over."""
        if time.monotonic() > self._deadline:
            self.partial = True
        return self.partial and time.monotonic() > self._deadline

    def matches(self, tree: Any) -> Matches:
        """Give what a query matches, deleted documents included."""
        if self.out_of_time():
            return nothing(self._universe)
        evaluate = _EVALUATE.get(type(tree))
        return evaluate(self, tree) if evaluate else self._with_whoosh(tree)

    def mask(self, tree: Any) -> Array:
        """Tell of each document whether it matches."""
        return self.matches(tree).mask()

    def _nothing(self, _: Any) -> Matches:
        return nothing(self._universe)

    # -- words

    def _field(self, name: str) -> PostingField | None:
        return self._snapshot.posting_field(self._segment, name)

    def _term(self, tree: Any) -> Matches:
        if tree.fieldname in DATE_FIELDS:
            return self._with_whoosh(tree)
        field = self._field(tree.fieldname)
        if field is None:
            return nothing(self._universe)
        text = tree.text if isinstance(tree.text, bytes) else tree.text.encode()
        known = self._snapshot.term(tree.fieldname, text)
        number = known.numbers[self._segment]
        if number < 0:
            return nothing(self._universe)
        start, stop = field.span(number, number + 1)
        documents = field.documents(start, stop)
        norms = self._snapshot.norms(self._segment, tree.fieldname)

        def scores(at: Array | None) -> Array:
            assert norms is not None
            frequencies = field.frequencies(start, stop)
            if at is None:
                return _bm25(known.idf * tree.boost, frequencies, documents, norms)
            return _bm25(known.idf * tree.boost, frequencies.take(at), documents.take(at), norms)

        if norms is None:
            found = Sparse(self._universe, documents, lambda at: _taken(field.frequencies(start, stop), at))
            return scaled(found, tree.boost)
        return Sparse(self._universe, documents, scores, positive=known.idf * tree.boost > 0)

    def _phrase(self, tree: Any) -> Matches:
        field = self._field(tree.fieldname)
        if field is None:
            return nothing(self._universe)
        if not field.has_positions:
            raise q.QueryError(f"Phrase search: {tree.fieldname!r} field has no positions")
        terms = [q.Term(tree.fieldname, word) for word in tree.words]
        known = [self._snapshot.term(tree.fieldname, term.text.encode()) for term in terms]
        numbers = [one.numbers[self._segment] for one in known]
        if not numbers or min(numbers) < 0:
            return nothing(self._universe)
        parts = [self._term(term) for term in terms]
        at = phrase_places(field, numbers, tree.slop, self._universe)
        first = parts[0]
        assert isinstance(first, Sparse)
        documents = first.documents.take(at[0])
        scores = sum(part.scores(own) for part, own in zip(parts, at, strict=True) if isinstance(part, Sparse))
        found = Sparse(self._universe, documents, np.asarray(scores, np.float32))
        return scaled(found, tree.boost)

    # -- many words at once

    def _prefix(self, tree: Any) -> Matches:
        field = self._field(tree.fieldname)
        if field is None:
            return nothing(self._universe)
        return self._spans(field, [field.terms.prefix_range(tree.text.encode())], tree.boost)

    def _wildcard(self, tree: Any) -> Matches:
        field = self._field(tree.fieldname)
        if field is None:
            return nothing(self._universe)
        found, cut = field.terms.matching(tree.text, fnmatch.translate(tree.text), self.out_of_time, MAX_WORDS)
        self.partial |= cut
        return self._spans(field, [(number, number + 1) for number in found], tree.boost)

    def _fuzzy(self, tree: Any) -> Matches:
        field = self._field(tree.fieldname)
        if field is None:
            return nothing(self._universe)
        found = field.terms.within(tree.text, tree.maxdist, tree.prefixlength)
        self.partial |= len(found) > MAX_WORDS
        return self._spans(field, [(number, number + 1) for number in found[:MAX_WORDS]], tree.boost)

    def _term_range(self, tree: Any) -> Matches:
        field = self._field(tree.fieldname)
        if field is None:
            return nothing(self._universe)
        first, last = _as_bytes(tree.start, b""), _as_bytes(tree.end, LAST_TERM)
        start = field.terms.lower_bound(first + b"\0" if tree.startexcl else first)
        stop = field.terms.lower_bound(last if tree.endexcl else last + b"\0")
        return self._spans(field, [(start, max(start, stop))], tree.boost)

    def _spans(self, field: PostingField, spans: Sequence[tuple[int, int]], score: float) -> Matches:
        """Give the documents of some ranges of terms, all with one score."""
        pieces = [field.documents(*field.span(*span)) for span in spans if span[0] < span[1]]
        if not pieces:
            return nothing(self._universe)
        if len(pieces) == 1 and spans[0][1] - spans[0][0] == 1:
            return Sparse(self._universe, pieces[0], score, positive=score > 0)
        mask = np.zeros(self._universe, bool)
        for piece in pieces:
            if self.out_of_time():
                break
            mask[piece] = True
        return Dense(mask, score, positive=score > 0)

    # -- numbers and everything

    def _number_range(self, tree: Any) -> Matches:
        if not tree.constantscore:
            return self._with_whoosh(tree)
        least = None if tree.start is None else int(tree.start) + bool(tree.startexcl)
        greatest = None if tree.end is None else int(tree.end) - bool(tree.endexcl)
        mask = self._data.column(tree.fieldname).between(least, greatest)
        return Dense(mask, tree.boost, positive=tree.boost > 0)

    def _every(self, tree: Any) -> Matches:
        mask = np.ones(self._universe, bool)
        if tree.fieldname is not None:
            field = self._field(tree.fieldname)
            mask = np.zeros(self._universe, bool)
            if tree.fieldname in DATE_FIELDS:
                mask = self._data.column(tree.fieldname).present
            elif field is not None:
                return self._spans(field, [(0, field.terms.count)], tree.boost)
        return Dense(mask, tree.boost, positive=tree.boost > 0)

    # -- combinations

    def _parts(self, trees: Sequence[Any]) -> list[Matches]:
        parts = []
        for tree in trees:
            parts.append(self.matches(tree))
            if not len(parts[-1]):
                break
        return parts

    def _and(self, tree: Any) -> Matches:
        parts = self._parts(tree.subqueries)
        if len(parts) < len(tree.subqueries) or not parts or not len(parts[-1]):
            return nothing(self._universe)
        return parts[0] if len(parts) == 1 else scaled(both(self._universe, parts), tree.boost)

    def _or(self, tree: Any, *, largest: bool = False) -> Matches:
        if getattr(tree, "scale", None):
            return self._with_whoosh(tree)
        parts = []
        for part in tree.subqueries:
            parts.append(self.matches(part))
            if self.out_of_time():
                break
        if not parts:
            return nothing(self._universe)
        found = [part for part in parts if len(part)] or parts[:1]
        # Whoosh gives the only part of a compound without the compound's boost
        boost = tree.boost if len(tree.subqueries) > 1 else 1.0
        matches = scaled(either(self._universe, found, largest=largest), boost)
        least = getattr(tree, "minmatch", 0)
        return matches if least <= 1 else within(matches, Dense(enough(self._universe, found, least), 0.0))

    def _not(self, tree: Any) -> Matches:
        return Dense(~self.mask(tree.query), NOT_SCORE)

    def _and_not(self, tree: Any) -> Matches:
        return without(self.matches(tree.a), self.matches(tree.b))

    def _and_maybe(self, tree: Any) -> Matches:
        return maybe(self.matches(tree.a), self.matches(tree.b))

    def _require(self, tree: Any) -> Matches:
        return within(self.matches(tree.a), self.matches(tree.b))

    def _constant(self, tree: Any) -> Matches:
        found = self.matches(tree.child)
        score = float(tree.score) or 1.0
        return found.rescored(score, positive=score > 0)

    def _with_whoosh(self, tree: Any) -> Matches:
        """Let Whoosh's own matchers evaluate what has no evaluation here."""
        assert self._fallback is not None
        searcher = self._fallback()
        matcher = tree.matcher(searcher, searcher.context())
        documents: list[int] = []
        scores: list[float] = []
        while matcher.is_active():
            if len(documents) % FALLBACK_CHECK_EVERY == 0 and self.out_of_time():
                break
            documents.append(matcher.id())
            scores.append(matcher.score())
            matcher.next()
        own = np.array(scores, np.float32)
        return Sparse(self._universe, np.array(documents, np.int64), own, positive=bool((own > 0).all()))


def _bm25(idf: float, frequencies: Array, documents: Array, norms: Array) -> Array:
    """Score postings: idf · tf · (K1 + 1) / (tf + norm), as `whoosh.scoring.bm25`."""
    tf: Array = frequencies.astype(np.float32)
    below = norms.take(documents)
    below += tf
    tf *= np.float32(idf * (K1 + 1))
    tf /= below
    return tf


def _taken(frequencies: Array, at: Array | None) -> Array:
    """Give the frequencies as scores: what Whoosh's WeightScorer gives for a field that is not scored."""
    return (frequencies if at is None else frequencies.take(at)).astype(np.float32)


def _as_bytes(text: str | bytes | None, default: bytes) -> bytes:
    if text is None:
        return default
    return text if isinstance(text, bytes) else text.encode()


_EVALUATE: dict[type, Callable[[Execution, Any], Matches]] = {
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
