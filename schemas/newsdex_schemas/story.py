"""What became of an article: a question for operators, and its answer."""

from typing import Literal

from newsdex_schemas.model import ContractModel, Identifier, RequestModel
from newsdex_schemas.outcomes import Outcome
from newsdex_schemas.values.timestamps import Timestamp

MAX_STORY_EVENTS = 1000
StandingCode = Literal["found", "waiting", "embargoed", "expired", "withdrawn", "erased", "absent"]


class StoryRequest(RequestModel):
    """Asks for everything that is known of an article, hidden ones included; for operators."""

    id: Identifier
    """The article's id."""


class StoryEvent(ContractModel):
    """One event about the article, and what it led to."""

    at: Timestamp
    """When it was handled."""
    outcome: Outcome
    """What it led to."""
    reason: str
    """A stable code: why."""
    message: str
    """The reason in words, and which event it was; for people."""
    source: str
    """The CloudEvents attribute `source`, or `nats`."""
    id: str
    """The event's own id."""
    stream_sequence: int
    """Its number in the stream."""
    change: int | None = None
    """The number of the change that it made; absent where it made none."""
    parked_id: int | None = None
    """Under which number it was parked."""
    correlation_id: str
    """The lines of the log about it have the same."""


class StoryPage(ContractModel):
    """A scraped page that is kept because the article was made of it."""

    stored_at: Timestamp
    """When the broker stored it."""
    bytes: int
    """How large it is kept, compressed."""
    reader: str
    """The release that made the article of it last, and a digest of what read it."""
    outdated: bool
    """True where this release reads pages otherwise: `newsdex reprocess` makes the article anew."""


class StoryReply(ContractModel):
    """Everything that is known of an article, and how it stands now."""

    id: str
    """The article's id."""
    events: tuple[StoryEvent, ...]
    """What the ledger remembers, oldest first; at most the newest 1,000."""
    earlier: int = 0
    """How many events before those are left out."""
    standing: StandingCode
    """Whether search finds it now, or why not: the index does not have its last change yet (`waiting`), or no event
    about it could be accepted (`absent`)."""
    message: str
    """The same in words, for people: what was compared, and what would lift a withdrawal."""
    change: int | None = None
    """The number of its last change in the archive."""
    position: int
    """The change up to which the index is."""
    pages: tuple[StoryPage, ...] = ()
    """The pages that its texts were read off, as far as they are kept."""
