"""What became of published events: the question and its answer."""

from typing import Annotated, Literal

from pydantic import Field

from newsdex_schemas.model import ContractModel, Identifier

MAX_EVENTS_PER_REQUEST = 500

Outcome = Literal["accepted", "duplicate", "stale", "withdrawn", "parked"]


class EventRef(ContractModel):
    """Names an event: CloudEvents `source` and `id`.

    An event without them (a bare article, or one that could not be read) has the source `nats` and, as its id, its
    `Nats-Msg-Id` header, else the stream's name and sequence number, as in `ARTICLES:42`.
    """

    source: Identifier
    id: Identifier


class OutcomeRequest(ContractModel):
    """Asks what became of some events."""

    events: Annotated[tuple[EventRef, ...], Field(min_length=1, max_length=MAX_EVENTS_PER_REQUEST)]


class EventOutcome(ContractModel):
    """What became of one event; `outcome` is absent while the event has not been handled."""

    source: str
    id: str
    outcome: Outcome | None = None
    reason: str | None = None
    article_id: str | None = None
    place: str | None = None
    """For a parked event, the path of the fault."""
    reflected: bool = False
    """True once every search reflects the outcome, whatever it is: there is nothing left to wait for."""
    searchable: bool = False
    """True once every search shows what the event asked for: the article, in its version or a newer one; after a
    withdrawal, nothing. It stays false where that is hidden, by a withdrawal or an embargo, or was outdated before."""


class OutcomeReply(ContractModel):
    """The outcomes, in the order of the request."""

    outcomes: tuple[EventOutcome, ...]
    position: int
