"""Checks a generation: every byte against its checksum, every document against the archive. Changes nothing.

Each check is a sequence of small steps, so that a process that has other things to do can do them in between.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from newsdex.errors import Unavailable
from newsdex.host.handles import raise_out_of_handles
from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.storage.commits import latest_generation, read_segments
from newsdex.index.columnar.storage.section_file import Damaged, SectionFile
from newsdex.index.columnar.storage.segment import SEQUENCE_COLUMN, ColumnarSegment, OpenSegment
from newsdex.index.generations.feed import ChangeFeed
from newsdex.index.generations.generations import read_state
from newsdex.index.reader import View
from newsdex.index.schema import make_schema
from newsdex.records.feed import FeedEntry

CHUNK_ENTRIES = 5_000
TAIL_ENTRIES = 1_000
"""So many of the newest documents are compared with the archive at each start."""
ENTRY_COST_BYTES = 100
"""What reading one entry of the archive counts for beside bytes of the index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong; the text names the file or the article."""

    code: str
    text: str


Steps = Iterator[Finding | int]
"""A finding, or how many bytes have been read since the step before."""


def first_finding(steps: Steps) -> Finding | None:
    """Return the first thing that is wrong, or None."""
    return next((step for step in steps if isinstance(step, Finding)), None)


def check_files(folder: Path) -> Steps:
    """Check every byte of a generation's newest commit: state, list of segments, deletions, every section.

    Files are read again from the disk, whatever this process has checked of them before.
    """
    try:
        read_state(folder)
        opened = _open(folder)
    except Unavailable as fault:
        yield Finding(code=fault.code, text=fault.message)
        return
    for file in opened:
        if isinstance(file, Finding):
            yield file
        else:
            yield from _check_sections(file)


def _open(folder: Path) -> list[SectionFile | Finding]:
    """Open the files of the newest commit; what is open stays readable when a later commit removes it."""
    while True:
        generation = latest_generation(folder)
        if generation < 0:
            raise Unavailable("index_unreadable", f"{folder}: there is no list of segments")
        with suppress(FileNotFoundError):
            segments = read_segments(folder, generation, make_schema())
            opened = [_open_segment(folder, segment) for segment in segments]
            if latest_generation(folder) == generation:
                return opened


def _open_segment(folder: Path, segment: ColumnarSegment) -> SectionFile | Finding:
    path = folder / segment.file_name()
    try:
        OpenSegment(folder, segment)
        return SectionFile(path)
    except Unavailable as fault:
        return Finding(code=fault.code, text=fault.message)
    except OSError as error:
        raise_out_of_handles(error)
        return Finding(code="index_damaged", text=f"{error.filename or path}: {error.strerror}")


def _check_sections(file: SectionFile) -> Steps:
    whole = True
    for name in file.names():
        try:
            yield file[name].all().nbytes
        except Damaged as fault:
            whole = False
            yield Finding(code=fault.code, text=fault.message)
    try:
        if whole:
            file.verify()  # what lies between the sections
    except Damaged as fault:
        yield Finding(code=fault.code, text=fault.message)


def check_documents(view: View, feed: ChangeFeed, now_us: int, after: int = 0) -> Steps:
    """Compare the documents of a commit with the archive: same articles, each with the text of the same change.

    Articles are expected as of the moment of the commit. Changes up to `after` are left out. Archive and clock may go
    on: what changed since the commit may differ, and so may articles whose embargo or expiry lies between the moment of
    the commit and `now_us`. Raises `Unavailable` where the archive cannot be read.
    """
    try:
        documents = _Documents(view.opened, after)
        yield from _compare(documents, view, feed, now_us, after)
    except Damaged as fault:
        yield Finding(code=fault.code, text=fault.message)


def check_tail(view: View, feed: ChangeFeed, now_us: int) -> Finding | None:
    """Compare the newest documents with the archive: the quick way to notice that it is another archive."""
    head = feed.head()
    if view.position > head:
        return _disagrees(view, f"is at change {view.position:,}, the archive at {head:,}")
    sequences = _Documents(view.opened, 0).sequences
    after = int(sequences[-TAIL_ENTRIES]) - 1 if len(sequences) >= TAIL_ENTRIES else 0
    return first_finding(check_documents(view, feed, now_us, after))


class _Documents:
    """The live documents of a commit, sorted by the number of the change that they show."""

    def __init__(self, segments: Sequence[OpenSegment], after: int) -> None:
        self._segments = segments
        empty = [np.zeros(0, np.int64)]
        alive = [np.arange(s.documents) if s.alive is None else np.flatnonzero(s.alive) for s in segments]
        numbers = [s.data.column(SEQUENCE_COLUMN).values()[own] for s, own in zip(segments, alive, strict=True)]
        sequences = np.concatenate(empty + numbers)
        order = np.argsort(sequences)
        order = order[np.searchsorted(sequences[order], after, "right") :]
        self.sequences: Array = sequences[order]
        self._document: Array = np.concatenate(empty + alive)[order]
        self._segment: Array = np.repeat(np.arange(len(alive)), [len(own) for own in alive])[order]

    def __len__(self) -> int:
        return len(self.sequences)

    def id_of(self, place: int) -> str:
        """Return the id of the article at a place in the order."""
        return self._segments[int(self._segment[place])].data.article_id(int(self._document[place]))


def _compare(documents: _Documents, view: View, feed: ChangeFeed, now_us: int, after: int) -> Steps:
    expected = np.zeros(len(documents), bool)
    may_differ: set[str] = set()
    while entries := feed.entries(after, CHUNK_ENTRIES):
        places = np.searchsorted(documents.sequences, [entry.sequence for entry in entries]).tolist()
        for entry, place in zip(entries, places, strict=True):
            if entry.sequence > view.position or entry.turns_between(view.as_of_us, now_us):
                may_differ.add(entry.id)
            elif _shows(documents, place, entry, view.as_of_us):
                expected[place] = True
            elif entry.shown_at(view.as_of_us):
                yield _disagrees(view, f"lacks the article {entry.id} of change {entry.sequence:,}")
        after = entries[-1].sequence
        yield len(entries) * ENTRY_COST_BYTES
    seen: set[str] = set()
    for place in np.flatnonzero(~expected).tolist():
        id_ = documents.id_of(place)
        if id_ not in may_differ or id_ in seen:
            change = int(documents.sequences[place])
            yield _disagrees(view, f"has the article {id_} of change {change:,}, which is not to be shown so")
        seen.add(id_)


def _shows(documents: _Documents, place: int, entry: FeedEntry, as_of_us: int) -> bool:
    found = place < len(documents) and int(documents.sequences[place]) == entry.sequence
    return entry.shown_at(as_of_us) and found and documents.id_of(place) == entry.id


def _disagrees(view: View, what: str) -> Finding:
    return Finding(code="index_disagrees", text=f"{view.folder} {what}")
