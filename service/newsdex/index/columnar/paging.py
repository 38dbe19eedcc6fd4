"""The order of hits, and where a page of them ends, so that the next one goes on there after any number of commits.

The order depends on nothing but the hits themselves: score, date of publication, id. Segments and their merges have
no part in it. Two scores that differ by rounding only are a tie: sums are rounded differently where a segment was
merged. Ties are ordered by date, newest first, then by id, so a page may end in the middle of one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from newsdex.index.columnar.columns import ABSENT
from newsdex.index.columnar.matches import Matches, Sparse
from newsdex.index.columnar.ranking import best_scored, highest
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.segment import OpenSegment

Sort = Literal["relevance", "newest", "oldest"]
TIE = 2e-6
"""Scores nearer to each other than this share of them are a tie: some dozen roundings of float32."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """The end of a page: the next one begins behind it."""

    least: float
    """Every hit with a lower score comes behind; by date, 0."""
    greatest: float
    """Of hits with a score from `least` to this, those come behind that are older, or as old with a greater id."""
    date: int
    """Microseconds since 1970."""
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The matches in one segment."""

    segment: OpenSegment
    matches: Matches


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A hit in the order."""

    part: Part
    document: int
    score: float
    date: int

    @property
    def id(self) -> str:
        """Give the article's id."""
        return self.part.segment.data.article_id(self.document)


def first_hits(parts: Sequence[Part], sort: Sort, limit: int) -> tuple[list[Ranked], Cut | None]:
    """Give the first hits, and where they end, or None where nothing comes behind them."""
    parts = [part for part in parts if len(part.matches)]
    if not parts or not limit:
        return [], None
    more = sum(len(part.matches) for part in parts) > limit
    if sort != "relevance":
        ranked = _by_date(parts, sort, limit)
        return ranked, _dated_cut(ranked[-1]) if more else None
    return _by_score(parts, limit, more=more)


def behind(part: Part, sort: Sort, cut: Cut) -> Part:
    """Give the matches that come behind the end of a page."""
    own = part.matches.sparse()
    dates = _dates(part.segment, own.documents)
    older = dates > cut.date if sort == "oldest" else dates < cut.date
    data = part.segment.data
    later = data.id_ranks.take(own.documents) >= data.ids.terms.lower_bound(cut.id.encode() + b"\0")
    after = older | ((dates == cut.date) & later)
    if sort == "relevance":
        scores = own.scores()
        after = (scores < cut.least) | ((scores <= cut.greatest) & after)
        kept = np.flatnonzero(after)
        matches = Sparse(own.universe, own.documents.take(kept), scores.take(kept), positive=own.positive)
    else:
        matches = Sparse(own.universe, own.documents.take(np.flatnonzero(after)), 0.0)
    return Part(segment=part.segment, matches=matches)


def _dates(segment: OpenSegment, documents: Array) -> Array:
    """Give dates of publication; an article without one is older than all."""
    return segment.data.column("published").at(documents, ABSENT + 1)


# -- by date


def _by_date(parts: Sequence[Part], sort: Sort, limit: int) -> list[Ranked]:
    sign = 1 if sort == "newest" else -1
    ranked: list[Ranked] = []
    for part in parts:
        documents = part.matches.sparse().documents
        ranked += _dated(part, documents, np.zeros(len(documents), np.float32), sign, limit)
    ranked.sort(key=lambda one: -sign * one.date)
    groups = _groups(ranked, lambda before, one: before.date != one.date)
    return _taken(groups, limit, sign)


def _dated(part: Part, documents: Array, scores: Array, sign: int, limit: int) -> list[Ranked]:
    """Give the newest, or with the sign -1 the oldest; of equals those with the least ids."""
    dates = _dates(part.segment, documents)
    chosen = _highest_then_first(dates * sign, part.segment.data.id_ranks.take(documents), limit)
    columns = (array.take(chosen).tolist() for array in (documents, scores, dates))
    return [
        Ranked(part=part, document=document, score=score, date=date)
        for document, score, date in zip(*columns, strict=True)
    ]


def _highest_then_first(keys: Array, ranks: Array, limit: int) -> Array:
    """Give the places of the greatest keys; of equals those with the lowest ranks. In no order."""
    if len(keys) <= limit:
        return np.arange(len(keys))
    bound = keys[highest(keys, limit)[-1]]
    above, equal = np.flatnonzero(keys > bound), np.flatnonzero(keys == bound)
    needed = limit - len(above)
    if len(equal) > needed:
        equal = equal[np.argpartition(ranks[equal], needed - 1)[:needed]]
    return np.concatenate([above, equal])


def _dated_cut(last: Ranked) -> Cut:
    return Cut(least=0.0, greatest=0.0, date=last.date, id=last.id)


# -- by score


def _by_score(parts: Sequence[Part], limit: int, *, more: bool) -> tuple[list[Ranked], Cut | None]:
    best: list[Ranked] = []
    for part in parts:
        documents, scores = best_scored(part.matches, limit + 1)
        dates = _dates(part.segment, documents)
        columns = zip(documents.tolist(), scores.tolist(), dates.tolist(), strict=True)
        best += [Ranked(part=part, document=document, score=score, date=date) for document, score, date in columns]
    best.sort(key=lambda one: -one.score)
    if not more:
        return _taken(_groups(best, _apart), limit), None
    last, following = best[limit - 1], best[limit]
    if _apart(last, following):
        middle = (last.score + following.score) / 2
        ranked = _taken(_groups(best[:limit], _apart), limit)
        return ranked, Cut(least=middle, greatest=middle, date=0, id="")
    return _cut_in_a_tie(parts, best, limit)


def _cut_in_a_tie(parts: Sequence[Part], best: Sequence[Ranked], limit: int) -> tuple[list[Ranked], Cut]:
    """Cut among hits of one score: all of them are looked at, as any may be the newest."""
    own = [(part, part.matches.sparse()) for part in parts]
    scored = [(part, sparse.documents, sparse.scores()) for part, sparse in own]
    least, greatest = _tie([scores for _, _, scores in scored], best[limit - 1].score)
    ranked = [one for one in best if one.score > greatest]
    for part, documents, scores in scored:
        tied = np.flatnonzero((scores >= least) & (scores <= greatest))
        ranked += _dated(part, documents.take(tied), scores.take(tied), 1, limit)
    ranked.sort(key=lambda one: -one.score)
    ranked = _taken(_groups(ranked, _apart), limit)
    room = TIE / 2
    last = ranked[-1]
    cut = Cut(
        least=least - abs(least) * room, greatest=greatest + abs(greatest) * room, date=last.date, id=last.id
    )  # fmt: skip
    return ranked, cut


def _tie(scores: Sequence[Array], score: float) -> tuple[float, float]:
    """Give the least and the greatest score that hang together with one, each a tie with the next."""
    least = greatest = score
    while True:
        low, high = least - abs(least) * TIE, greatest + abs(greatest) * TIE
        near = np.concatenate([own[(own >= low) & (own <= high)] for own in scores])
        found = (min(least, float(near.min())), max(greatest, float(near.max())))
        if found == (least, greatest):
            return found
        least, greatest = found


def _apart(before: Ranked, one: Ranked) -> bool:
    return before.score - one.score > abs(before.score) * TIE


# -- ties


def _groups(ranked: Sequence[Ranked], apart: Callable[[Ranked, Ranked], bool]) -> Iterator[list[Ranked]]:
    """Part a sorted list where two neighbours are no tie."""
    group: list[Ranked] = []
    for one in ranked:
        if group and apart(group[-1], one):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _taken(groups: Iterator[list[Ranked]], limit: int, sign: int = 1) -> list[Ranked]:
    """Give the first hits, each tie in its order."""
    ranked: list[Ranked] = []
    for group in groups:
        ranked += sorted(group, key=lambda one: (-sign * one.date, one.id.encode())) if len(group) > 1 else group
        if len(ranked) >= limit:
            break
    return ranked[:limit]
