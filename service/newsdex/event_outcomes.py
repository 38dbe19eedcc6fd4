"""Answers what became of published events."""

from collections.abc import Callable
from typing import Protocol

from pydantic import ValidationError

from newsdex.records import LedgerEntry
from newsdex.validation import as_invalid
from newsdex_schemas import EventOutcome, EventRef, OutcomeReply, OutcomeRequest


class Ledger(Protocol):
    """The archive's ledger, as this question sees it."""

    def outcome_of(self, source: str, event_id: str, stream_sequence: int | None = None) -> LedgerEntry | None:
        """Give what an event, or one message of it, led to, or None while it has not been handled."""

    def is_current(self, entry: LedgerEntry) -> bool:
        """Tell whether the article is now what the event of an entry says."""

    def sequence_of(self, article_id: str) -> int:
        """Give the number of an article's last change; 0 for an unknown article."""

    def parked_place(self, id_: int) -> str | None:
        """Give the place of a parked event's fault."""


def answer_outcomes(body: bytes, ledger: Ledger, position: Callable[[], int]) -> OutcomeReply:
    """Give the outcomes; raise `Invalid` for a request that cannot be read."""
    try:
        request = OutcomeRequest.from_json(body)
    except ValidationError as error:
        raise as_invalid(error) from error
    seen = position()
    return OutcomeReply(outcomes=tuple(outcome_of(ref, ledger, seen) for ref in request.events), position=seen)


def outcome_of(ref: EventRef, ledger: Ledger, position: int) -> EventOutcome:
    """Give what became of an event, and whether an index at some position reflects it."""
    entry = ledger.outcome_of(ref.source, ref.id, ref.stream_sequence)
    if entry is None:
        return EventOutcome(source=ref.source, id=ref.id)
    # an event that changed nothing is reflected when what it found in the archive is
    change = entry.sequence or (ledger.sequence_of(entry.article_id) if entry.article_id else 0)
    return EventOutcome(
        source=ref.source,
        id=ref.id,
        outcome=entry.outcome,
        reason=entry.reason,
        article_id=entry.article_id,
        place=ledger.parked_place(entry.parked_id) if entry.parked_id else None,
        searchable=entry.outcome != "parked" and change <= position,
        current=ledger.is_current(entry),
    )
