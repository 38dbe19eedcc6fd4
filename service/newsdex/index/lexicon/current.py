"""Keeps the lexicon of the newest commit: each segment is read once, since segments never change.

What was read of them is merged, since each table that a request looks into costs time. Merging goes on from time to
time, so between two merges a request looks into the merged tables and those of a few new segments. Segments that
are gone stay in the merged tables for a while: others have their articles, but for those that are shown no more.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from newsdex.errors import NewsdexError
from newsdex.index.columnar.storage.segment import OpenSegment, SegmentData
from newsdex.index.lexicon.table import WordTable
from newsdex.index.lexicon.words import names, text_words

log = structlog.get_logger()

SMALL_DOCUMENTS = 200
"""So many new documents are read while the request waits, some milliseconds; more are read beside it."""
KEPT_S = 600.0
"""So long words of segments that are gone may stay in the merged tables."""
MAX_UNMERGED = 6
MAX_UNMERGED_SHARE = 0.5
"""When there are more unmerged tables, or they have more words than this share of the merged ones, all are merged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LexiconPart:
    """The tables of one segment, or of several."""

    documents: int
    words: WordTable
    authors: WordTable
    tags: WordTable

    @classmethod
    def merged(cls, parts: "Sequence[LexiconPart]") -> "LexiconPart":
        """Give one part for several."""
        return cls(
            documents=sum(part.documents for part in parts),
            words=WordTable.merged([part.words for part in parts]),
            authors=WordTable.merged([part.authors for part in parts]),
            tags=WordTable.merged([part.tags for part in parts]),
        )

    @classmethod
    def of(cls, data: SegmentData) -> "LexiconPart":
        """Read a segment."""
        return cls(
            documents=data.documents, words=text_words(data), authors=names(data, "authors"), tags=names(data, "tags")
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """The tables of the segments of a commit, or of an earlier one.

    It counts documents that are deleted or hidden, too: whoever shows a word makes sure that an article has it.
    """

    parts: Sequence[LexiconPart]

    def count(self, word: str) -> int:
        """Give how often a word stands in the texts."""
        return sum(part.words.count(word) for part in self.parts)


class LexiconReader:
    """Gives lexicons; large new segments are read, and tables merged, in a thread, while the one before is given."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock in seconds."""
        self._clock = clock
        self._gone_since: float | None = None
        """Since when a segment of the merged tables is gone."""
        self._lock = threading.RLock()
        self._parts: dict[str, LexiconPart] = {}
        """What was read, by segment."""
        self._merged: LexiconPart | None = None
        self._merged_names: frozenset[str] = frozenset()
        self._working: threading.Thread | None = None

    def lexicon(self, segments: Sequence[OpenSegment]) -> Lexicon:
        """Give the lexicon of a commit's segments; the first one is waited for."""
        with self._lock:
            if self._gone_since is None and self._merged_names - {segment.name for segment in segments}:
                self._gone_since = self._clock()
            if not self._parts:
                self._update(segments)
            unread = [segment for segment in segments if segment.name not in self._parts]
            if sum(segment.documents for segment in unread) <= SMALL_DOCUMENTS:
                self._parts = self._parts | {segment.name: LexiconPart.of(segment.data) for segment in unread}
                self._forget(segments)
                unread = []
            if (unread or self._is_due()) and (self._working is None or not self._working.is_alive()):
                self._working = threading.Thread(target=self._work, args=(segments,), name="lexicon", daemon=True)
                self._working.start()
            merged = [self._merged] if self._merged else []
            return Lexicon(parts=[*merged, *self._unmerged()])

    def _unmerged(self) -> list[LexiconPart]:
        return [part for name, part in self._parts.items() if name not in self._merged_names]

    def _is_due(self) -> bool:
        """Return whether all tables should become one."""
        if self._gone_since is not None and self._clock() >= self._gone_since + KEPT_S:
            return True
        unmerged, words = self._unmerged(), len(self._merged.words) if self._merged else 0
        return len(unmerged) > MAX_UNMERGED or sum(len(one.words) for one in unmerged) > MAX_UNMERGED_SHARE * words

    def _forget(self, segments: Sequence[OpenSegment]) -> None:
        names = {segment.name for segment in segments}
        self._parts = {name: part for name, part in self._parts.items() if name in names}

    def _work(self, segments: Sequence[OpenSegment]) -> None:
        try:
            self._update(segments)
        except NewsdexError as fault:  # what is damaged is told to whoever searches it
            log.warning("lexicon.failed", code=fault.code, reason=fault.message)

    def _update(self, segments: Sequence[OpenSegment]) -> None:
        """Read the segments that are not read, and merge where that is due; the slow parts do without the lock."""
        known = self._parts
        new = {segment.name: LexiconPart.of(segment.data) for segment in segments if segment.name not in known}
        with self._lock:
            self._parts = self._parts | new
            parts = {segment.name: self._parts[segment.name] for segment in segments if segment.name in self._parts}
            due = self._is_due()
        if due:
            merged = LexiconPart.merged(list(parts.values()))
            with self._lock:
                self._merged, self._merged_names, self._gone_since = merged, frozenset(parts), None
