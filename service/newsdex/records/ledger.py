"""What the archive tells of events and articles: outcomes, causes, and how an article stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from newsdex.order import ArticleState
from newsdex_schemas import channels


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One row of the ledger."""

    number: int
    at_us: int
    source: str
    event_id: str
    type: str | None
    subject: str
    stream_sequence: int
    deliveries: int
    article_id: str | None
    outcome: str
    reason: str
    sequence: int | None
    parked_id: int | None
    correlation_id: str
    incarnation: int
    other_source: str | None = None
    """Whose publication the archive had of the article then, where that was another publisher."""
    copy_of: int | None = None
    """Of a copy, the number in the stream of the message that it is a copy of."""
    resolution: str | None = None
    """Why the parked event is closed; None while it waits."""

    @property
    def is_withdrawal(self) -> bool:
        """Tell whether the event takes its article out of search."""
        return self.subject == channels.ARTICLES_WITHDRAWN


class Cause(NamedTuple):
    """What the archive knows of why an article was changed."""

    reason: str | None
    """The ledger's reason; None where no event did it, or the ledger has forgotten it."""
    at_us: int | None
    erased_us: int | None
    """When its text was erased; None where it was not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How an article stands in the archive now."""

    state: ArticleState
    sequence: int
    has_content: bool
    embargoed_us: int | None
    expires_us: int | None
    erased_us: int | None = None
    """When its text was erased; None where it was not, or an operator lets it in again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveCounts:
    """The archive in numbers."""

    live: int
    tombstones: int
    sequence: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
