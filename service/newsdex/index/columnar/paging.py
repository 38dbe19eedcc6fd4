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
from newsdex.index.columnar.snapshot import Snapshot

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
class Ranked:
    """A hit in the order."""

    snapshot: Snapshot
    document: int
    score: float
    date: int

    @property
    def id(self) -> str:
        """Give the article's id."""
        return self.snapshot.article_id(self.document)


def first_hits(snapshot: Snapshot, matches: Matches, sort: Sort, limit: int) -> tuple[list[Ranked], Cut | None]:
    """Give the first hits, and where they end, or None where nothing comes behind them."""
    count = len(matches)
    if not count or not limit:
        return [], None
    more = count > limit
    if sort != "relevance":
        ranked = _by_date(snapshot, matches, sort, limit)
        return ranked, _dated_cut(ranked[-1]) if more else None
    return _by_score(snapshot, matches, limit, more=more)


def behind(snapshot: Snapshot, matches: Matches, sort: Sort, cut: Cut) -> Sparse:
    """Give the matches that come behind the end of a page."""
    own = matches.sparse()
    dates = _dates(snapshot, own.documents)
    after = dates > cut.date if sort == "oldest" else dates < cut.date
    as_old = np.flatnonzero(dates == cut.date)
    after[as_old] = _later_ids(snapshot, own.documents.take(as_old), cut.id)
    if sort != "relevance":
        return Sparse(own.universe, own.documents.compress(after), 0.0)
    scores = own.scores()
    kept = np.flatnonzero((scores < cut.least) | ((scores <= cut.greatest) & after))
    return Sparse(own.universe, own.documents.take(kept), scores.take(kept), positive=own.positive)


def _later_ids(snapshot: Snapshot, documents: Array, id_: str) -> Array:
    """Tell of each of some sorted documents whether its id is greater."""
    later = np.zeros(len(documents), bool)
    for data, base, span in snapshot.by_segment(documents):
        later[span] = data.id_ranks.take(documents[span] - base) >= data.ids.terms.lower_bound(id_.encode() + b"\0")
    return later


def _dates(snapshot: Snapshot, documents: Array) -> Array:
    """Give dates of publication; an article without one is older than all."""
    dates: Array = np.maximum(snapshot.column("published").take(documents), ABSENT + 1)
    return dates


# -- by date


def _by_date(snapshot: Snapshot, matches: Matches, sort: Sort, limit: int) -> list[Ranked]:
    sign = 1 if sort == "newest" else -1
    documents = matches.sparse().documents
    ranked = _dated(snapshot, documents, np.zeros(len(documents), np.float32), sign, limit)
    ranked.sort(key=lambda one: -sign * one.date)
    return _taken(_groups(ranked, lambda before, one: before.date != one.date), limit, sign)


def _dated(snapshot: Snapshot, documents: Array, scores: Array, sign: int, limit: int) -> list[Ranked]:
    """Give the newest, or with the sign -1 the oldest; of equals those with the least ids, and some more."""
    dates = _dates(snapshot, documents)
    chosen = _highest_then_first(snapshot, documents, dates * sign, limit)
    return _ranked(snapshot, documents.take(chosen), scores.take(chosen), dates.take(chosen))


def _ranked(snapshot: Snapshot, documents: Array, scores: Array, dates: Array) -> list[Ranked]:
    columns = zip(documents.tolist(), scores.tolist(), dates.tolist(), strict=True)
    return [Ranked(snapshot=snapshot, document=document, score=score, date=date) for document, score, date in columns]


def _highest_then_first(snapshot: Snapshot, documents: Array, keys: Array, limit: int) -> Array:
    """Give the places of the greatest keys; of equals those with the least ids of each segment. In no order."""
    if len(keys) <= limit:
        return np.arange(len(keys))
    bound = keys[highest(keys, limit)[-1]]
    above, equal = np.flatnonzero(keys > bound), np.flatnonzero(keys == bound)
    needed = limit - len(above)
    if len(equal) > needed:
        equal = equal.take(_first_ids(snapshot, documents.take(equal), needed))
    return np.concatenate([above, equal])


def _first_ids(snapshot: Snapshot, documents: Array, limit: int) -> Array:
    """Give the places of those of some sorted documents that have the least ids of their segments."""
    first = []
    for data, base, span in snapshot.by_segment(documents):
        ranks = data.id_ranks.take(documents[span] - base)
        own = np.argpartition(ranks, limit - 1)[:limit] if len(ranks) > limit else np.arange(len(ranks))
        first.append(own + span.start)
    return np.concatenate(first)


def _dated_cut(last: Ranked) -> Cut:
    return Cut(least=0.0, greatest=0.0, date=last.date, id=last.id)


# -- by score


def _by_score(snapshot: Snapshot, matches: Matches, limit: int, *, more: bool) -> tuple[list[Ranked], Cut | None]:
    documents, scores = best_scored(matches, limit + 1)
    best = _ranked(snapshot, documents, scores, _dates(snapshot, documents))
    if not more:
        return _taken(_groups(best, _apart), limit), None
    last, following = best[limit - 1], best[limit]
    if _apart(last, following):
        middle = (last.score + following.score) / 2
        ranked = _taken(_groups(best[:limit], _apart), limit)
        return ranked, Cut(least=middle, greatest=middle, date=0, id="")
    return _cut_in_a_tie(snapshot, matches.sparse(), best, limit)


def _cut_in_a_tie(snapshot: Snapshot, matches: Sparse, best: Sequence[Ranked], limit: int) -> tuple[list[Ranked], Cut]:
    """Cut among hits of one score: all of them are looked at, as any may be the newest."""
    scores = matches.scores()
    least, greatest = _tie(scores, best[limit - 1].score)
    ranked = [one for one in best if one.score > greatest]
    tied = np.flatnonzero((scores >= least) & (scores <= greatest))
    ranked += _dated(snapshot, matches.documents.take(tied), scores.take(tied), 1, limit)
    ranked.sort(key=lambda one: -one.score)
    ranked = _taken(_groups(ranked, _apart), limit)
    room = TIE / 2
    last = ranked[-1]
    cut = Cut(
        least=least - abs(least) * room, greatest=greatest + abs(greatest) * room, date=last.date, id=last.id
    )  # fmt: skip
    return ranked, cut


def _tie(scores: Array, score: float) -> tuple[float, float]:
    """Give the least and the greatest score that hang together with one, each a tie with the next."""
    least = greatest = score
    while True:
        low, high = least - abs(least) * TIE, greatest + abs(greatest) * TIE
        near = scores[(scores >= low) & (scores <= high)]
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
