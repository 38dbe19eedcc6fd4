"""The order of hits, and where a page of them ends, so that the next one goes on there after any number of commits.

The order depends on nothing but the hits themselves: score, date of publication, id. Segments and their merges have
no part in it. Two scores that differ by rounding only are a tie: sums are rounded differently where a segment was
merged. Ties are ordered by date, newest first, then by id, so a page may end in the middle of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.doc_set import DocList, DocSet
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.storage.columns import ABSENT

Sort = Literal["relevance", "newest", "oldest"]
TIE = 2e-6
"""Scores nearer to each other than this share of them are a tie: some dozen roundings of float32."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageEnd:
    """The end of a page: the next one begins behind it."""

    least: float
    """Every hit with a lower score comes behind; by date, 0."""
    greatest: float
    """Of hits with a score from `least` to this, those come behind that are older, or as old with a greater id."""
    date: int
    """Microseconds since 1970."""
    id: str


class ScoredDoc(NamedTuple):
    """A hit in the order."""

    document: int
    score: float
    date: int


def top_hits(
    snapshot: Snapshot, matches: DocSet, sort: Sort, limit: int, before: PageEnd | None = None
) -> tuple[list[ScoredDoc], PageEnd | None]:
    """Return the first hits, and where they end, or None where nothing comes behind them.

    `before` is the end of the page before: what was a tie there stays one.
    """
    count = len(matches)
    if not count or not limit:
        return [], None
    more = count > limit
    if sort != "relevance":
        ranked = _by_date(snapshot, matches, sort, limit)
        return ranked, _cut(snapshot, ranked[-1], 0.0, 0.0) if more else None
    return _by_score(snapshot, matches, limit, more=more, before=before)


def hits_after(snapshot: Snapshot, matches: DocSet, sort: Sort, page_end: PageEnd) -> DocList:
    """Return the matches that come behind the end of a page."""
    own = matches.doc_list()
    dates = _dates(snapshot, own.documents)
    after = dates > page_end.date if sort == "oldest" else dates < page_end.date
    as_old = np.flatnonzero(dates == page_end.date)
    after[as_old] = _later_ids(snapshot, own.documents.take(as_old), page_end.id)
    if sort != "relevance":
        return DocList(own.max_doc, own.documents.compress(after), 0.0)
    scores = own.scores()
    kept = np.flatnonzero((scores < page_end.least) | ((scores <= page_end.greatest) & after))
    return DocList(own.max_doc, own.documents.take(kept), scores.take(kept), positive=own.positive)


def _later_ids(snapshot: Snapshot, documents: Array, id_: str) -> Array:
    """Tell of each of some sorted documents whether its id is greater."""
    later = np.zeros(len(documents), bool)
    for data, base, span in snapshot.by_segment(documents):
        later[span] = data.id_ranks.take(documents[span] - base) >= data.ids.terms.lower_bound(id_.encode() + b"\0")
    return later


def _dates(snapshot: Snapshot, documents: Array) -> Array:
    """Return dates of publication; an article without one is older than all."""
    dates: Array = np.maximum(snapshot.column("published").take(documents), ABSENT + 1)
    return dates


def _cut(snapshot: Snapshot, last: ScoredDoc, least: float, greatest: float) -> PageEnd:
    return PageEnd(least=least, greatest=greatest, date=last.date, id=snapshot.article_id(last.document))


# -- by date


def _by_date(snapshot: Snapshot, matches: DocSet, sort: Sort, limit: int) -> list[ScoredDoc]:
    sign = 1 if sort == "newest" else -1
    documents = matches.doc_list().documents
    return _dated(snapshot, documents, np.zeros(len(documents), np.float32), sign, limit)


def _dated(snapshot: Snapshot, documents: Array, scores: Array, sign: int, limit: int) -> list[ScoredDoc]:
    """Return the newest, or with the sign -1 the oldest, in order; of equals those with the least ids."""
    dates = _dates(snapshot, documents)
    chosen, equal = kernel.top_k_integers(dates if sign > 0 else -dates, limit)
    if equal > 1 and len(documents) > limit:
        chosen = _with_first_ids(snapshot, documents, dates, chosen)
    return _in_order(snapshot, _ranked(documents.take(chosen), scores.take(chosen), dates.take(chosen)), sign)[:limit]


def _with_first_ids(snapshot: Snapshot, documents: Array, dates: Array, chosen: Array) -> Array:
    """Return the same places, but of those with the last one's date those with the least ids of each segment."""
    last = dates[chosen[-1]]
    equal, others = np.flatnonzero(dates == last), chosen.compress(dates.take(chosen) != last)
    return np.concatenate([others, equal.take(_first_ids(snapshot, documents.take(equal), len(chosen) - len(others)))])


def _first_ids(snapshot: Snapshot, documents: Array, limit: int) -> Array:
    """Return the places of those of some sorted documents that have the least ids of their segments."""
    first = []
    for data, base, span in snapshot.by_segment(documents):
        ranks = data.id_ranks.take(documents[span] - base)
        own = np.argpartition(ranks, limit - 1)[:limit] if len(ranks) > limit else np.arange(len(ranks))
        first.append(own + span.start)
    return np.concatenate(first)


def _ranked(documents: Array, scores: Array, dates: Array) -> list[ScoredDoc]:
    return list(map(ScoredDoc, documents.tolist(), scores.tolist(), dates.tolist()))


def _in_order(snapshot: Snapshot, ranked: list[ScoredDoc], sign: int = 1) -> list[ScoredDoc]:
    """Sort a tie: by date, then by id."""
    dates = {one.date for one in ranked}
    if len(dates) == len(ranked):
        return sorted(ranked, key=lambda one: -sign * one.date)
    ids = snapshot.article_ids([one.document for one in ranked])
    ordered = sorted(zip(ranked, ids, strict=True), key=lambda pair: (-sign * pair[0].date, pair[1].encode()))
    return [one for one, _ in ordered]


# -- by score


def _by_score(
    snapshot: Snapshot, matches: DocSet, limit: int, *, more: bool, before: PageEnd | None
) -> tuple[list[ScoredDoc], PageEnd | None]:
    made = matches.doc_list()
    scores = made.scores().astype(np.float64, copy=False)
    chosen = kernel.top_k(scores, limit + 1)
    documents = made.documents.take(chosen)
    best = _ranked(documents, scores.take(chosen).astype(np.float32), _dates(snapshot, documents))
    if not more:
        return _ties_in_order(snapshot, best, before), None
    last, following = best[limit - 1], best[limit]
    if _apart(last, following, before):
        # the end of a tie that began on an earlier page: of its hits, those shown there may score less than the last
        in_tie = before is not None and last.score >= before.least
        between = before.least if before and in_tie else (last.score + following.score) / 2
        return _ties_in_order(snapshot, best[:limit], before), PageEnd(least=between, greatest=between, date=0, id="")
    return _cut_in_a_tie(snapshot, made.documents, scores, best[:limit], before)


def _cut_in_a_tie(
    snapshot: Snapshot, documents: Array, scores: Array, best: Sequence[ScoredDoc], before: PageEnd | None
) -> tuple[list[ScoredDoc], PageEnd]:
    """Cut among hits of one score: all of them are looked at, as any may be the newest."""
    if before and best[-1].score >= before.least:
        least, greatest = before.least, before.greatest
        tied = np.flatnonzero(scores >= least)
    else:
        tied, least, greatest = kernel.score_ties(scores, best[-1].score, TIE)
        room = TIE / 2
        least, greatest = least - abs(least) * room, greatest + abs(greatest) * room
    above = _ties_in_order(snapshot, [one for one in best if one.score > greatest], before)
    own = scores.take(tied).astype(np.float32)
    ranked = above + _dated(snapshot, documents.take(tied), own, 1, len(best) - len(above))
    return ranked, _cut(snapshot, ranked[-1], least, greatest)


def _apart(one: ScoredDoc, other: ScoredDoc, before: PageEnd | None) -> bool:
    """Tell whether two hits, the first with no lower score, are no tie."""
    if before and other.score >= before.least:
        return False
    return one.score - other.score > abs(one.score) * TIE or bool(before and one.score >= before.least)


def _ties_in_order(snapshot: Snapshot, ranked: Sequence[ScoredDoc], before: PageEnd | None) -> list[ScoredDoc]:
    """Sort hits that are sorted by score: each tie, of which two neighbours are no further apart than rounding."""
    ordered: list[ScoredDoc] = []
    tie: list[ScoredDoc] = []
    for one in ranked:
        if tie and _apart(tie[-1], one, before):
            ordered += _in_order(snapshot, tie) if len(tie) > 1 else tie
            tie = []
        tie.append(one)
    return ordered + _in_order(snapshot, tie)
