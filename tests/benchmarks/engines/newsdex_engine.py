"""newsdex: the writer and the reader of its index, without the archive in front."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from tests.benchmarks.engines.protocol import HITS, Answer, Article
from tests.benchmarks.questions import FACETS, Question
from whoosh import query as q
from whoosh.query import Query

from newsdex.index.generations.generations import begin, serving, swap
from newsdex.index.generations.projector import MAX_BATCH
from newsdex.index.reader import IndexReader, View
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.scope import SearchScope
from newsdex.index.text.analysis import terms
from newsdex.index.text.languages import DEFAULT
from newsdex.index.writer import IndexWriter
from newsdex.records.feed import Change
from newsdex.search.plan.filters import filter_queries
from newsdex_schemas import SearchFilters

NO_DEADLINE = float("inf")


class NewsdexEngine:
    """Whoosh with our codec, writer and execution."""

    name = "newsdex"

    def __init__(self, folder: Path) -> None:
        self._root = folder
        self._writer: IndexWriter | None = None
        self._reader: IndexReader | None = None
        self._view: View | None = None
        self._sequence = 0

    def build(self, articles: Iterable[Article]) -> None:
        self.begin()
        self.add(articles)
        self.finish()

    def begin(self) -> None:
        """Make an empty index."""
        self._writer = IndexWriter.create(begin(self._root), 0)

    def add(self, articles: Iterable[Article]) -> None:
        """Index articles in batches as the projector makes them; merging goes on beside."""
        assert self._writer is not None
        remaining = iter(articles)
        while batch := list(islice(remaining, MAX_BATCH)):
            self._writer.apply(self._changes(batch), 0)

    def finish(self) -> None:
        """Wait for merging, and let searchers find the index."""
        assert self._writer is not None
        self._writer.finish_merging()
        swap(self._root, self._writer.folder, kept=None)

    def _changes(self, articles: Sequence[Article]) -> list[Change]:
        changes = []
        for article in articles:
            self._sequence += 1
            content = orjson.dumps(article)
            changes.append(Change(sequence=self._sequence, id=article["id"], content=content, correlation_id=""))
        return changes

    def replace(self, articles: Sequence[Article]) -> None:
        if self._writer is None:
            self._writer = IndexWriter(serving(self._root))
            self._sequence = self._writer.position
        self._writer.apply(self._changes(articles), 0)

    def open(self) -> None:
        self._reader = IndexReader(self._root)
        self._view = self._reader.view()

    def refresh(self) -> None:
        assert self._reader is not None
        assert self._view is not None
        before, self._view = self._view.position, self._reader.view()
        assert self._view.position > before

    def prepared(self, question: Question) -> Callable[[View], Answer]:
        tree = tree_of(question)
        counting = question.kind == "facets"
        options: dict[str, Any] = {
            "scope": SearchScope(filters=filters_of(question), deadline=NO_DEADLINE),
            "sort": "newest" if question.kind == "by_date" else "relevance",
            "size": 0 if counting else HITS,
            "facets": FACETS if counting else (),
        }

        def ask(view: View) -> Answer:
            found = view.find(tree, **options)
            facets = {name: counts.by_spelling() for name, counts in found.facets.items()}
            return Answer(total=found.total, ids=[id_ for id_, _ in found.documents], facets=facets)

        return ask

    def ask(self, prepared: Callable[[View], Answer]) -> Answer:
        assert self._view is not None
        return prepared(self._view)


def tree_of(question: Question) -> Any:
    """Return the tree that the service makes of such a query: each word in each field of text."""
    if question.kind == "phrase":
        words = [terms(word, DEFAULT)[0] for word in question.words]
        return q.Or([q.Phrase(name, words, boost=boost) for name, boost in TEXT_FIELDS.items()])
    parts = [
        q.Or([_leaf(question.kind, name, word, boost) for name, boost in TEXT_FIELDS.items()])
        for word in question.words
    ]
    if len(parts) == 1:
        return parts[0]
    return q.And(parts) if question.kind == "and" else q.Or([leaf for part in parts for leaf in part.subqueries])


def filters_of(question: Question) -> dict[str, Query]:
    """Return what the service makes of a question's filters."""
    filters = SearchFilters(
        section=(question.section,) if question.section else (),
        published_from=question.published_from,
        published_to=question.published_to,
    )
    return filter_queries(filters)


def _leaf(kind: str, field: str, word: str, boost: float) -> Any:
    if kind == "prefix":
        return q.Prefix(field, word, boost=boost)
    if kind == "fuzzy":
        return q.FuzzyTerm(field, word, boost=boost)
    return q.Term(field, terms(word, DEFAULT)[0], boost=boost)
