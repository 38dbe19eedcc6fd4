"""Indexes one article by itself, for as long as somebody asks what it has that a query asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from newsdex.index.reader import View, open_view
from newsdex.index.writer import IndexWriter
from newsdex.records.feed import Change


@contextmanager
def view_of_one(id_: str, content: bytes) -> Iterator[View]:
    """Yield a view that has nothing but one article, given as the archive has it, whether it may be shown or not."""
    with TemporaryDirectory(prefix="newsdex-") as name:
        folder = Path(name)
        writer = IndexWriter.create(folder, 0, merges=False)
        writer.apply([Change(sequence=1, id=id_, content=content, correlation_id="")], 0)
        yield open_view(folder)
