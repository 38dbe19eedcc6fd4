"""Keeps the lexicon of the newest commit: a part for each segment, made once, since segments never change."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from newsdex.errors import NewsdexError
from newsdex.index.columnar.segment import OpenSegment, SegmentData
from newsdex.index.lexicon.table import WordTable
from newsdex.index.lexicon.words import names, text_words

log = structlog.get_logger()

SMALL_DOCUMENTS = 200
"""So many new documents are read while the request waits, some milliseconds; more are read beside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LexiconPart:
    """The tables of one segment."""

    documents: int
    words: WordTable
    authors: WordTable
    tags: WordTable

    @classmethod
    def of(cls, data: SegmentData) -> "LexiconPart":
        """Read a segment."""
        return cls(
            documents=data.documents, words=text_words(data), authors=names(data, "authors"), tags=names(data, "tags")
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """The tables of all segments of a commit, or of an earlier one.

    It counts documents that are deleted or hidden, too: whoever shows a word makes sure that an article has it.
    """

    parts: Sequence[LexiconPart]

    def count(self, word: str) -> int:
        """Give how often a word stands in the texts."""
        return sum(part.words.count(word) for part in self.parts)


class LexiconReader:
    """Gives lexicons; a large new segment is read in a thread, and meanwhile the lexicon before it is given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[str, LexiconPart] = {}
        self._reading: threading.Thread | None = None

    def lexicon(self, segments: Sequence[OpenSegment]) -> Lexicon:
        """Give the lexicon of a commit's segments; the first one is waited for."""
        with self._lock:
            known = self._parts
            unread = [segment for segment in segments if segment.name not in known]
            if not unread:
                if len(known) > len(segments):
                    self._keep(segments, known)
            elif not known or sum(segment.documents for segment in unread) <= SMALL_DOCUMENTS:
                self._keep(segments, known | {segment.name: LexiconPart.of(segment.data) for segment in unread})
            elif self._reading is None or not self._reading.is_alive():
                self._reading = threading.Thread(target=self._read, args=(segments,), name="lexicon", daemon=True)
                self._reading.start()
            return Lexicon(parts=list(self._parts.values()))

    def _keep(self, segments: Sequence[OpenSegment], parts: dict[str, LexiconPart]) -> None:
        """Take these parts, without those of segments that are gone."""
        self._parts = {segment.name: parts[segment.name] for segment in segments}

    def _read(self, segments: Sequence[OpenSegment]) -> None:
        known = self._parts
        try:
            new = {segment.name: LexiconPart.of(segment.data) for segment in segments if segment.name not in known}
        except NewsdexError as fault:  # what is damaged is told to whoever searches it
            log.warning("lexicon.failed", code=fault.code, reason=fault.message)
            return
        with self._lock:
            self._parts = self._parts | new
