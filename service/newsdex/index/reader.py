"""Finds documents in the serving generation; each thread has a view of its own, refreshed after a commit."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whoosh.index import open_dir

from newsdex.errors import Unavailable
from newsdex.index.collector import BestMatches, Sort
from newsdex.index.expansion import Expansion
from newsdex.index.generations import STATE, read_state, serving
from newsdex.index.writer import UNREADABLE

OPEN_ATTEMPTS = 20
MAX_CACHED_FILTERS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The answer of the index."""

    documents: Sequence[tuple[str, float]]
    """(article id, score), best first, from `offset` on."""
    total: int
    partial: bool


@dataclass(kw_only=True)
class View:
    """One commit, opened; used by one thread, because Whoosh's readers keep file positions."""

    key: tuple[Path, int]
    position: int
    searcher: Any
    filters: dict[Any, Any] = field(default_factory=dict)

    def matching(self, tree: Any) -> Any:
        """Give the set of documents a filter allows, kept as long as this commit serves."""
        if tree not in self.filters:
            if len(self.filters) >= MAX_CACHED_FILTERS:
                self.filters.clear()
            self.filters[tree] = set(self.searcher.docs_for_query(tree))
        return self.filters[tree]

    def find(  # noqa: PLR0913 - the parts of one request
        self, tree: Any, *, allowed: Any, hidden: Any, sort: Sort, size: int, offset: int, deadline: float
    ) -> Found:
        """Find the documents of a Whoosh query tree, without those that match `hidden`.

        `allowed` is a filter's tree or None; `deadline` is a time of `time.monotonic`.
        """
        expansion = Expansion(reader=self.searcher.reader(), deadline=deadline)
        collector = BestMatches(
            limit=size + offset if size else 0,
            sort=sort,
            deadline=deadline,
            allowed=None if allowed is None else self.matching(allowed),
            hidden=set(self.searcher.docs_for_query(hidden)),
        )
        self.searcher.search_with_collector(expansion.rewrite(tree), collector)
        stored = self.searcher.stored_fields
        best = [(stored(document)["id"], score) for document, score in collector.best()[offset:]]
        return Found(documents=best, total=collector.total, partial=collector.timed_out or expansion.cut)


class IndexReader:
    """Opens views of the serving generation."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._local = threading.local()

    def view(self) -> View:
        """Give a view of the newest commit; raise `Unavailable` while there is no readable index."""
        known: View | None = getattr(self._local, "view", None)
        for _ in range(OPEN_ATTEMPTS):
            folder = serving(self._root)
            try:
                key = (folder, (folder / STATE).stat().st_mtime_ns)
                if known is not None and known.key == key:
                    return known
                # read before the index is opened: what is opened then has at least this position
                position = read_state(folder).position
                view = View(key=key, position=position, searcher=open_dir(str(folder)).searcher())
            except FileNotFoundError:
                time.sleep(0.005)  # a commit replaced the files between reading the list and opening them
                continue
            except UNREADABLE as error:
                raise Unavailable("index_unreadable", f"the index cannot be read: {type(error).__name__}") from error
            if known is not None:
                known.searcher.close()
            self._local.view = view
            return view
        raise Unavailable("index_unreadable", "the index changes too fast to be opened")

