"""A small newsdex without a broker: events go in, search requests are answered."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.index.generations.projector import Projector
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import IndexReader, View
from newsdex.index.scope import SearchScope
from newsdex.ingest.handle import handle_batch
from newsdex.records.events import Delivery, Result
from newsdex.records.moments import microseconds
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parsed_query import parse_query
from newsdex.search.more_like_this import Similar
from newsdex.search.plan.build import matching
from newsdex.search.plan.curation import Curation, shipped
from newsdex.search.plan.filters import hidden_query
from newsdex.search.sealing import KEY_BYTES, Seal
from newsdex.search.service import Search
from newsdex.search.suggest.suggester import Suggestions, suggestion_weights
from newsdex_schemas import (
    EVENT_MODELS,
    SearchReply,
    SearchRequest,
    SimilarReply,
    SimilarRequest,
    SuggestReply,
    SuggestRequest,
    channels,
)
from newsdex_schemas.events import event_type

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOURCE = "test"
SEAL = Seal(bytes(KEY_BYTES))


def drain(projector: Projector) -> int:
    """Let a projector catch up, make ready what it has begun, and end its merges; give how many changes there were."""
    changes = 0
    while (applied := projector.step()) or projector.busy:
        changes += applied
    projector.finish_merging()
    return changes


def found_in(view: View, q: str, **options: Any) -> list[str]:
    """Return the ids that a view itself finds, without an archive beside it."""
    query = matching(parse_query(q).tree, QueryClock(now_us=0), view.languages)
    scope = SearchScope(hidden=hidden_query(0, []), deadline=math.inf)
    found = view.find(query, scope, **({"sort": "oldest", "size": 100} | options))
    return [id_ for id_, _ in found.documents]


def stories(*numbers: int, word: str = "ferry") -> list[dict[str, Any]]:
    """Return articles of like text, a day apart."""
    return [
        {
            "id": str(number),
            "title": f"Story {number}",
            "body": f"The {word} left.",
            "published_at": f"2026-01-{number + 1:02}T00:00:00Z",
        }
        for number in numbers
    ]


class Corpus:
    """An archive and its index in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index_root = folder / "index"
        self.writer = ArchiveWriter(folder)
        self.archive = ArchiveReader(folder)
        self.now = NOW
        """What the index takes for the time."""
        self.projector = Projector(self.archive, self.index_root, lambda: microseconds(self.now))
        self.reader = IndexReader(self.index_root)
        self.lexicons = LexiconReader(waits=True)
        self._deliveries = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.archive.close()
        self.writer.close()

    def delivery(self, channel: str, body: bytes, *, deliveries: int = 1) -> Delivery:
        """Return a message as the broker would deliver it; each is a minute newer than the one before."""
        self._deliveries += 1
        stored_us = microseconds(NOW) + self._deliveries * 60_000_000
        return Delivery(
            subject=channel,
            headers={},
            body=body,
            stream_sequence=self._deliveries,
            stored_us=stored_us,
            deliveries=deliveries,
        )

    def event(self, channel: str, data: Mapping[str, Any], **attributes: Any) -> Delivery:
        """Return an event as a message; its id is its number among the corpus' events unless one is given."""
        model = EVENT_MODELS[channel]
        named = {"id": str(self._deliveries + 1), "source": SOURCE, "type": event_type(model)} | attributes
        data_model: Any = model.model_fields["data"].annotation
        return self.delivery(channel, model(**named, data=data_model(**data)).to_json())

    def handle(self, *deliveries: Delivery) -> list[Result]:
        """Bring messages into the archive, in one transaction."""
        return handle_batch(self.writer, deliveries, microseconds(NOW))

    def publish(self, *articles: Mapping[str, Any]) -> list[Result]:
        """Bring articles into the archive, in one transaction."""
        return self.handle(*(self.event(channels.ARTICLES_PUBLISHED, article) for article in articles))

    def withdraw(self, id_: str) -> list[Result]:
        """Withdraw an article in the archive."""
        return self.handle(self.event(channels.ARTICLES_WITHDRAWN, {"id": id_}))

    def index(self, *, now: datetime | None = None) -> None:
        """Let the index catch up with the archive, and with a clock that may be set."""
        self.now = now or self.now
        drain(self.projector)

    @contextmanager
    def at(self, now: datetime) -> Iterator[None]:
        """Have the index be as of some moment for a while."""
        before = self.now
        self.index(now=now)
        yield
        self.index(now=before)

    def answer(self, request: SearchRequest, *, now: datetime = NOW, curation: Curation | None = None) -> SearchReply:
        """Answer a request as a searcher would at some moment."""
        search = Search(
            index=self.reader,
            texts=self.archive,
            clock_us=lambda: microseconds(now),
            seal=SEAL,
            lexicons=self.lexicons,
            curation=curation or shipped(),
        )
        return search.answer(request, time.monotonic())

    def suggest(self, q: str, *, now: datetime = NOW, **fields: Any) -> SuggestReply:
        """Suggest as a searcher would at some moment."""
        suggestions = Suggestions(
            index=self.reader,
            texts=self.archive,
            clock_us=lambda: microseconds(now),
            lexicons=self.lexicons,
            recency=suggestion_weights(shipped().recency),
        )
        return suggestions.answer(SuggestRequest(q=q, **({"timeout_ms": 10_000} | fields)), time.monotonic())

    def similar(self, id_: str, *, now: datetime = NOW, **fields: Any) -> SimilarReply:
        """Find similar articles as a searcher would at some moment."""
        similar = Similar(index=self.reader, texts=self.archive, clock_us=lambda: microseconds(now))
        return similar.answer(SimilarRequest(id=id_, **({"timeout_ms": 10_000} | fields)), time.monotonic())

    def ids(self, q: str, **fields: Any) -> list[str]:
        """Return the ids that a query finds, in order."""
        return [hit.id for hit in self.answer(SearchRequest(q=q, **fields)).hits]
