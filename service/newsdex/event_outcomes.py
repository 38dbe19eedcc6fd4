"""Answers what became of published events."""

from collections.abc import Callable
from typing import Protocol

from newsdex.records.events import Fault
from newsdex.records.feed import FeedEntry
from newsdex.records.ledger import LedgerEntry
from newsdex.records.moments import moment_of
from newsdex.validation import read_request
from newsdex_schemas import EventOutcome, EventRef, OutcomeReply, OutcomeRequest


class Ledger(Protocol):
    """The archive's ledger, as this question sees it."""

    def outcome_of(self, source: str, event_id: str, stream_sequence: int | None = None) -> LedgerEntry | None:
        """Return what an event, or one message of it, led to, or None while it has not been handled."""

    def is_current(self, entry: LedgerEntry) -> bool:
        """Tell whether the article is now what the event of an entry says."""

    def entry_of(self, article_id: str) -> FeedEntry | None:
        """Return an article's entry in the change feed; None for an unknown article."""

    def parked_fault(self, id_: int) -> Fault | None:
        """Return why an event was parked."""


class Commit(Protocol):
    """What an index says of itself."""

    @property
    def position(self) -> int:
        """Return the sequence number up to which changes are in it."""

    @property
    def as_of_us(self) -> int:
        """Return the moment as of which it shows articles."""


def answer_outcomes(body: bytes, ledger: Ledger, commit: Callable[[], Commit]) -> OutcomeReply:
    """Return the outcomes; raise `Invalid` for a request that cannot be read."""
    return outcomes_of(read_request(OutcomeRequest, body), ledger, commit)


def outcomes_of(request: OutcomeRequest, ledger: Ledger, commit: Callable[[], Commit]) -> OutcomeReply:
    """Return the outcomes of the events that a request names."""
    seen = commit()
    outcomes = tuple(outcome_of(ref, ledger, seen) for ref in request.events)
    return OutcomeReply(outcomes=outcomes, position=seen.position)


def outcome_of(ref: EventRef, ledger: Ledger, commit: Commit) -> EventOutcome:
    """Return what became of an event, and whether an index reflects it."""
    entry = ledger.outcome_of(ref.source, ref.id, ref.stream_sequence)
    if entry is None:
        return EventOutcome(source=ref.source, id=ref.id)
    article = ledger.entry_of(entry.article_id) if entry.article_id else None
    last = article.sequence if article else 0
    # an event that changed nothing is reflected when what it found in the archive is
    reflected = entry.outcome != "parked" and (entry.sequence or last) <= commit.position
    embargoed_us = None if entry.outcome in ("withdrawn", "parked") or article is None else article.embargoed_us
    waits = embargoed_us is not None and embargoed_us > commit.as_of_us
    current = ledger.is_current(entry)
    fault = ledger.parked_fault(entry.parked_id) if entry.parked_id else None
    return EventOutcome(
        source=ref.source,
        id=ref.id,
        outcome=entry.outcome,
        reason=entry.reason,
        article_id=entry.article_id,
        place=fault.place if fault else None,
        message=fault.message if fault else None,
        reflected=reflected,
        searchable=reflected
        and last <= commit.position
        and (current if entry.is_withdrawal else _is_shown(entry, article, commit.as_of_us)),
        searchable_from=moment_of(embargoed_us) if embargoed_us is not None and waits else None,
        current=current,
    )


def _is_shown(entry: LedgerEntry, article: FeedEntry | None, as_of_us: int) -> bool:
    """Return whether an article is shown, as a publication asked for."""
    return article is not None and article.shown_at(as_of_us) and entry.outcome != "stale"
