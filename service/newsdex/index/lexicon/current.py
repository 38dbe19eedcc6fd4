"""Keeps the lexicon of the newest commit: each segment is read once, since segments never change.

What was read of them is merged, since each table that a request looks into costs time; the smallest tables with each
other, as a log-structured merge tree does (O'Neil and others, 1996): a word is merged a few times, not at each commit.
A merged table whose segments are not all there any more is given up, and its segments' own tables stand in for it.
"""

import threading
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import structlog

from newsdex.errors import NewsdexError
from newsdex.index.columnar.storage.segment import OpenSegment, SegmentData
from newsdex.index.lexicon.table import WordTable
from newsdex.index.lexicon.words import names, number_of_terms, text_words

log = structlog.get_logger()

SMALL_TERMS = 20_000
"""So many new terms are read by the request that needs them, in some milliseconds; more are read beside it."""
MAX_TABLES = 8
"""When there are more, the smaller half of them become one."""
MAX_WORDS = 500_000
"""Of a table; some 80 bytes each. The rarest words, mostly errors of spelling, are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LexiconPart:
    """The tables of one segment, or of several."""

    documents: int
    words: WordTable
    authors: WordTable
    tags: WordTable

    @classmethod
    def merged(cls, parts: "Sequence[LexiconPart]") -> "LexiconPart":
        """Return one part for several."""
        return cls(
            documents=sum(part.documents for part in parts),
            words=WordTable.merged([part.words for part in parts]).most_frequent(MAX_WORDS),
            authors=WordTable.merged([part.authors for part in parts]).most_frequent(MAX_WORDS),
            tags=WordTable.merged([part.tags for part in parts]).most_frequent(MAX_WORDS),
        )

    @classmethod
    def of(cls, data: SegmentData) -> "LexiconPart":
        """Read a segment."""
        return cls(
            documents=data.documents,
            words=text_words(data).most_frequent(MAX_WORDS),
            authors=names(data, "authors").most_frequent(MAX_WORDS),
            tags=names(data, "tags").most_frequent(MAX_WORDS),
        )

    @property
    def size(self) -> int:
        """Return how much there is to merge."""
        return len(self.words) + len(self.authors) + len(self.tags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """The tables of the segments of a commit, or of an earlier one.

    It counts documents that are deleted or hidden, too: whoever shows a word makes sure that an article has it.
    """

    parts: Sequence[LexiconPart]

    def count(self, word: str) -> int:
        """Return how often a word stands in the texts."""
        return sum(part.words.count(word) for part in self.parts)


class LexiconReader:
    """Gives lexicons; large new segments are read, and tables merged, in a thread, while the one before is given."""

    def __init__(self, *, waits: bool = False) -> None:
        """Take whether all is read before a lexicon is given, as for a command: without it, no request waits."""
        self._waits = waits
        self._lock = threading.RLock()
        self._newest = Lexicon(parts=())
        self._parts: dict[str, LexiconPart] = {}
        """What was read, by segment."""
        self._merged: dict[frozenset[str], LexiconPart] = {}
        """Tables of several segments, by their names; no segment is in two."""
        self._working: threading.Thread | None = None

    def lexicon(self, segments: Sequence[OpenSegment]) -> Lexicon:
        """Return the lexicon of a commit's segments; one of an earlier commit, or an empty one, while much is read.

        So it does while another thread reads or merges.
        """
        if self._lock.acquire(blocking=self._waits):
            try:
                self._catch_up(segments)
            finally:
                self._lock.release()
        return self._newest

    def _catch_up(self, segments: Sequence[OpenSegment]) -> None:
        unread = [segment for segment in segments if segment.name not in self._parts]
        if self._waits or sum(number_of_terms(segment.data) for segment in unread) <= SMALL_TERMS:
            self._keep({segment.name: LexiconPart.of(segment.data) for segment in unread})
            self._forget(self._parts.keys() - {segment.name for segment in segments})
            unread = []
        if (unread or self._is_due()) and (self._working is None or not self._working.is_alive()):
            self._working = threading.Thread(target=self._work, args=(segments,), name="lexicon", daemon=True)
            self._working.start()

    def _tables(self) -> dict[frozenset[str], LexiconPart]:
        """Return the tables to look into, by the names of their segments."""
        covered = frozenset[str]().union(*self._merged)
        return self._merged | {frozenset({name}): part for name, part in self._parts.items() if name not in covered}

    def _is_due(self) -> bool:
        """Tell whether the smallest tables should become one."""
        return len(self._tables()) > MAX_TABLES

    def _keep(self, new: Mapping[str, LexiconPart]) -> None:
        self._parts = self._parts | dict(new)

    def _forget(self, gone: AbstractSet[str]) -> None:
        """Forget what is of segments that are gone, once it is known what is in those that came for them."""
        self._parts = {name: part for name, part in self._parts.items() if name not in gone}
        self._merged = {group: part for group, part in self._merged.items() if group <= self._parts.keys()}
        self._newest = Lexicon(parts=list(self._tables().values()))

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
            self._keep(new)
            self._forget(known.keys() - {segment.name for segment in segments})
            tables = sorted(self._tables().items(), key=lambda table: table[1].size)
        if len(tables) > MAX_TABLES:
            chosen = dict(tables[: len(tables) // 2 + 1])
            merged = LexiconPart.merged(list(chosen.values()))
            with self._lock:
                kept = {group: part for group, part in self._merged.items() if group not in chosen}
                self._merged = kept | {frozenset[str]().union(*chosen): merged}
                self._forget(frozenset())  # a segment that went meanwhile takes the table with it
