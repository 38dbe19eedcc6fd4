"""Shows one version of each story: pages of the hits that are no repeats of a hit before them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.doc_set import DocList, DocSet
from newsdex.index.columnar.query.matches.repeats import Versions
from newsdex.index.columnar.query.matches.top_hits import PageEnd, ScoredDoc, Sort, hits_after, top_hits
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.storage.term_dictionary import Stop

BLOCK = 128
"""At most so many hits are looked at together: all of them may be versions of each other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CollapsedPage:
    """A page of hits of which none is a version of another, nor of one on an earlier page."""

    hits: Sequence[ScoredDoc]
    cut: PageEnd | None
    """Where the page ends, or None where only repeats come behind it."""
    more_versions: Sequence[int]
    """By hit, how many of all other matches are versions of it."""


class Collapsing:
    """Collapses the matches of one search."""

    def __init__(self, snapshot: Snapshot, matches: DocSet, sort: Sort, stop: Stop) -> None:
        """Take all matches; once `stop` tells that the time is over, no more repeats are looked for."""
        self._snapshot = snapshot
        self._versions = Versions(snapshot, stop)
        self._stop = stop
        self._sort = sort
        own = matches.doc_list()
        # scores may be computed anew whenever they are asked for
        self._matches = DocList(own.max_doc, own.documents, own.scores() if sort == "relevance" else 0.0)

    def page(self, size: int, offset: int, after: PageEnd | None) -> CollapsedPage:
        """Return the page behind the end of another one, or behind the first `offset` hits that are no repeats."""
        if after is None and size + offset <= BLOCK and (plain := self._plain_page(size, offset)):
            return plain
        left = hits_after(self._snapshot, self._matches, self._sort, after) if after else self._matches
        before = _EarlierPages(self._versions, self._ordered, self._passed(left))
        shown: list[ScoredDoc] = []
        wanted, seen, end = offset + size, 0, 0
        for block, is_last in self._blocks(left, wanted + 1, after):
            for place in self._no_repeats(block, shown, before):
                if len(shown) == wanted:
                    _, cut = top_hits(self._snapshot, left, self._sort, end, after)
                    return self._page(shown[offset:], cut)
                shown.append(block[place])
                end = seen + place + 1
            seen += len(block)
            if self._stop() and not is_last:
                _, cut = top_hits(self._snapshot, left, self._sort, seen, after)
                return self._page(shown[offset:], cut)
        return self._page(shown[offset:], None)

    def _plain_page(self, size: int, offset: int) -> CollapsedPage | None:
        """Return the first page where its hits are no versions of each other, as is usual; comparing them is enough."""
        hits, cut = top_hits(self._snapshot, self._matches, self._sort, size + offset)
        documents = np.array([hit.document for hit in hits], np.intp)
        order = np.argsort(documents)
        counts = np.zeros(len(hits), np.int64)
        are_versions = np.zeros(len(self._matches), bool)
        for places, others in self._versions.pairs(documents.take(order), self._matches.documents):
            counts += np.bincount(order.take(places), minlength=len(hits))
            are_versions[others] = True
        if are_versions[np.searchsorted(self._matches.documents, documents)].any():
            return None
        has_more = np.count_nonzero(are_versions) < len(self._matches) - len(hits)
        more_versions: list[int] = counts.tolist()
        return CollapsedPage(hits=hits[offset:], cut=cut if has_more else None, more_versions=more_versions[offset:])

    def _page(self, hits: Sequence[ScoredDoc], cut: PageEnd | None) -> CollapsedPage:
        documents = np.array([hit.document for hit in hits], np.intp)
        order = np.argsort(documents)
        counts = np.empty(len(hits), np.int64)
        counts[order] = self._versions.counts(documents.take(order), self._matches.documents)
        return CollapsedPage(hits=hits, cut=cut, more_versions=counts.tolist())

    def _blocks(self, left: DocList, size: int, after: PageEnd | None) -> Iterator[tuple[list[ScoredDoc], bool]]:
        """Yield the hits in order, some at a time, and whether they are the last."""
        seen, limit, cut = 0, size, after
        while not seen or cut:
            ranked, cut = top_hits(self._snapshot, left, self._sort, limit, after)
            for start in range(seen, max(len(ranked), 1), BLOCK):
                yield ranked[start : start + BLOCK], cut is None and start + BLOCK >= len(ranked)
            seen, limit = limit, max(2 * limit, limit + BLOCK)

    def _no_repeats(self, block: list[ScoredDoc], shown: Sequence[ScoredDoc], before: "_EarlierPages") -> Iterator[int]:
        """Yield the places of those of some hits that are no versions of what is shown before them."""
        documents = np.sort(np.array([hit.document for hit in block], np.intp))
        known = np.sort(np.array([*(hit.document for hit in shown), *before.shown], np.intp))
        repeats = set(documents[self._versions.any_of(documents, known)].tolist())
        doubtful = before.with_versions(documents)
        versions = self._versions.within(documents)
        for place, hit in enumerate(block):
            if hit.document in repeats:
                continue
            earlier = before.shown_version_of(hit.document) if hit.document in doubtful else None
            if earlier is None:
                repeats.update(versions.get(hit.document, ()))
                yield place
            else:  # so is what comes further down and is another version of the one that was shown
                repeats.update(self._versions.of(earlier, documents).tolist())

    def _passed(self, left: DocList) -> Array:
        """Return the documents of earlier pages."""
        is_left = np.zeros(len(self._matches.documents), bool)
        is_left[np.searchsorted(self._matches.documents, left.documents)] = True
        return self._matches.documents[~is_left]

    def _ordered(self, documents: Array) -> list[int]:
        """Return some of the matches, sorted documents, in the order of hits."""
        at = np.searchsorted(self._matches.documents, documents)
        some = DocList(self._matches.max_doc, documents, self._matches.scores(at))
        return [hit.document for hit in top_hits(self._snapshot, some, self._sort, len(documents))[0]]


class _EarlierPages:
    """What was shown on earlier pages, found out as far as it matters: a cursor tells only where they ended."""

    def __init__(self, versions: Versions, ordered: Callable[[Array], list[int]], documents: Array) -> None:
        """Take all documents of earlier pages, and what puts some of them in order."""
        self._versions = versions
        self._ordered = ordered
        self._documents = documents
        self._is_shown: dict[int, bool] = {}
        self._before: dict[int, list[int]] = {}

    @property
    def shown(self) -> list[int]:
        """Return the documents of which it is known that they were shown."""
        return [document for document, is_shown in self._is_shown.items() if is_shown]

    def with_versions(self, documents: Array) -> frozenset[int]:
        """Return those of some sorted documents of which earlier pages have versions, shown or not."""
        return frozenset(documents[self._versions.any_of(documents, self._documents)].tolist())

    def shown_version_of(self, document: int) -> int | None:
        """Return the version of a document that was shown on an earlier page, if one was."""
        return next(filter(self._was_shown, self._ordered(self._versions.of(document, self._documents))), None)

    def _was_shown(self, document: int) -> bool:
        """Return whether a document of an earlier page is no version of one that was shown before it."""
        open_ = [document]
        while open_:
            current = open_[-1]
            unknown = self._decide(current)
            if unknown is None:
                open_.pop()
            else:
                open_.append(unknown)
        return self._is_shown[document]

    def _decide(self, document: int) -> int | None:
        """Decide whether a document was shown, or return one before it of which that has to be known first."""
        for earlier in self._versions_before(document):
            if earlier not in self._is_shown:
                return earlier
            if self._is_shown[earlier]:
                self._is_shown[document] = False
                return None
        self._is_shown[document] = True
        return None

    def _versions_before(self, document: int) -> list[int]:
        known = self._before.get(document)
        if known is None:
            versions = self._versions.of(document, self._documents)
            ordered = self._ordered(np.union1d(versions, document))
            known = self._before[document] = ordered[: ordered.index(document)]
        return known
