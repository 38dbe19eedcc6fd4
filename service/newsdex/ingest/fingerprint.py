"""Fingerprints what an event says, however it is written: pure.

It is of the data as they came, and not of what the contract's models make of them, whose fields, defaults and limits
change: a copy may come from an outbox much later, to a later newsdex, and must still be known.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

FINGERPRINT_BYTES = 16
FIELDS = frozenset(
    (
        "agency", "authors", "body", "dateline", "embargoed_until", "expires_at", "fetched_at", "id", "language",
        "published_at", "reason", "related", "section", "summary", "tags", "text", "timezone", "title", "updated_at",
        "url", "version",
    )
)  # fmt: skip
"""What counts; not what a relay adds. A field that the contract gets later stays out: old events may have had it."""
NOTHING: tuple[object, ...] = (None, "", [], {})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")


def fingerprint(data: Mapping[str, object]) -> bytes:
    """Return the fingerprint of a publication's data."""
    return _digest(_told(data), b"publication")


def withdrawal_fingerprint(data: Mapping[str, object], stated_us: int | None) -> bytes:
    """Return the fingerprint of a withdrawal, in which the time counts that it states.

    A publisher may use one id for all takedowns of an article; in doubt it is a takedown of its own, and holds.
    """
    return _digest({**_told(data), "stated_us": stated_us}, b"withdrawal")


def _told(data: Mapping[str, object]) -> dict[str, object]:
    # before pages could be HTML, none could be without a text
    names = FIELDS if data.get("text") else FIELDS | {"html"}
    return {name: value for name, value in data.items() if name in names}


def _digest(told: Mapping[str, object], kind: bytes) -> bytes:
    written = json.dumps(_canonical(told), sort_keys=True, separators=(",", ":")).encode()
    return hashlib.blake2b(written, digest_size=FINGERPRINT_BYTES, person=kind).digest()


def _canonical(value: object) -> object:
    """Return a value as every serializer means it: without fields that hold nothing, moments in UTC, 3 for 3.0."""
    if isinstance(value, dict):
        items = ((name, _canonical(item)) for name, item in value.items())
        return {name: item for name, item in items if item not in NOTHING}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _moment(value) if isinstance(value, str) and _MOMENT.fullmatch(value) else value


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):  # the 31st of June, or the year 0001 east of Greenwich
        return text
