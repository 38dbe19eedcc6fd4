"""Writes changes into one generation of the index: a batch is one durable commit; merging goes on beside it."""

import copy
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.filedb.filestore import FileStorage
from whoosh.index import LockError

from newsdex.errors import Unavailable
from newsdex.host.private import private_file
from newsdex.index.change_document import change_document
from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.indexing.analysis_cache import AnalysisCache
from newsdex.index.columnar.indexing.doc_ids import DocIdLookup, id_hashes_of
from newsdex.index.columnar.indexing.merge_policy import choose_merge, choose_purge, purge_at_us
from newsdex.index.columnar.indexing.merge_process import MergeProcess, Task
from newsdex.index.columnar.indexing.merger import GONE, document_maps
from newsdex.index.columnar.indexing.merging import Merging, Times
from newsdex.index.columnar.indexing.segment_writer import write_segment
from newsdex.index.columnar.storage.commits import (
    INDEX_NAME,
    LOCK_NAME,
    latest_generation,
    read_segments,
    sweep,
    verify_folder,
    write_segments,
)
from newsdex.index.columnar.storage.deletions import write_deletions
from newsdex.index.columnar.storage.segment import (
    ColumnarSegment,
    OpenSegment,
    deletions_name,
)
from newsdex.index.generations.fingerprint import fingerprint
from newsdex.index.generations.generations import read_state, write_state
from newsdex.index.schema import make_schema
from newsdex.records.feed import Change


class IndexWriter:
    """The one writer of a generation."""

    def __init__(self, folder: Path, *, merges: bool = True) -> None:
        """Open a generation; raise `Unavailable` where it is damaged or of another version.

        With `merges`, a process merges segments after commits; without, only `finish_merging` does, in this one.
        """
        state = read_state(folder)
        if state.made_by != fingerprint():
            raise Unavailable("index_version", f"the index was made by {state.made_by}, wanted is {fingerprint()}")
        self.folder = folder
        self._merges = merges
        self._schema = make_schema()
        self._analysis_cache = AnalysisCache()
        self._lock = threading.Lock()
        process = MergeProcess() if merges else None
        self._merging = Merging(process)
        if process is not None:
            weakref.finalize(self, process.close)
        self.commits_took_s = Times()
        self._in_work: set[str] = set()
        self._to_rewrite: set[str] = set()
        """Segments with words of articles that must leave the disk."""
        self._rewrites_asked = 0
        verify_folder(folder, self._schema)
        self._generation = latest_generation(folder)
        self._segments = read_segments(folder, self._generation, self._schema)
        self._id_lookups: dict[str, DocIdLookup] = {}
        self.position = max([state.position, *(segment.position for segment in self._segments)])
        self.as_of_us = self._segments[0].as_of_us if self._segments else state.as_of_us
        """The moment as of which the newest commit shows articles."""
        self._now_us = self.as_of_us
        self._hidden_anew: dict[str, int] = {}
        """By segment, when an article of it was first hidden since the merge that it is in began."""
        sweep(folder, self._generation, self._segments, set())

    @classmethod
    def create(cls, folder: Path, as_of_us: int, *, merges: bool = True) -> "IndexWriter":
        """Make an empty index in a new generation's folder; it will show articles as of a moment."""
        write_segments(folder, 0, make_schema(), [])
        write_state(folder, 0, as_of_us)
        return cls(folder, merges=merges)

    def apply(self, changes: Sequence[Change], as_of_us: int) -> None:
        """Bring some changes into the index, in one commit, each article once; applying them again changes nothing.

        Articles that may not be shown at the moment `as_of_us` are left out: `turn` brings them in. Everything that
        is in the index has to be as of that moment already. Raises `Unavailable` where the commit failed; the index is
        then as before, and the writer usable.
        """
        self._apply(changes, as_of_us, changes[-1].sequence, as_of_us)

    def turn(self, changes: Sequence[Change], moment_us: int, *, last: bool) -> None:
        """Show and hide articles as is right at a moment, in one commit; applying them again changes nothing.

        With the `last` ones, the index is as of that moment. Raises `Unavailable` as `apply` does.
        """
        self._apply(changes, moment_us, self.position, moment_us if last else self.as_of_us)

    def _apply(self, changes: Sequence[Change], moment_us: int, position: int, as_of_us: int) -> None:
        start = time.perf_counter()
        with self._lock:
            self._commit(lambda: self._changed(changes, moment_us), position, as_of_us)
        self.commits_took_s.append(time.perf_counter() - start)
        if self._merges:
            self._merge_beside()

    def tidy(self, now_us: int) -> None:
        """Begin to merge the segments that have had words of articles that are shown no more for too long."""
        self._now_us = now_us
        if self._merges:
            self._merge_beside()

    def rewrite_deleted(self) -> None:
        """Begin to merge every segment that has articles which are deleted by now, in whatever version."""
        with self._lock:
            self._to_rewrite = {segment.segment_id() for segment in self._segments if segment.deleted}
            self._rewrites_asked += 1
        if self._merges:
            self._merge_beside()

    @property
    def is_rewritten(self) -> bool:
        """Return whether nothing is left on the disk of what was deleted when `rewrite_deleted` was called."""
        with self._lock:
            return not any(segment.segment_id() in self._to_rewrite for segment in self._segments)

    @property
    def tidy_at_us(self) -> int | None:
        """Return when there is something to tidy; None where there is nothing, or merging goes on."""
        if self._merging.goes_on:
            return None
        return min((at for segment in self._segments if (at := purge_at_us(segment)) is not None), default=None)

    def _commit(self, change: Any, position: int, as_of_us: int) -> None:
        """Make a commit of the list of segments that `change` gives."""
        private_file(self.folder / LOCK_NAME)
        lock = FileStorage(str(self.folder)).lock(LOCK_NAME)
        if not lock.acquire():
            raise Unavailable("index_commit_failed", f"{self.folder / LOCK_NAME}: another process writes this index")
        try:
            segments = change()
            for segment in segments:
                segment.position, segment.as_of_us = position, as_of_us
            if not segments:  # the state must not fall behind what the segments that go have said
                write_state(self.folder, self.position, self.as_of_us)
            write_segments(self.folder, self._generation + 1, self._schema, segments)
            if not segments:
                write_state(self.folder, position, as_of_us)
        except (OSError, LockError) as error:
            raise Unavailable("index_commit_failed", f"{type(error).__name__}: {error}") from error
        finally:
            if latest_generation(self.folder) > self._generation:
                self._generation, self._segments = self._generation + 1, segments
                self.position, self.as_of_us = position, as_of_us
            sweep(self.folder, self._generation, self._segments, self._in_work)
            lock.release()

    def _changed(self, changes: Sequence[Change], moment_us: int) -> list[ColumnarSegment]:
        deleted = self._found([change.id.encode() for change in changes])
        segments = self._without(self._segments, deleted)
        self._mark_hidden(segments, [change for change in changes if not change.shown_at(moment_us)], moment_us)
        added = [change_document(change) for change in changes if change.shown_at(moment_us)]
        if added:
            segment = ColumnarSegment(INDEX_NAME, documents=len(added), position=0)
            write_segment(self.folder / segment.file_name(), added, self._analysis_cache)
            segments.append(segment)
        return [segment for segment in segments if segment.doc_count()]

    def _mark_hidden(self, segments: Sequence[ColumnarSegment], hidden: Sequence[Change], moment_us: int) -> None:
        """Note in which segments there are words of articles that are shown no more, in whatever version."""
        found = self._found([change.id.encode() for change in hidden])
        for segment in segments:
            if found[segment.segment_id()]:
                self._hidden_anew.setdefault(segment.segment_id(), moment_us)
                if segment.hidden_since_us is None:
                    segment.hidden_since_us = moment_us

    def _found(self, ids: Sequence[bytes]) -> dict[str, list[int]]:
        id_hashes = id_hashes_of(ids)
        return {segment.segment_id(): list(self._id_lookup(segment).find(ids, id_hashes)) for segment in self._segments}

    def _id_lookup(self, segment: ColumnarSegment) -> DocIdLookup:
        name = segment.segment_id()
        if name not in self._id_lookups:
            known = {other.segment_id() for other in self._segments}
            self._id_lookups = {name: lookup for name, lookup in self._id_lookups.items() if name in known}
            self._id_lookups[name] = DocIdLookup(OpenSegment(self.folder, segment).data)
        return self._id_lookups[name]

    def _without(
        self, segments: Sequence[ColumnarSegment], documents: Mapping[str, Sequence[int]]
    ) -> list[ColumnarSegment]:
        """Return segments without some documents, as the next commit has them; this commit's stay as they are."""
        changed = [copy.copy(segment) for segment in segments]
        masks = {}
        for segment in changed:
            name = segment.segment_id()
            alive = OpenSegment(self.folder, segment).alive if documents.get(name) and segment.deletions else None
            fresh = [number for number in documents.get(name, ()) if alive is None or alive[number]]
            if fresh:
                deleted = np.zeros(segment.documents, bool) if alive is None else ~alive
                deleted[fresh] = True
                segment.deleted, segment.deletions = int(deleted.sum()), self._generation + 1
                if segment.doc_count():
                    masks[name] = deleted
        if masks:
            write_deletions(self.folder / deletions_name(INDEX_NAME, self._generation + 1), masks)
        return changed

    @property
    def merges_took_s(self) -> Times:
        """Return how long merges took that nobody has asked about, in seconds."""
        return self._merging.took_s

    def _merge_beside(self) -> None:
        self._merging.begin(self._due, self._merge)

    def finish_merging(self) -> None:
        """Wait until nothing is left to merge."""
        self._merge_beside()
        self._merging.finish()

    def merge_everything(self) -> None:
        """Make one segment of all, whatever its size, in this process."""
        with self._lock:
            segments = list(self._segments)
        if len(segments) > 1 or any(segment.deleted for segment in segments):
            self._merge(segments, Task.done)

    def _due(self) -> list[ColumnarSegment]:
        with self._lock:  # a commit meanwhile would remove files of the list
            segments = list(self._segments)
            sizes = {s.segment_id(): (self.folder / s.file_name()).stat().st_size for s in segments}
        to_rewrite = [segment for segment in segments if segment.segment_id() in self._to_rewrite]
        return to_rewrite[:1] or choose_merge(segments, sizes) or choose_purge(segments, self._now_us)

    def _merge(self, sources: Sequence[ColumnarSegment], done: Callable[[Task], int]) -> None:
        merged = ColumnarSegment(INDEX_NAME, documents=0, position=0)
        with self._lock:
            now = {segment.segment_id(): segment for segment in self._segments}
            sources = [now[segment.segment_id()] for segment in sources if segment.segment_id() in now]
            if not sources:  # all of their articles were replaced meanwhile
                return
            read = {name for segment in sources for name in segment.file_names()}
            self._in_work.update(read, [merged.file_name()])
            self._hidden_anew.clear()
            rewrites_asked = self._rewrites_asked
        try:
            opened = [OpenSegment(self.folder, segment) for segment in sources]
            merged.documents = done(Task(self.folder, merged.file_name(), sources))
            lookup, maps = DocIdLookup(OpenSegment(self.folder, merged).data), document_maps(opened)
            with self._lock:
                self._in_work.difference_update(read)
                self._id_lookups[merged.segment_id()] = lookup
                self._commit(lambda: self._replaced(sources, merged, maps), self.position, self.as_of_us)
                # asked for after the sources were read: what was deleted between is in the merged segment
                if self._rewrites_asked != rewrites_asked:
                    self._to_rewrite.add(merged.segment_id())
        finally:
            self._in_work.difference_update(read, [merged.file_name()])

    def _replaced(
        self, sources: Sequence[ColumnarSegment], merged: ColumnarSegment, maps: Sequence[Array]
    ) -> list[ColumnarSegment]:
        """Return the list with one segment in place of several, without what was deleted during the merge."""
        names = [segment.segment_id() for segment in sources]
        now = {segment.segment_id(): segment for segment in self._segments}
        deleted: list[int] = []
        for name, numbers in zip(names, maps, strict=True):
            alive = OpenSegment(self.folder, now[name]).alive if name in now else np.zeros(len(numbers), bool)
            if alive is not None:
                deleted += numbers[~alive & (numbers != GONE)].tolist()
        place = next((i for i, segment in enumerate(self._segments) if segment.segment_id() in names), 0)
        segments = [copy.copy(segment) for segment in self._segments if segment.segment_id() not in names]
        (result,) = self._without([merged], {merged.segment_id(): deleted})
        result.hidden_since_us = min(
            (self._hidden_anew[name] for name in names if name in self._hidden_anew), default=None
        )
        if result.doc_count():
            segments.insert(place, result)
        return segments
