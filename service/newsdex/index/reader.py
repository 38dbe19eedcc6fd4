"""Finds documents in the serving generation; threads share one view, replaced after a commit."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from pathlib import Path

import numpy as np
from whoosh.query import Phrase, Query, Term

from newsdex.errors import Unavailable
from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.boolean import exclude, filter_by
from newsdex.index.columnar.query.doc_set import DocBitmap, DocList, DocSet, no_docs
from newsdex.index.columnar.query.document_frequency import Forms
from newsdex.index.columnar.query.evaluator import Evaluator
from newsdex.index.columnar.query.explanation import Explanation, ScorePart
from newsdex.index.columnar.query.matches.collapsing import Collapsing
from newsdex.index.columnar.query.matches.facet_counts import FacetColumn, FacetCounts, count_intervals
from newsdex.index.columnar.query.matches.repeats import Versions
from newsdex.index.columnar.query.matches.top_hits import PageEnd, Sort, hits_after, top_hits
from newsdex.index.columnar.query.node import QueryNode
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.columnar.query.statistics import Similarity, Statistics
from newsdex.index.columnar.storage.columns import ABSENT
from newsdex.index.columnar.storage.commits import latest_generation, read_segments
from newsdex.index.columnar.storage.segment import ColumnarSegment, OpenSegment
from newsdex.index.generations.generations import building, read_state, serving
from newsdex.index.lexicon.related_terms import RelatedTerms
from newsdex.index.schema import SPELLED_FIELDS, TEXT_FIELDS, make_schema
from newsdex.index.scope import SearchScope
from newsdex.index.text.languages import DEFAULT

OPEN_ATTEMPTS = 20
FRESH_NS = 100_000_000
"""A folder that changed so short a time ago may change again without its time stamp telling so."""
LOOK_AGAIN_S = 1.0
"""So long a time stamp is believed: a clock that was set back may give one twice."""
Edges = Sequence[int] | Callable[[int, int], Sequence[int]]
"""The edges of intervals of time, sorted; or what gives them when it knows the earliest and the latest match."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexResult:
    """The answer of the index."""

    documents: Sequence[tuple[str, float]]
    """(article id, score), best first, from `offset` on."""
    total: int
    partial: bool
    languages: Mapping[str, str] = field(default_factory=dict)
    """By article id, the code of the language by which its words are stemmed."""
    more_versions: Mapping[str, int] = field(default_factory=dict)
    """By article id, how many of all other matches are versions of it; where repeats are collapsed."""
    facets: Mapping[str, FacetCounts] = field(default_factory=dict)
    """By field, how many of all matches have each value."""
    edges: Sequence[int] = ()
    histogram: Sequence[int] = ()
    """How many of all matches were published in each interval between the edges."""
    cut: PageEnd | None = None
    """Where the hits end, or None where there are no more."""
    statistics: Statistics | None = None
    """What the scores depend on, for the next page; None by date, and where there is no next page."""


class View:
    """One commit, opened; any number of threads may use it."""

    def __init__(
        self, folder: Path, generation: int, segments: Sequence[ColumnarSegment], before: "View | None" = None
    ) -> None:
        """Open what a view of an earlier commit has not opened."""
        self.folder = folder
        self.generation = generation
        self.position = max((segment.position for segment in segments), default=0) or read_state(folder).position
        self.as_of_us = segments[0].as_of_us if segments else read_state(folder).as_of_us
        """The moment as of which the commit shows articles: none under embargo then, none that had expired."""
        opened = {(one.name, one.deletions): one for one in before.opened} if before else {}
        found = [opened.get((segment.segment_id(), segment.deletions)) for segment in segments]
        self.opened: list[OpenSegment] = [
            one or OpenSegment(folder, segment) for one, segment in zip(found, segments, strict=True)
        ]
        self.snapshot = Snapshot(self.opened)
        """The segments and their statistics."""
        self.known = RelatedTerms(self.snapshot)
        """The words of this commit."""
        self._facets: dict[str, FacetColumn] = {}

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Return the languages that articles are stemmed by, the default first."""
        return (DEFAULT, *sorted(frozenset().union(*(one.data.languages for one in self.snapshot.segments))))

    def find(  # noqa: PLR0913 - what a page is, and what is counted beside it
        self,
        query: Query,
        scope: SearchScope,
        *,
        sort: Sort,
        size: int,
        offset: int = 0,
        facets: Sequence[str] = (),
        histogram: Edges | None = None,
        after: PageEnd | None = None,
        statistics: Statistics | None = None,
        collapse: bool = False,
        versions_of: str | None = None,
    ) -> IndexResult:
        """Find the documents of a query within a scope.

        `histogram` gives intervals of publication in microseconds since 1970: n edges give n - 1 counts. `after` and
        `statistics` are of the page before; counts are of all matches nevertheless. With `collapse`, no hit is a
        version of one before it; with `versions_of`, only versions of that article match.
        """
        snapshot = self.snapshot
        similarity = Similarity(snapshot, statistics, _counted(query) if statistics else ())
        evaluator = Evaluator(snapshot, similarity, scope.deadline)
        # filters come first: when the time is over, a query matches nothing, but a filter might not exclude anything
        filters = self._filters(evaluator, scope, without=facets)
        unseen = evaluator.evaluate(scope.hidden)
        masks = {name: evaluator.evaluate(filter_) for name, filter_ in scope.filters.items() if name in facets}
        visible = reduce(filter_by, filters, evaluator.evaluate(query))
        visible = exclude(visible, unseen) if unseen.cost else visible
        if versions_of is not None:
            visible = filter_by(visible, self._versions_of(versions_of, visible, unseen, evaluator))
        matches = reduce(filter_by, masks.values(), visible)
        if collapse and size:
            page = Collapsing(snapshot, matches, sort, evaluator.out_of_time).page(size, offset, after)
            hits, cut, more_versions = page.hits, page.cut, page.more_versions
        else:
            ranked = hits_after(snapshot, matches, sort, after) if after else matches
            hits, cut = top_hits(snapshot, ranked, sort, size + offset, after) if size else ([], None)
            hits, more_versions = hits[offset:], ()
        documents = [hit.document for hit in hits]
        ids = snapshot.article_ids(documents)
        counted = matches.doc_list() if facets or histogram is not None else matches
        edges, intervals = self._histogram(counted, histogram)
        return IndexResult(
            documents=[(id_, hit.score) for id_, hit in zip(ids, hits, strict=True)],
            languages=dict(zip(ids, snapshot.languages_by(documents), strict=True)),
            more_versions=dict(zip(ids, more_versions, strict=False)),
            total=len(matches),
            partial=evaluator.partial,
            facets={name: self._counts(name, visible, counted, masks) for name in facets},
            edges=edges,
            histogram=intervals,
            cut=cut,
            statistics=similarity.statistics(_counted(query)) if cut and sort == "relevance" else None,
        )

    def explained(
        self, query: Query, ids: Sequence[str], deadline: float, statistics: Statistics | None = None
    ) -> dict[str, list[ScorePart]]:
        """Return the parts of the score that a query gives to some articles; one that is gone has none."""
        snapshot, similarity = self.snapshot, Similarity(self.snapshot, statistics, _counted(query))
        evaluator = Evaluator(snapshot, similarity, deadline)
        explanation = Explanation(evaluator, snapshot, similarity)
        alive, found = snapshot.alive, {}
        for id_ in ids:
            for document in evaluator.evaluate(Term("id", id_)).doc_list().documents.tolist():
                if alive is None or alive[document]:
                    found[id_] = explanation.parts(query, document)
        return found

    def _versions_of(self, id_: str, among: DocSet, unseen: DocSet, evaluator: Evaluator) -> DocSet:
        """Return the versions of an article among some documents, itself included; none of one that is not seen."""
        snapshot = self.snapshot
        own = exclude(evaluator.evaluate(Term("id", id_)), unseen).doc_list().documents
        own = own if snapshot.alive is None else own[snapshot.alive.take(own)]
        if not len(own):
            return no_docs(snapshot.documents)
        (document,) = own.tolist()
        versions = Versions(snapshot, evaluator.out_of_time).of(document, among.doc_list().documents)
        return DocList(snapshot.documents, np.union1d(versions, own), 0.0)

    def _filters(self, evaluator: Evaluator, scope: SearchScope, without: Sequence[str] = ()) -> list[DocSet]:
        """Return what the filters match, but for those of some fields, and what is not deleted."""
        alive = self.snapshot.alive
        filters = [evaluator.evaluate(filter_) for name, filter_ in scope.filters.items() if name not in without]
        return filters if alive is None else [*filters, DocBitmap(alive, 0.0)]

    def visible(self, scope: SearchScope) -> Array:
        """Return of each document whether it lies in a scope, bool[n].

        Raises `Unavailable` when the time is over: an unfinished mask would show what must not be seen.
        """
        evaluator = Evaluator(self.snapshot, Similarity(self.snapshot), scope.deadline)
        mask = ~evaluator.evaluate(scope.hidden).mask()
        for filter_ in self._filters(evaluator, scope):
            mask &= filter_.mask()
        if evaluator.partial:
            raise Unavailable("deadline_exceeded", "the deadline was over before there was a result")
        return mask

    def _counts(self, name: str, visible: DocSet, matches: DocSet, masks: Mapping[str, DocSet]) -> FacetCounts:
        """Return how many matches have each value of a field, those included that only its own filter takes away."""
        facet = self._facets.get(name)
        if facet is None:
            values = [segment.data.values(SPELLED_FIELDS[name]) for segment in self.opened]
            facet = self._facets[name] = FacetColumn(values)
        if name not in masks:
            return facet.counts(matches)
        return facet.counts(reduce(filter_by, (mask for other, mask in masks.items() if other != name), visible))

    def _histogram(self, matches: DocSet, wanted: Edges | None) -> tuple[Sequence[int], Sequence[int]]:
        """Count matches by date; give the edges with the counts."""
        if wanted is None:
            return (), ()
        dates = self.snapshot.column("published").take(matches.doc_list().documents)
        dates = dates[dates != ABSENT]
        if callable(wanted):
            wanted = wanted(int(dates.min()), int(dates.max())) if len(dates) else ()
        return wanted, count_intervals(dates, wanted)


def open_view(folder: Path) -> View:
    """Open the newest commit of a generation, whether it serves or not; raise `Unavailable` where that cannot be."""
    for _ in range(OPEN_ATTEMPTS):
        try:
            generation = latest_generation(folder)
            return View(folder, generation, read_segments(folder, generation, make_schema()))
        except FileNotFoundError:
            continue  # a commit replaced the files between reading the list and opening them
    raise Unavailable("index_unreadable", f"{folder}: a file is missing")


def _counted(query: Query) -> list[Forms]:
    """Return the words of a query that are scored by how many documents have them, each once."""
    found: dict[Forms, None] = {}
    for leaf in query.leaves():
        if isinstance(leaf, QueryNode):
            found |= dict.fromkeys(leaf.counted())
        elif isinstance(leaf, (Term, Phrase)) and leaf.field() in TEXT_FIELDS:
            words = leaf.words if isinstance(leaf, Phrase) else (leaf.text,)
            found |= dict.fromkeys(Forms((leaf.field(),), (word.encode(),)) for word in words)
    return list(found)


class IndexReader:
    """Opens views of the serving generation."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schema = make_schema()
        self._lock = threading.Lock()
        self._view: View | None = None
        self._stamps: tuple[int, ...] | None = None
        """The time stamps of the root and of the generation's folder that the view is known to be up to date with."""
        self._look_again_at = 0.0

    def view(self) -> View:
        """Return a view of the newest commit; raise `Unavailable` while there is no readable index."""
        try:
            return self._current()
        except Unavailable as fault:
            if fault.code != "index_rebuilding" and building(self._root) is not None:
                raise Unavailable("index_rebuilding", f"a new index is being built: {fault.message}") from fault
            raise

    def _current(self) -> View:
        missing: FileNotFoundError | None = None
        for _ in range(OPEN_ATTEMPTS):
            now_ns, now_s, view = time.time_ns(), time.monotonic(), self._view
            if view is not None and now_s < self._look_again_at and self._stamps_of(view.folder) == self._stamps:
                return view
            folder = serving(self._root)
            try:
                stamps = self._stamps_of(folder)
                view = self._newest(folder)
                if stamps and now_ns - max(stamps) > FRESH_NS:
                    self._stamps, self._look_again_at = stamps, now_s + LOOK_AGAIN_S
            except FileNotFoundError as error:
                missing = error
                time.sleep(0.005)  # a commit replaced the files between reading the list and opening them
                continue
            return view
        raise Unavailable("index_unreadable", f"{missing.filename if missing else self._root}: the file is missing")

    def _stamps_of(self, folder: Path) -> tuple[int, ...] | None:
        """Return what changes with the pointer to the generation that serves, and with its commits."""
        try:
            return self._root.stat().st_mtime_ns, folder.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def _newest(self, folder: Path) -> View:
        with self._lock:
            generation = latest_generation(folder)
            if generation < 0:
                raise Unavailable("index_unreadable", f"{folder}: there is no list of segments")
            view = self._view
            if view is None or (view.folder, view.generation) != (folder, generation):
                segments = read_segments(folder, generation, self._schema)
                before = view if view is not None and view.folder == folder else None
                view = self._view = View(folder, generation, segments, before)
            return view
