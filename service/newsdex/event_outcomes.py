"""Answers what became of published events."""

from collections.abc import Callable
from typing import Protocol

from pydantic import ValidationError

from newsdex.records import LastChange, LedgerEntry
from newsdex.validation import as_invalid
from newsdex_schemas import EventOutcome, EventRef, OutcomeReply, OutcomeRequest, channels

NO_CHANGE = LastChange(0, visible=False, live=False)


class Ledger(Protocol):
    """The archive's ledger, as this question sees it."""

    def outcome_of(self, source: str, event_id: str) -> LedgerEntry | None:
        """Give what an event led to, or None while it has not been handled."""

    def last_change(self, article_id: str, now_us: int) -> LastChange:
        """Return the last change of an article, and whether the article may be shown now."""

    def parked_place(self, id_: int) -> str | None:
        """Give the place of a parked event's fault."""


def answer_outcomes(body: bytes, ledger: Ledger, position: Callable[[], int], now_us: int) -> OutcomeReply:
    """Give the outcomes; raise `Invalid` for a request that cannot be read."""
    try:
        request = OutcomeRequest.from_json(body)
    except ValidationError as error:
        raise as_invalid(error) from error
    seen = position()
    return OutcomeReply(outcomes=tuple(outcome_of(ref, ledger, seen, now_us) for ref in request.events), position=seen)


def outcome_of(ref: EventRef, ledger: Ledger, position: int, now_us: int) -> EventOutcome:
    """Give what became of an event, and whether an index at some position reflects it."""
    entry = ledger.outcome_of(ref.source, ref.id)
    if entry is None:
        return EventOutcome(source=ref.source, id=ref.id)
    last = ledger.last_change(entry.article_id, now_us) if entry.article_id else NO_CHANGE
    # an event that changed nothing is reflected when what it found in the archive is
    reflected = entry.outcome != "parked" and (entry.sequence or last.sequence) <= position
    return EventOutcome(
        source=ref.source,
        id=ref.id,
        outcome=entry.outcome,
        reason=entry.reason,
        article_id=entry.article_id,
        place=ledger.parked_place(entry.parked_id) if entry.parked_id else None,
        reflected=reflected,
        searchable=reflected and last.sequence <= position and _is_as_asked(entry, last),
    )


def _is_as_asked(entry: LedgerEntry, last: LastChange) -> bool:
    """Return whether an article is as an event asked for: shown, or hidden after a withdrawal."""
    if entry.subject == channels.ARTICLES_WITHDRAWN:
        return not last.live
    return last.visible and entry.outcome != "stale"
