"""What became of published events: the question and its answer."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from newsdex_schemas import channels
from newsdex_schemas.model import ContractModel, Identifier, RequestModel
from newsdex_schemas.values.timestamps import Timestamp

MAX_EVENTS_PER_REQUEST = 500

SOURCE_WITHOUT_CLOUDEVENT = "nats"
"""The source of events that name none."""
Outcome = Literal["accepted", "duplicate", "stale", "withdrawn", "parked"]


class EventRef(RequestModel):
    """Names an event: CloudEvents `source` and `id`.

    An event without them (a bare article, or one that could not be read) has the source `nats` and its `Nats-Msg-Id`
    header as its id. One without that header too cannot be asked for: its number in the stream, as in `ARTICLES:42`,
    stands for it in the ledger only, because numbers can be counted through by anybody.
    """

    source: Identifier
    """The CloudEvents attribute `source`."""
    id: Identifier
    """The CloudEvents attribute `id`, unique within the source."""
    stream_sequence: Annotated[int, Field(ge=1)] | None = None
    """The message's number in the stream, as the broker's acknowledgement has it: asks for that very message.

    Other contents may have been sent under the same id."""

    @model_validator(mode="after")
    def _is_name(self) -> Self:
        if self.source == SOURCE_WITHOUT_CLOUDEVENT and self.id.startswith(f"{channels.STREAM}:"):
            raise PydanticCustomError("number_is_no_name", "an event is asked for by its name, not by its number")
        return self


class OutcomeRequest(RequestModel):
    """Asks what became of some events."""

    events: Annotated[tuple[EventRef, ...], Field(min_length=1, max_length=MAX_EVENTS_PER_REQUEST)]
    """The events, each by its name."""


class EventOutcome(ContractModel):
    """What became of one event; `outcome` is absent while the event has not been handled."""

    source: str
    """As it was asked for."""
    id: str
    """As it was asked for."""
    outcome: Outcome | None = None
    """Absent while the event has not been handled."""
    reason: str | None = None
    """A stable code: why the outcome is what it is; of a parked event, its first fault."""
    article_id: str | None = None
    """The article that the event is about; absent where that cannot be told."""
    place: str | None = None
    """For a parked event, the path of its first fault, such as `data.published_at`."""
    message: str | None = None
    """For a parked event, all its faults, for people."""
    reflected: bool = False
    """True once every search reflects the outcome, whatever it is: there is nothing left to wait for."""
    searchable: bool = False
    """True once every search shows what the event asked for: the article, in its version or a newer one; after a
    withdrawal, nothing. It stays false where that is hidden, by a withdrawal or an embargo, or was outdated before."""
    current: bool = False
    """True where the article is now what this event says: published with its content, or withdrawn.

    False where something else counts, such as a later version or a takedown that the event does not lift, and while it
    has not been handled."""
    searchable_from: Timestamp | None = None
    """For an article under embargo, when searches will find it; it is archived already."""


class OutcomeReply(ContractModel):
    """The outcomes, in the order of the request."""

    outcomes: tuple[EventOutcome, ...]
    """One for each event of the request."""
    position: int
    """The change up to which the index was searchable when it was asked."""
