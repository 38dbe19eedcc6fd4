"""Requests of operators, answered by the indexer."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints

from newsdex_schemas.model import ContractModel, Identifier, RequestModel, WholeNumber, WithoutNul
from newsdex_schemas.values.timestamps import Timestamp

ParkedId = Annotated[StrictInt, Field(ge=0, le=2**53 - 1), WholeNumber]


class ParkedRequest(RequestModel):
    """Orders what the channel says, `parked.retry` or `parked.drop`, for some events; `reason` is kept in the ledger.

    No acknowledgement and no reply has `ids`.
    """

    ids: Annotated[tuple[ParkedId, ...], Field(min_length=1, max_length=1000)]
    """Numbers of parked events, as `newsdex parked list` shows them."""
    reason: Annotated[str, StringConstraints(max_length=1000), WithoutNul()] = ""
    """Why; for people."""


class ParkedResult(ContractModel):
    """What became of one of them.

    `result` is an outcome, `dropped`, `closed` where it had been handled, dropped or superseded before, as `reason`
    tells, or `unknown` where no event was ever parked under the number.
    """

    id: int
    """The number."""
    result: str
    """An outcome, `dropped`, `closed` or `unknown`."""
    reason: str | None = None
    """The outcome's reason, or why it is closed."""


class ParkedReply(ContractModel):
    """The results, in the order of the request."""

    results: tuple[ParkedResult, ...]
    """One for each number, in the order of the request."""


MAX_PARKED_LISTED = 200


class ParkedListRequest(RequestModel):
    """Asks for the newest events that are parked, or for one that is or was, with the beginning of its message."""

    id: ParkedId | None = None
    """The number of the one."""
    limit: Annotated[StrictInt, Field(ge=0, le=MAX_PARKED_LISTED), WholeNumber] = 50
    """How many at most."""


class ParkedEntry(ContractModel):
    """One parked event."""

    id: int
    """The number."""
    parked_at: Timestamp
    """When it was parked."""
    code: str
    """Stable: its first fault."""
    message: str
    """All its faults, for people."""
    place: str | None = None
    """The path of the first fault, such as `data.published_at`."""
    channel: str
    """The channel that it came on."""
    source: str
    """The CloudEvents attribute `source`, or `nats`."""
    event_id: str
    """The event's own id."""
    article_id: str | None = None
    """The article that it is about; absent where that cannot be told."""
    tries: int
    """How often it was handled."""
    status: Literal["open", "resolved", "dropped"]
    """`open` while it waits for an operator."""
    bytes: int
    """How large its message is."""
    beginning: str | None = None
    """The first 2,000 characters of its message, of the one that was asked for."""


class ParkedCode(ContractModel):
    """How many events are parked with one code."""

    code: str
    """The code."""
    events: int
    """How many."""
    oldest_at: Timestamp
    """When the oldest of them was parked."""


class ParkedList(ContractModel):
    """The events that wait for an operator."""

    codes: tuple[ParkedCode, ...]
    """How many there are, by code."""
    events: tuple[ParkedEntry, ...]
    """Newest first; no more than were asked for."""


class IndexRequest(RequestModel):
    """Asks how the index is."""


class IndexOrder(RequestModel):
    """Has the indexer check, rebuild or roll back the index; each channel takes the order of its own name only.

    The broker sends its acknowledgements, and newsdex its replies, to whatever subject a client names for them, the
    channels of orders included. None of them has an `order`, so none of them does anything there.
    """

    order: Literal["check", "rebuild", "rollback"]
    """What is to be done; it must be what the channel is named after."""


class DamageReport(RequestModel):
    """What a searcher met in the index, for the indexer, which checks the index then.

    `damage` is a code; no acknowledgement and no reply has one under this name.
    """

    damage: Literal["index_damaged", "index_unreadable"]
    """What the searcher met: a section that does not match its checksum, or a file that cannot be read."""


class IndexBuild(ContractModel):
    """A generation of the index that is being made ready to serve."""

    generation: str | None = None
    """Absent while it waits for its beginning."""
    reason: str
    """A stable code: why it is made, such as `requested` or `index_damaged`."""
    phase: Literal["waiting", "catching_up", "verifying", "verified", "ready"]
    """How far it is: it waits, reads the archive, is compared with it, was found right, or may serve."""
    position: int
    """The change that it is at."""
    head: int
    """The newest change of the archive."""


class IndexReply(ContractModel):
    """How the index is, at once: what was asked for goes on afterwards."""

    generation: str | None = None
    """The generation that serves and is kept up to date; absent where none can be."""
    position: int
    """The change up to which it is searchable."""
    building: IndexBuild | None = None
    """The generation that will serve next; absent where none is being made."""
    fault: str | None = None
    """What went wrong last and has not gone well since, for people."""


MAX_ERASED_AT_ONCE = 100
ErasureStage = Literal["archive", "stream", "index"]


class ErasureOrder(RequestModel):
    """Has the texts of articles erased everywhere, or lets erased articles be published again.

    Nothing of an erased article is taken in again before it is lifted, and a copy of an erased text never. No
    acknowledgement and no reply has an `order`.
    """

    order: Literal["erase", "lift"]
    """`erase`, or `lift` to let the articles be published again."""
    articles: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=MAX_ERASED_AT_ONCE)]
    """Ids of the articles."""


class ErasureRequest(RequestModel):
    """Asks how far erasures are: those of some articles, or every one where none is named."""

    articles: Annotated[tuple[Identifier, ...], Field(max_length=MAX_ERASED_AT_ONCE)] = ()
    """Ids of the articles; empty, every erased one."""


class ErasureStatus(ContractModel):
    """How far the erasure of an article is."""

    article_id: str
    """The article's id."""
    erased_at: Timestamp
    """When it was ordered. Backups made before that have the text."""
    pending: tuple[ErasureStage, ...]
    """Where the text may still be; empty once it is erased everywhere."""
    lifted: bool = False
    """True where the article may be published again."""
    doubtful_parked: tuple[int, ...] = ()
    """Numbers of parked events that cannot be read and may be about the article: they are left as they are. An order to
    erase is answered with them."""
    same_text: tuple[str, ...] = ()
    """Ids of other articles that have the same text: they are left as they are. An order to erase is answered
    with them."""


class ErasureReply(ContractModel):
    """The erasures that were asked for, oldest first; articles that were never erased are absent."""

    erasures: tuple[ErasureStatus, ...]
    """One for each article that was erased."""


MAX_REPROCESSED_AT_ONCE = 20


class ReprocessOrder(RequestModel):
    """Has the indexer make articles once more of the scraped pages that are kept of them.

    Id, version and place among the versions stay; only the text is read anew. No acknowledgement and no reply has an
    `order`.
    """

    order: Literal["reprocess"]
    """What is to be done."""
    articles: Annotated[tuple[Identifier, ...], Field(max_length=MAX_REPROCESSED_AT_ONCE)] = ()
    """Ids of the articles; empty, those that another release read, some at a time."""
    after: Annotated[str, StringConstraints(max_length=512)] = ""
    """Where no article is named: the `next` of the reply before."""


class ReprocessedArticle(ContractModel):
    """What became of an article that was to be made once more."""

    article_id: str
    """The article's id."""
    result: Literal["changed", "unchanged", "failed", "erased", "superseded", "no_page"]
    """`failed` where the page cannot be read now, and the article stays as it was; `superseded` where something newer
    came meanwhile; `no_page` where none is kept of it."""
    reason: str | None = None
    """Why the page cannot be read: a stable code and a text for people."""


class ReprocessReply(ContractModel):
    """The articles that were made once more, one entry for each page of theirs."""

    articles: tuple[ReprocessedArticle, ...]
    """What became of them."""
    next: str | None = None
    """The `after` of the order that goes on; absent where nothing is left."""


class StreamRequest(RequestModel):
    """Asks how the stream is."""


class StreamOrder(RequestModel):
    """Has the indexer remove handled events from the stream, or have all events delivered once more.

    The channel takes the order of its own name only. With `prune`, `keep_bytes` and `keep_days` stand in for the
    settings; `unbacked` lets events go that no backup has.
    """

    order: Literal["prune", "redeliver"]
    """What is to be done; it must be what the channel is named after."""
    keep_bytes: Annotated[StrictInt, Field(ge=0, le=2**53 - 1), WholeNumber] | None = None
    """How many bytes of handled events stay."""
    keep_days: Annotated[float, Field(ge=0, le=36_500)] | None = None
    """How many days handled events stay."""
    unbacked: bool = False
    """True lets events go that no backup has."""


class StreamReply(ContractModel):
    """How the stream and the broker's store are."""

    events: int
    """How many events the stream has, handled ones too."""
    bytes: int
    """How many bytes they are."""
    oldest_at: Timestamp | None = None
    """When the broker stored the oldest of them; absent where there is none."""
    limit_bytes: int | None = None
    """At which size the stream refuses new events; absent without a limit of its own."""
    store_bytes: int
    """How many bytes the broker's store has."""
    store_limit_bytes: int | None = None
    """At which size the broker's store does; absent where that is not known."""
    waiting: int
    """Events that the indexer has not taken."""
    at_work: int
    """Events that it has taken, and not acknowledged."""
    oldest_waiting_at: Timestamp | None = None
    """When the broker stored the oldest event that is not archived; absent where all are."""
    prunable: int
    """How many of the oldest events may go now."""
    bound: Literal["wanted", "acknowledged", "backup"]
    """Why not more: no more are to go, they were not handled yet, or no backup has them."""
    pruned: int | None = None
    """How many went by this order."""
    clock_ahead_s: float | None = None
    """How far the indexer's clock is ahead of the broker's, below 0 behind; absent where the broker tells no time."""
    faults: tuple[str, ...] = ()
    """Settings of the stream and its consumer that are wrong and cannot be changed, for people."""
