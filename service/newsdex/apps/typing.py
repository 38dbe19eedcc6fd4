"""Answers requests for suggestions and for similar articles, for the searcher."""

import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from faststream.nats import NatsBroker, NatsResponse
from faststream.nats.message import NatsMessage
from prometheus_client import Counter

from newsdex import metrics
from newsdex.apps.requests import correlation_id_of, in_time, problem_reply, reply
from newsdex.archive.reader import ArchiveReader
from newsdex.clock import now_us
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import IndexReader
from newsdex.search.more_like_this import Similar
from newsdex.search.service import problem_of
from newsdex.search.suggest.suggester import Suggestions, suggestion_weights
from newsdex.validation import read_request
from newsdex_schemas import Recency, SimilarReply, SimilarRequest, SuggestReply, SuggestRequest, channels

log = structlog.get_logger()

Asked = TypeVar("Asked", SuggestRequest, SimilarRequest)
Answer = TypeVar("Answer", SuggestReply, SimilarReply)


class TypingRequests:
    """The two handlers; `archive` opens the archive when it is first needed; `failed` is told of a problem's code."""

    def __init__(  # noqa: PLR0913, PLR0917 - what its process has
        self,
        threads: ThreadPoolExecutor,
        index: IndexReader,
        archive: Callable[[], ArchiveReader],
        lexicons: LexiconReader,
        recency: Recency,
        failed: Callable[[str, NatsMessage], Awaitable[None]],
    ) -> None:
        self._threads = threads
        self._index = index
        self._archive = archive
        self._lexicons = lexicons
        self._failed = failed
        self._recency = suggestion_weights(recency)

    def subscribe(self, broker: NatsBroker, options: dict[str, Any]) -> None:
        """Take requests from now on."""
        broker.subscriber(channels.SEARCH_SUGGEST, **options)(self._on_suggest)
        broker.subscriber(channels.SEARCH_SIMILAR, **options)(self._on_similar)

    async def _on_suggest(self, message: NatsMessage) -> NatsResponse:
        def refused(error: Exception, correlation_id: str) -> NatsResponse:
            return problem_reply(error, correlation_id, "suggest.refused")

        return await self._reply(message, SuggestRequest, self._suggest, _report_suggestions, metrics.SUGGESTS, refused)

    async def _on_similar(self, message: NatsMessage) -> NatsResponse:
        def refused(error: Exception, correlation_id: str) -> NatsResponse:
            return problem_reply(error, correlation_id, "similar.refused")

        return await self._reply(message, SimilarRequest, self._similar, _report_similar, metrics.SIMILARS, refused)

    async def _reply(  # noqa: PLR0913, PLR0917 - what differs between two kinds of requests
        self,
        message: NatsMessage,
        model: type[Asked],
        answer: Callable[[Asked, float], Answer],
        report: Callable[[Asked, Answer, str], None],
        results: Counter,
        refused: Callable[[Exception, str], NatsResponse],
    ) -> NatsResponse:
        arrived, correlation_id = time.monotonic(), correlation_id_of(message)
        try:
            request = read_request(model, message.body)
            deadline = arrived + request.timeout_ms / 1e3
            answered = await in_time(self._threads, deadline, lambda: answer(request, arrived))
        except Exception as error:  # noqa: BLE001 - becomes a Problem; a defect is logged whole
            code = problem_of(error, None).code
            results.labels(code).inc()
            await self._failed(code, message)
            return refused(error, correlation_id)
        report(request, answered, correlation_id)
        return reply(answered, correlation_id)

    def _suggest(self, request: SuggestRequest, arrived: float) -> SuggestReply:
        suggestions = Suggestions(
            index=self._index, texts=self._archive(), clock_us=now_us, lexicons=self._lexicons, recency=self._recency
        )
        return suggestions.answer(request, arrived)

    def _similar(self, request: SimilarRequest, arrived: float) -> SimilarReply:
        return Similar(index=self._index, texts=self._archive(), clock_us=now_us).answer(request, arrived)


def _report_suggestions(request: SuggestRequest, answer: SuggestReply, correlation_id: str) -> None:
    """One line and one count for each request, without what was typed."""
    metrics.SUGGESTS.labels("partial" if answer.partial else "ok").inc()
    metrics.SUGGEST_SECONDS.observe(answer.took_ms / 1e3)
    log.info(
        "suggest.answered",
        typed_chars=len(request.q),
        kinds=request.kinds,
        size=request.size,
        titles=len(answer.titles),
        authors=len(answer.authors),
        tags=len(answer.tags),
        terms=len(answer.terms),
        partial=answer.partial,
        took_ms=answer.took_ms,
        position=answer.position,
        correlation_id=correlation_id,
    )


def _report_similar(request: SimilarRequest, answer: SimilarReply, correlation_id: str) -> None:
    """One line and one count for each request, without the article's words."""
    metrics.SIMILARS.labels("partial" if answer.partial else "ok").inc()
    metrics.SIMILAR_SECONDS.observe(answer.took_ms / 1e3)
    log.info(
        "similar.answered",
        article_id=request.id,
        filters=[name for name, value in request.filters if value],
        size=request.size,
        hits=len(answer.hits),
        partial=answer.partial,
        took_ms=answer.took_ms,
        index_ms=answer.index_ms,
        position=answer.position,
        correlation_id=correlation_id,
    )
