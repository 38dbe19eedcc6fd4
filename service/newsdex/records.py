"""The frozen values that pass between ingest, archive, index and search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from newsdex_schemas import Article, channels

Outcome = Literal["accepted", "duplicate", "stale", "withdrawn", "parked"]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Give the microseconds from 1970-01-01T00:00Z to an aware datetime."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment_of(stamp_us: int) -> datetime:
    """Return the datetime, in UTC, of microseconds since 1970-01-01T00:00Z."""
    return EPOCH + timedelta(microseconds=stamp_us)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One message as the broker delivered it."""

    subject: str
    headers: Mapping[str, str]
    body: bytes
    stream_sequence: int
    stored_us: int
    """When the broker stored it: the same at every delivery."""
    deliveries: int
    """1 at the first delivery."""
    correlation_id: str | None = None
    parked_id: int | None = None
    """Set when a parked event is tried again."""


class VersionKey(NamedTuple):
    """The total order between the versions of an article: publisher's version, event time, digest of the content."""

    version: int
    time_us: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ArticleState:
    """What the archive knows of an article: three maxima, so that it cannot depend on the order of events."""

    published: VersionKey | None = None
    """The newest version that was published."""
    withdrawn_version: int | None = None
    """The highest version that a withdrawal named."""
    withdrawn_us: int | None = None
    """The latest time of a withdrawal that named no version."""

    def covers(self, key: VersionKey) -> bool:
        """Tell whether a withdrawal takes this version out of search."""
        by_version = self.withdrawn_version is not None and key.version <= self.withdrawn_version
        by_time = self.withdrawn_us is not None and key.time_us <= self.withdrawn_us
        return by_version or by_time

    @property
    def live(self) -> bool:
        """Tell whether there is a version that no withdrawal covers."""
        return self.published is not None and not self.covers(self.published)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedEvent:
    """A valid event, whatever shape it came in; `article` is None for a withdrawal."""

    source: str
    id: str
    type: str
    article_id: str
    article: Article | None
    content: bytes
    """The article as the archive keeps it, JSON; empty for a withdrawal."""
    key: VersionKey
    """For a withdrawal without a version, `version` is -1."""
    correlation_id: str
    unknown_fields: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One outcome with its reason, and what it changes."""

    outcome: Outcome
    reason: str
    state: ArticleState | None = None
    """The new state, or None where nothing changes."""
    content_changes: bool = False
    """True where search must see something else than before; it takes the next sequence number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Why an event was parked."""

    code: str
    message: str
    place: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one delivery: the ledger's row, and the log's line."""

    delivery: Delivery
    outcome: Outcome
    reason: str
    source: str
    event_id: str
    correlation_id: str
    type: str | None = None
    article_id: str | None = None
    sequence: int | None = None
    """The change's number in the feed, for an outcome that changed the article."""
    parked_id: int | None = None
    fault: Fault | None = None
    unknown_fields: int = 0
    superseded: tuple[int, ...] = ()
    """Parked events that this one made pointless, and closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One entry of the change feed: an article's latest state, or its tombstone."""

    sequence: int
    id: str
    content: bytes | None
    correlation_id: str
    embargoed_us: int | None = None
    """Search must not show the article before; None is no embargo."""
    expires_us: int | None = None
    """Search must not show the article from then on; None is never."""

    def shown_at(self, moment_us: int) -> bool:
        """Return whether search shows the article at a moment."""
        return self.content is not None and _is_within(self.embargoed_us, self.expires_us, moment_us)

    def article(self) -> Article | None:
        """Read the article; None for a tombstone."""
        return None if self.content is None else Article.model_validate_json(self.content)


class Claim(NamedTuple):
    """Which version of an article a parked event was to bring, as far as it can be read."""

    version: int | None
    """As in `VersionKey`; None where it cannot be told, and the event cannot be compared with others."""
    time_us: int | None
    """None where it cannot be read; then the order in which the broker stored the events stands in for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingEvent:
    """An open parked event without its message: what tells whether a later event makes it pointless."""

    id: int
    subject: str
    stored_us: int
    source: str
    event_id: str
    article_id: str | None
    claim: Claim


class Turns(NamedTuple):
    """Which articles to look for whose embargo or expiry falls into a span of time."""

    after_us: int
    until_us: int
    """Those that turn after the one moment and not after the other."""
    until_sequence: int
    """Those whose last change has at most this sequence number."""
    after_sequence: int = 0


class FeedEntry(NamedTuple):
    """What the change feed says of an article now, without its text."""

    sequence: int
    id: str
    live: bool
    """False for a tombstone."""
    embargoed_us: int | None = None
    expires_us: int | None = None

    def shown_at(self, moment_us: int) -> bool:
        """Return whether search shows the article at a moment, as `Change.shown_at`."""
        return self.live and _is_within(self.embargoed_us, self.expires_us, moment_us)

    def turns_between(self, one_us: int, other_us: int) -> bool:
        """Return whether the embargo or the expiry falls between two moments, whichever is the earlier."""
        after, until = min(one_us, other_us), max(one_us, other_us)
        turns = (self.embargoed_us, self.expires_us)
        return self.live and any(turn is not None and after < turn <= until for turn in turns)


def _is_within(embargoed_us: int | None, expires_us: int | None, moment_us: int) -> bool:
    return (embargoed_us is None or embargoed_us <= moment_us) and (expires_us is None or moment_us < expires_us)


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedEvent:
    """An event that could not be handled, whole."""

    id: int
    at_us: int
    delivery: Delivery
    fault: Fault
    source: str
    event_id: str
    correlation_id: str
    status: Literal["open", "resolved", "dropped"] = "open"
    attempts: int = 1
    resolution: str | None = None
    article_id: str | None = None
    closed_us: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedChoice:
    """Names parked events by what they have in common."""

    codes: Sequence[str] = ()
    """Any of them; empty is every code."""
    since_us: int | None = None
    """Parked then or later."""
    before_us: int | None = None
    include_closed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedCount:
    """How many events wait for an operator for one reason, and since when."""

    code: str
    number: int
    oldest_us: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Redrive:
    """What became of parked events that an operator named; those in neither are unknown."""

    results: Mapping[int, "Result"]
    """Those that were open and were handled once more."""
    closed: Mapping[int, str]
    """Those that were closed before, and why."""


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
    resolution: str | None = None
    """Why the parked event is closed; None while it waits."""

    @property
    def is_withdrawal(self) -> bool:
        """Tell whether the event takes its article out of search."""
        return self.subject == channels.ARTICLES_WITHDRAWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How an article stands in the archive now."""

    state: ArticleState
    sequence: int
    has_content: bool
    embargoed_us: int | None
    expires_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveCounts:
    """The archive in numbers."""

    live: int
    tombstones: int
    sequence: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
