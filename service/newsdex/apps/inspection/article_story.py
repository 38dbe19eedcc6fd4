"""Tells what became of an article, for operators: every event about it, and why search finds it or does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from newsdex.apps.inspection.withdrawn import place_text, withdrawn_text
from newsdex.errors import NewsdexError
from newsdex.event_outcomes import Commit
from newsdex.ingest.decide import REASONS
from newsdex.ingest.pages import page_reader
from newsdex.order import Place
from newsdex.records.events import PageNote
from newsdex.records.ledger import LedgerEntry, Standing
from newsdex.records.moments import moment_of
from newsdex_schemas.story import StandingCode, StoryEvent, StoryPage, StoryReply


class Ledger(Protocol):
    """The archive, as this question sees it."""

    def history(self, article_id: str) -> Sequence[LedgerEntry]:
        """Return every outcome of an article, oldest first."""

    def standing(self, article_id: str) -> Standing | None:
        """Return how an article stands."""

    def page_notes(self, article_id: str) -> Sequence[PageNote]:
        """Return what is known of the pages that are kept of an article."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """Everything that is known of an article."""

    article_id: str
    history: Sequence[LedgerEntry]
    """Oldest first."""
    standing: Standing | None
    position: int
    """Up to where the index has applied changes; 0 without an index."""
    as_of_us: int
    """The moment as of which the index shows articles; 0 without an index."""
    pages: Sequence[PageNote] = ()
    """Those that are kept because the article was made of them."""


def read_story(article_id: str, ledger: Ledger, commit: Commit | None) -> Story:
    """Return the story of an article, as an index sees it where there is one.

    Raises `NewsdexError` for an article that no event named.
    """
    history, standing = ledger.history(article_id), ledger.standing(article_id)
    if not history and standing is None:
        raise NewsdexError("unknown_article", f"no event that the ledger remembers names the article {article_id}")
    position, as_of_us = (commit.position, commit.as_of_us) if commit else (0, 0)
    return Story(
        article_id=article_id,
        history=history,
        standing=standing,
        position=position,
        as_of_us=as_of_us,
        pages=ledger.page_notes(article_id),
    )


def tell_story(story: Story, now_us: int, limit: int | None = None) -> StoryReply:
    """Return a story as the contract has it, with the newest `limit` events."""
    told = story.history if limit is None else story.history[-limit:]
    code, message = _standing(story, now_us)
    return StoryReply(
        id=story.article_id,
        events=tuple(_event(entry, story.article_id) for entry in told),
        earlier=len(story.history) - len(told),
        standing=code,
        message=message,
        change=story.standing.sequence if story.standing else None,
        position=story.position,
        pages=tuple(map(_page, story.pages)),
    )


def _page(note: PageNote) -> StoryPage:
    return StoryPage.model_validate(
        {
            "stored_at": moment_of(note.stored_us),
            "bytes": note.bytes,
            "reader": note.reader,
            "outdated": note.reader != page_reader(),
        }
    )


def hidden_reason(standing: Standing, now_us: int) -> tuple[StandingCode, str] | None:
    """Return why search must not show an article now, as a code and in words; None where it may."""
    if standing.erased_us is not None:
        since = f"erased on {_moment(standing.erased_us)}"
        return "erased", f"{since}: nothing about it is taken in before newsdex withdraw --lift"
    if not standing.has_content:
        return "withdrawn", withdrawn_text(standing.state)
    if standing.embargoed_us is not None and standing.embargoed_us > now_us:
        return "embargoed", f"embargoed until {_moment(standing.embargoed_us)}"
    if standing.expires_us is not None and standing.expires_us <= now_us:
        return "expired", f"expired since {_moment(standing.expires_us)}"
    return None


def _event(entry: LedgerEntry, article_id: str) -> StoryEvent:
    return StoryEvent.model_validate(
        {
            "at": moment_of(entry.at_us),
            "outcome": entry.outcome,
            "reason": entry.reason,
            "message": _message(entry, article_id),
            "source": entry.source,
            "id": entry.event_id,
            "stream_sequence": entry.stream_sequence,
            "change": entry.sequence,
            "parked_id": entry.parked_id,
            "correlation_id": entry.correlation_id,
        }
    )


def _message(entry: LedgerEntry, article_id: str) -> str:
    reason = REASONS.get(entry.reason, entry.reason)
    if entry.reason == "redelivered":
        reason = "this message had its outcome already; only its acknowledgement was lost"
    change = f", change {entry.sequence:,}" if entry.sequence else ""
    parked = f", parked as {entry.parked_id} ({_parked(entry)})" if entry.parked_id else ""
    other = f", where the archive had that of {entry.other_source}" if entry.other_source else ""
    place = place_text(Place(entry.incarnation, entry.stream_sequence))
    event = f"{entry.type or 'an event'} {entry.event_id} from {entry.source}, {place}"
    address = f", which names it by the address {entry.article_id}" if entry.article_id != article_id else ""
    return f"{reason}{other}{change}{parked} — {event}{address}"


def _parked(entry: LedgerEntry) -> str:
    return f"closed: {entry.resolution}" if entry.resolution else f"newsdex parked show {entry.parked_id}"


def _standing(story: Story, now_us: int) -> tuple[StandingCode, str]:
    standing = story.standing
    if standing is None:
        return "absent", "not in the archive: no event about it could be accepted"
    if hidden := hidden_reason(standing, now_us):
        code, reason = hidden
        return code, f"not found by search: {reason}"
    if standing.sequence > story.position:
        at = f"the index is at change {story.position:,} of {standing.sequence:,}"
        return "waiting", f"accepted, not yet searchable: {at}"
    if standing.embargoed_us is not None and standing.embargoed_us > story.as_of_us:
        over = f"its embargo is over since {_moment(standing.embargoed_us)}"
        return "waiting", f"{over}; not yet searchable: the index follows"
    return "found", f"found by search, since change {standing.sequence:,}"


def _moment(stamp_us: int) -> str:
    return f"{moment_of(stamp_us):%Y-%m-%d %H:%M:%S}"
