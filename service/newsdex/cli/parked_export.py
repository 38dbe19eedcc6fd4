"""Writes parked events as JSON Lines, for whoever mends them elsewhere."""

import os
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import typer

from newsdex.errors import Misconfigured
from newsdex.records import ParkedEvent

OWNER_ONLY = 0o600
"""Parked events hold articles that are not published yet."""


def export_to(path: Path | None, events: Iterable[ParkedEvent]) -> int:
    """Write a line for each event to a file, or to standard output; give how many.

    A file that exists is replaced once everything is written; raises `Misconfigured` where it cannot be.
    """
    if path is None:
        return _write(typer.get_binary_stream("stdout"), events)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(unfinished, "wb", opener=_owner_only) as file:
            number = _write(file, events)
        unfinished.replace(path)
    except OSError as error:
        raise Misconfigured("unwritable_file", f"{path}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return number


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)


def _write(file: BinaryIO, events: Iterable[ParkedEvent]) -> int:
    number = 0
    for event in events:
        file.write(orjson.dumps(as_line(event), option=orjson.OPT_APPEND_NEWLINE))
        number += 1
    return number


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
