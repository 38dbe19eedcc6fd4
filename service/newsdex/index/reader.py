"""Finds documents in the serving generation; threads share one view, replaced after a commit."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex
from whoosh.searching import Searcher

from newsdex.errors import Unavailable
from newsdex.index.columnar.columns import ABSENT
from newsdex.index.columnar.commits import latest_generation, read_segments
from newsdex.index.columnar.counting import count_intervals, count_values
from newsdex.index.columnar.execution import Execution
from newsdex.index.columnar.filters import FilterCache
from newsdex.index.columnar.matches import Matches, filtered
from newsdex.index.columnar.ranking import best_scored, highest
from newsdex.index.columnar.sections import Array
from newsdex.index.columnar.segment import ColumnarSegment, OpenSegment
from newsdex.index.columnar.snapshot import Snapshot
from newsdex.index.generations import building, read_state, serving
from newsdex.index.languages import DEFAULT
from newsdex.index.schema import make_schema

Sort = Literal["relevance", "newest", "oldest"]
OPEN_ATTEMPTS = 20
FRESH_NS = 100_000_000
"""A folder that changed so short a time ago may change again without its time stamp telling so."""
LOOK_AGAIN_S = 1.0
"""So long a time stamp is believed: a clock that was set back may give one twice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The answer of the index."""

    documents: Sequence[tuple[str, float]]
    """(article id, score), best first, from `offset` on."""
    total: int
    partial: bool
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By field, how many of all matches have each value."""
    histogram: Sequence[int] = ()
    """How many of all matches were published in each interval that was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Best:
    """A match that may be among the best: sorts by key, then by place."""

    key: float
    segment: int
    document: int
    score: float


class View:
    """One commit, opened; any number of threads may use it."""

    def __init__(
        self, folder: Path, generation: int, segments: Sequence[ColumnarSegment], filters: FilterCache
    ) -> None:
        self.folder = folder
        self.generation = generation
        self.position = max((segment.position for segment in segments), default=0) or read_state(folder).position
        self._segments = segments
        self.opened = [OpenSegment(folder, segment) for segment in segments]
        self._snapshot = Snapshot(self.opened)
        self._filters = filters

    @cached_property
    def searcher(self) -> Any:
        """Give Whoosh's own searcher over the same commit."""
        storage = FileStorage(str(self.folder))
        reader = FileIndex._reader(storage, make_schema(), list(self._segments), self.generation)  # noqa: SLF001 - opens this commit, not the newest
        return Searcher(reader)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Give the languages that articles are stemmed by, the default first."""
        return (DEFAULT, *sorted(frozenset().union(*(one.data.languages for one in self._snapshot.segments))))

    def find(  # noqa: PLR0913 - the parts of one request
        self,
        tree: Any,
        *,
        allowed: Any,
        hidden: Any,
        sort: Sort,
        size: int,
        offset: int,
        deadline: float,
        facets: Sequence[str] = (),
        histogram: Sequence[int] | None = None,
    ) -> Found:
        """Find the documents of a Whoosh query tree, without those that match `hidden`.

        `allowed` is a filter's tree or None; `deadline` is a time of `time.monotonic`; `histogram` gives the edges of
        intervals of publication, sorted, in microseconds since 1970: n edges give n - 1 counts.
        """
        total, cut_short = 0, False
        best: list[_Best] = []
        counts: dict[str, dict[str, int]] = {name: {} for name in facets}
        intervals = np.zeros(max(len(histogram or ()) - 1, 0), np.int64)
        for number in range(len(self._snapshot.segments)):
            execution = Execution(self._snapshot, number, deadline, partial(self._leaf, number))
            matches = filtered(execution.matches(tree), self._visible(execution, number, allowed, hidden))
            total += len(matches)
            cut_short |= execution.partial
            if size and len(matches):
                best += self._best(number, matches, sort, size + offset)
            for name in facets:
                self._count(counts[name], number, name, matches)
            if histogram:
                column = self._snapshot.segments[number].data.column("published")
                intervals += count_intervals(column, histogram, matches)
        best.sort(key=lambda one: (-one.key, one.segment, one.document))
        chosen = best[offset : offset + size]
        return Found(
            documents=[(self._id(one), one.score) for one in chosen],
            total=total,
            partial=cut_short,
            facets=counts,
            histogram=intervals.tolist(),
        )

    def _leaf(self, number: int) -> Any:
        return self.searcher.leaf_searchers()[number][0] if self._segments else self.searcher

    def _id(self, one: _Best) -> str:
        return self._snapshot.segments[one.segment].data.article_id(one.document)

    def _visible(self, execution: Execution, number: int, allowed: Any, hidden: Any) -> Array | None:
        """Give the mask of documents that may be found, or None where all may."""
        segment = self._snapshot.segments[number]
        visible = segment.alive
        if allowed is not None:
            mask = self._filters.mask(segment.data, allowed, execution)
            visible = mask if visible is None else visible & mask
        unseen = execution.matches(hidden)
        if len(unseen):
            visible = ~unseen.mask() if visible is None else visible & ~unseen.mask()
        return visible

    def _best(self, number: int, matches: Matches, sort: Sort, limit: int) -> list[_Best]:
        if sort == "relevance":
            documents, best = best_scored(matches, limit)
            scores: list[float] = best.tolist()
            keys: Sequence[float] = scores
        else:
            documents, keys = self._by_date(number, matches.sparse().documents, sort, limit)
            scores = [0.0] * len(keys)
        parts = zip(keys, documents.tolist(), scores, strict=True)
        return [_Best(key=key, segment=number, document=document, score=score) for key, document, score in parts]

    def _by_date(self, number: int, documents: Array, sort: Sort, limit: int) -> tuple[Array, list[int]]:
        dates = self._snapshot.segments[number].data.column("published").at(documents, ABSENT + 1)
        keys = dates if sort == "newest" else -dates
        chosen = highest(keys, limit)
        return documents.take(chosen), keys.take(chosen).tolist()

    def _count(self, counts: dict[str, int], number: int, name: str, matches: Matches) -> None:
        """Add up a facet: how many matches each value of a field has."""
        field = self._snapshot.posting_field(number, name)
        if field is None or not len(matches):
            return
        for value, count in count_values(field, matches):
            counts[value] = counts.get(value, 0) + count


def open_view(folder: Path) -> View:
    """Open the newest commit of a generation, whether it serves or not; raise `Unavailable` where that cannot be."""
    for _ in range(OPEN_ATTEMPTS):
        try:
            generation = latest_generation(folder)
            return View(folder, generation, read_segments(folder, generation, make_schema()), FilterCache())
        except FileNotFoundError:
            continue  # a commit replaced the files between reading the list and opening them
    raise Unavailable("index_unreadable", f"{folder}: a file is missing")


class IndexReader:
    """Opens views of the serving generation."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._schema = make_schema()
        self._filters = FilterCache()
        self._lock = threading.Lock()
        self._view: View | None = None
        self._stamp: tuple[Path, int] | None = None
        """The folder and its time stamp that the view is known to be up to date with."""
        self._look_again_at = 0.0

    def view(self) -> View:
        """Give a view of the newest commit; raise `Unavailable` while there is no readable index."""
        try:
            return self._current()
        except Unavailable as fault:
            if fault.code != "index_rebuilding" and building(self._root) is not None:
                raise Unavailable("index_rebuilding", f"a new index is being built: {fault.message}") from fault
            raise

    def _current(self) -> View:
        missing: FileNotFoundError | None = None
        for _ in range(OPEN_ATTEMPTS):
            folder = serving(self._root)
            try:
                now_ns, now_s = time.time_ns(), time.monotonic()
                changed_ns = folder.stat().st_mtime_ns
                view = self._view
                if view is not None and self._stamp == (folder, changed_ns) and now_s < self._look_again_at:
                    return view
                view = self._newest(folder)
                if now_ns - changed_ns > FRESH_NS:
                    self._stamp, self._look_again_at = (folder, changed_ns), now_s + LOOK_AGAIN_S
            except FileNotFoundError as error:
                missing = error
                time.sleep(0.005)  # a commit replaced the files between reading the list and opening them
                continue
            return view
        raise Unavailable("index_unreadable", f"{missing.filename if missing else self._root}: the file is missing")

    def _newest(self, folder: Path) -> View:
        with self._lock:
            generation = latest_generation(folder)
            if generation < 0:
                raise Unavailable("index_unreadable", f"{folder}: there is no list of segments")
            view = self._view
            if view is None or (view.folder, view.generation) != (folder, generation):
                segments = read_segments(folder, generation, self._schema)
                view = self._view = View(folder, generation, segments, self._filters)
            return view
