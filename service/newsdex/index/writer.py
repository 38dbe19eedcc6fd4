"""Writes changes into one generation of the index: a batch is one commit, fsynced before its position is recorded."""

import gc
import os
import pickle
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from whoosh.index import EmptyIndexError, FileIndex, LockError, create_in, open_dir
from whoosh.reading import TermNotFound

from newsdex.errors import Unavailable
from newsdex.index.generations import read_state, sync_folder, write_state
from newsdex.index.schema import INDEX_VERSION, document, make_schema
from newsdex.records import Change

POOL_MB = 128
UNREADABLE = (EmptyIndexError, EOFError, OSError, TypeError, KeyError, ValueError, pickle.UnpicklingError, struct.error)
"""What Whoosh raises on a damaged index."""


class IndexWriter:
    """The one writer of a generation."""

    def __init__(self, folder: Path) -> None:
        """Open a generation; raise `Unavailable` where it is damaged or of another version."""
        state = read_state(folder)
        if state.version != INDEX_VERSION:
            raise Unavailable("index_version", f"the index has version {state.version}, wanted is {INDEX_VERSION}")
        self.folder = folder
        self.position = state.position
        try:
            self._index: FileIndex = open_dir(str(folder))
            with self._index.reader() as reader:
                self._documents = reader.doc_count()
        except UNREADABLE as error:
            raise Unavailable("index_unreadable", f"{folder}: {type(error).__name__}: {error}") from error

    @classmethod
    def create(cls, folder: Path) -> "IndexWriter":
        """Make an empty index in a new generation's folder."""
        create_in(str(folder), make_schema())
        write_state(folder, 0)
        return cls(folder)

    def apply(self, changes: Sequence[Change]) -> None:
        """Bring some changes into the index, in one commit, each article once; applying them again changes nothing.

        Raises `Unavailable` where the commit failed; the index is then as before, and the writer usable.
        """
        before = set(os.listdir(self.folder))
        try:
            self._commit(changes)
            self._sync(before)
            write_state(self.folder, changes[-1].sequence)
        except (OSError, LockError) as error:
            # a dead writer holds the lock until it is collected
            gc.collect()
            raise Unavailable("index_commit_failed", f"{type(error).__name__}: {error}") from error
        self.position = changes[-1].sequence

    def _commit(self, changes: Sequence[Change]) -> None:
        # compound segments would be copied into memory whole at every open
        writer = self._index.writer(compound=False, limitmb=POOL_MB)
        try:
            with self._index.reader() as reader:
                for change in changes:
                    _delete(writer, reader, change.id)
            for change in changes:
                article = change.article()
                if article is not None:
                    writer.add_document(**document(article))
            writer.commit()
        except BaseException:
            with suppress(OSError):
                writer.cancel()
            raise

    def _sync(self, before: set[str]) -> None:
        for name in set(os.listdir(self.folder)) - before:
            if not (self.folder / name).is_file():
                continue
            descriptor = os.open(self.folder / name, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(self.folder)


def _delete(writer: Any, reader: Any, id_: str) -> None:
    """Delete an article's document through one shared reader; Whoosh would open a searcher for each."""
    with suppress(TermNotFound):
        writer.delete_document(reader.first_id("id", id_.encode()))
