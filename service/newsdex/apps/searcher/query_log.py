"""Tells of each answered search: one line and one count."""

import hashlib
from dataclasses import dataclass

import structlog

from newsdex import metrics
from newsdex.apps.log_limits import is_sampled
from newsdex.settings import Settings
from newsdex_schemas import SearchReply, SearchRequest

log = structlog.get_logger()

HASH_BYTES = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryLog:
    """Writes `query.answered`, and `query.slow` for what took long, with as much of the query as the settings allow."""

    settings: Settings

    def report(self, request: SearchRequest, answer: SearchReply, correlation_id: str) -> None:
        """Tell of one answer; what was slow or partial is never left out of the sample."""
        metrics.QUERIES.labels("partial" if answer.partial else "ok").inc()
        metrics.QUERY_SECONDS.observe(answer.took_ms / 1e3)
        metrics.QUERY_INDEX_SECONDS.observe(answer.index_ms / 1e3)
        if answer.did_you_mean:
            metrics.CORRECTIONS.inc()
        slow_ms = self.settings.slow_query_ms
        if slow_ms is not None and answer.took_ms >= slow_ms:
            metrics.SLOW_QUERIES.inc()
            log.warning("query.slow", **self._told(request, answer), correlation_id=correlation_id)
        elif answer.partial or is_sampled(correlation_id, self.settings.log_sample):
            log.info("query.answered", **self._told(request, answer), correlation_id=correlation_id)

    def _told(self, request: SearchRequest, answer: SearchReply) -> dict[str, object]:
        return {
            "query_chars": len(request.q),
            **self._query(request.q),
            "filters": [name for name, value in request.filters if value],
            "sort": request.sort,
            "size": request.size,
            "offset": request.offset,
            "cursor": request.cursor is not None,
            "facets": request.facets,
            "histogram": request.histogram,
            "notes": [note.code for note in answer.interpretation.notes],
            "hits": len(answer.hits),
            "total": answer.total,
            "partial": answer.partial,
            "words": answer.words,
            "promoted": len(answer.promoted),
            "did_you_mean": answer.did_you_mean is not None,
            "took_ms": answer.took_ms,
            "index_ms": answer.index_ms,
            "position": answer.position,
        }

    def _query(self, q: str) -> dict[str, str]:
        match self.settings.log_queries:
            case "text":
                return {"query": q}
            case "hash":
                return {"query_hash": hashlib.blake2b(q.encode(), digest_size=HASH_BYTES).hexdigest()}
            case "off":
                return {}
