"""Tells of each delivered event: one count and one line."""

import structlog

from newsdex import metrics
from newsdex.apps.log_limits import is_sampled
from newsdex.records.events import Result

log = structlog.get_logger()


def report_event(result: Result, sample: float) -> None:
    """One count for each message, and one line, of which accepted ones may be sampled."""
    metrics.EVENTS.labels(result.outcome, result.reason).inc()
    metrics.UNKNOWN_FIELDS.inc(result.unknown_fields)
    metrics.OTHER_SOURCES.inc(result.other_source is not None)
    for parked_id in result.superseded:
        metrics.PARKED_SUPERSEDED.inc()
        log.info("parked.superseded", parked_id=parked_id, article_id=result.article_id, event_id=result.event_id)
    if result.outcome == "accepted" and not is_sampled(result.correlation_id, sample):
        return
    level = log.warning if result.outcome == "parked" else log.info
    extra = {
        "sequence": result.sequence,
        "parked_id": result.parked_id,
        "place": result.fault.place if result.fault else None,
        "unknown_fields": result.unknown_fields or None,
        "other_source": result.other_source,
    }
    level(
        f"event.{result.outcome}",
        reason=result.reason,
        article_id=result.article_id,
        source=result.source,
        event_id=result.event_id,
        type=result.type,
        subject=result.delivery.subject,
        stream_sequence=result.delivery.stream_sequence,
        deliveries=result.delivery.deliveries,
        correlation_id=result.correlation_id,
        **{name: value for name, value in extra.items() if value is not None},
    )
