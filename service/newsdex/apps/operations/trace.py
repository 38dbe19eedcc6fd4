"""Follows one event, article or query through the processes: the lines of the logs and rows of the ledger about it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsdex.apps.operations.log_sources import Lines, read_line
from newsdex.records.ledger import LedgerEntry
from newsdex.records.moments import moment_of

NAMES = ("article_id", "event_id", "correlation_id")
"""By which a line or a row is about somebody's id."""
SHOWN = (
    "article_id", "event_id", "source", "outcome", "reason", "code", "sequence",
    "position", "parked_id", "hits", "total",
    "partial", "changes", "deliveries", "status", "took_ms", "index_ms", "error",
)  # fmt: skip
"""What is told of a line besides its time, process and event; the rest is for `--json`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One moment on the way."""

    at: datetime
    process: str
    event: str
    details: Mapping[str, Any]

    def told(self) -> str:
        """Return the details that people want, in one line."""
        values = ((name, self.details.get(name)) for name in SHOWN)
        return " ".join(f"{name}={value}" for name, value in values if value not in (None, ""))


def follow(id_: str, lines: Lines, entries: Sequence[LedgerEntry]) -> list[Step]:
    """Return every step of what has an id: an article's, an event's, or a correlation id's, in the order of time.

    An article's steps are those of its events, and their commits, which name the events by their correlation ids.
    """
    wanted = {id_} | {entry.correlation_id for entry in entries}
    for line in _about(wanted, lines):
        if id_ in (line.get("article_id"), line.get("event_id")) and isinstance(line.get("correlation_id"), str):
            wanted.add(line["correlation_id"])
    steps = [*map(_of_line, _about(wanted, lines)), *map(_of_entry, entries)]
    return sorted(steps, key=lambda step: step.at)


def _about(wanted: set[str], lines: Lines) -> Iterator[dict[str, Any]]:
    """Return the lines that name one of some ids; only what has the bytes of one is parsed."""
    marks = [_written(id_) for id_ in wanted]
    for raw in lines():
        if any(mark in raw for mark in marks):
            line = read_line(raw)
            if line is not None and _names(line) & wanted and _time(line) is not None:
                yield line


def _written(id_: str) -> bytes:
    """Return an id as a line of JSON has it, but for quotation marks, which journald escapes once more."""
    return max(json.dumps(id_, ensure_ascii=False)[1:-1].replace("\\", '"').split('"'), key=len).encode()


def _names(line: Mapping[str, Any]) -> set[str]:
    others = line.get("correlation_ids")
    named: Iterable[Any] = [*(line.get(name) for name in NAMES), *(others if isinstance(others, list) else ())]
    return {name for name in named if isinstance(name, str)}


def _time(line: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(line["timestamp"])
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def _of_line(line: Mapping[str, Any]) -> Step:
    at = _time(line)
    assert at is not None
    left_out = ("timestamp", "process", "event")
    details = {name: value for name, value in line.items() if name not in left_out}
    return Step(at=at, process=str(line["process"]), event=str(line["event"]), details=details)


def _of_entry(entry: LedgerEntry) -> Step:
    names = (*NAMES, "source", "outcome", "reason", "sequence", "parked_id", "stream_sequence", "deliveries")
    details = {name: value for name in names if (value := getattr(entry, name)) is not None}
    return Step(at=moment_of(entry.at_us), process="ledger", event=f"outcome.{entry.outcome}", details=details)
