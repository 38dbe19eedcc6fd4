"""Answers requests for suggestions and for similar articles, for the searcher."""

from collections.abc import Callable
from typing import Any

import structlog

from newsdex import metrics
from newsdex.apps.requests import problem_reply
from newsdex.apps.searcher.channel import RequestChannel
from newsdex.archive.reader import ArchiveReader
from newsdex.clock import now_us
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import IndexReader
from newsdex.search.more_like_this import Similar
from newsdex.search.plan.curation import Curation
from newsdex.search.suggest.suggester import Suggestions, suggestion_weights
from newsdex_schemas import SimilarReply, SimilarRequest, SuggestReply, SuggestRequest, channels

log = structlog.get_logger()


class TypingRequests:
    """The two kinds; `archive` opens the archive when it is first needed."""

    def __init__(
        self, index: IndexReader, archive: Callable[[], ArchiveReader], lexicons: LexiconReader, curation: Curation
    ) -> None:
        self._index = index
        self._archive = archive
        self._lexicons = lexicons
        self._recency = suggestion_weights(curation.recency)
        self._wordlists = curation.wordlists

    def channels(self) -> tuple[RequestChannel[Any, Any], ...]:
        """Return what an intake needs to know of them."""
        suggest = RequestChannel(
            subject=channels.SEARCH_SUGGEST,
            model=SuggestRequest,
            timeout_s=lambda request: request.timeout_ms / 1e3,
            answer=self._suggest,
            report=_report_suggestions,
            refused=lambda error, id_: problem_reply(error, id_, "suggest.refused"),
            results=metrics.SUGGESTS,
        )
        similar = RequestChannel(
            subject=channels.SEARCH_SIMILAR,
            model=SimilarRequest,
            timeout_s=lambda request: request.timeout_ms / 1e3,
            answer=self._similar,
            report=_report_similar,
            refused=lambda error, id_: problem_reply(error, id_, "similar.refused"),
            results=metrics.SIMILARS,
        )
        return suggest, similar

    def _suggest(self, request: SuggestRequest, arrived: float) -> SuggestReply:
        suggestions = Suggestions(
            index=self._index, texts=self._archive(), clock_us=now_us, lexicons=self._lexicons, recency=self._recency
        )
        return suggestions.answer(request, arrived)

    def _similar(self, request: SimilarRequest, arrived: float) -> SimilarReply:
        similar = Similar(index=self._index, texts=self._archive(), clock_us=now_us, wordlists=self._wordlists)
        return similar.answer(request, arrived)


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
