"""What a publisher by HTTP is told of the events that it sent."""

from typing import Literal

from newsdex_schemas.model import ContractModel
from newsdex_schemas.outcomes import EventOutcome
from newsdex_schemas.search import Problem


class EventReceipt(ContractModel):
    """What became of an event that was sent by HTTP: by the time of a 202, the broker has stored it durably."""

    status: Literal[200, 202, 400, 413, 415, 503]
    """As HTTP's: 202 stored, 200 reflected by every search, others refused; `problem` says why."""
    source: str | None = None
    """With `id`, the name by which `search` can wait for it; absent where it was refused."""
    id: str | None = None
    """The CloudEvents attribute; of a bare article, one that was made for it."""
    stream_sequence: int | None = None
    """Its number in the stream."""
    repeated: bool = False
    """True where the broker had the very same message already."""
    outcome: EventOutcome | None = None
    """What became of it, where that was waited for and is known."""
    not_kept: tuple[str, ...] = ()
    """Of an article in another format, the names of what that says and newsdex does not keep."""
    problem: Problem | None = None
    """Why it was refused: nothing of it is stored."""


class EventReceipts(ContractModel):
    """The receipts of several events."""

    results: tuple[EventReceipt, ...]
    """One for each event, in the order in which they were sent."""
