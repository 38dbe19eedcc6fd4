"""Writes parked events as JSON Lines, for whoever mends them elsewhere."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from newsdex.cli.json_lines import write_lines
from newsdex.records.parked import ParkedEvent


def export_to(path: Path | None, events: Iterable[ParkedEvent]) -> int:
    """Write a line for each event to a file, or to standard output; return their number."""
    return write_lines(path, (orjson.dumps(as_line(event)) for event in events))


def as_line(event: ParkedEvent) -> dict[str, Any]:
    """Return everything that is known of a parked event; times are RFC 3339."""
    delivery = event.delivery
    return {
        "id": event.id,
        "status": event.status,
        "resolution": event.resolution,
        "code": event.fault.code,
        "message": event.fault.message,
        "place": event.fault.place,
        "attempts": event.attempts,
        "parked_at": _rfc3339(event.at_us),
        "closed_at": _rfc3339(event.closed_us),
        "source": event.source,
        "event_id": event.event_id,
        "article_id": event.article_id,
        "correlation_id": event.correlation_id,
        "channel": delivery.subject,
        "stream_sequence": delivery.stream_sequence,
        "stored_at": _rfc3339(delivery.stored_us),
        "headers": dict(delivery.headers),
        "body_base64": b64encode(delivery.body).decode(),
    }


def _rfc3339(stamp_us: int | None) -> str | None:
    if stamp_us is None:
        return None
    return datetime.fromtimestamp(stamp_us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
