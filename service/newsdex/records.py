"""The frozen values that pass between ingest, archive, index and search."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from newsdex.order import ArticleState, EventKey, EventName, OrderedEvent, Place
from newsdex_schemas import Article, channels

Outcome = Literal["accepted", "duplicate", "stale", "withdrawn", "parked"]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return the microseconds from 1970-01-01T00:00Z to an aware datetime."""
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
    incarnation: int | None = None
    """Of the stream it came from; set when a parked event is tried again, else the archive tells it."""
    read: "ReceivedEvent | Fault | None" = None
    """What another process read of it already."""


class Placed(NamedTuple):
    """Where a delivery stands in the stream."""

    place: Place
    handled: bool
    """True for one that has an outcome: it comes again because its acknowledgement was lost."""


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
    version: int | None
    stated_us: int | None
    """The moment that it states: a CloudEvent's `time`, a bare article's `updated_at`."""
    fingerprint: bytes
    """Of what it says; copies of an event have the same."""
    correlation_id: str
    unknown_fields: int = 0
    page: bytes | None = None
    """Of a scraped page the message's body, compressed by zlib: the article can be made of it once more."""
    addresses: tuple[str, ...] = ()
    """Of a scraped page, the addresses at which it was met, where they are not its article's id."""

    @property
    def name(self) -> EventName:
        """Return what only copies of the event share with it."""
        return EventName(self.source, self.id, self.fingerprint)

    def ordered(self, place: Place, stored_us: int) -> OrderedEvent:
        """Return what the order needs of the event, as it was stored at a place."""
        return OrderedEvent(
            name=self.name,
            key=EventKey(self.version, self.stated_us, stored_us, place),
            withdrawal=self.article is None,
            content=self.content,
        )


class PageNote(NamedTuple):
    """What there is to tell of a page that is kept, without its text."""

    stored_us: int
    bytes: int
    """Compressed."""
    reader: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptPage:
    """The message that an article was made of, whole."""

    article_id: str
    place: Place
    stored_us: int
    correlation_id: str
    reader: str
    """What made the article of it, with its version."""
    headers: Mapping[str, str]
    body: bytes
    """Compressed by zlib."""

    def delivery(self) -> Delivery:
        """Return the message as it came."""
        return Delivery(
            subject=channels.ARTICLES_SCRAPED,
            headers=self.headers,
            body=zlib.decompress(self.body),
            stream_sequence=self.place.position,
            stored_us=self.stored_us,
            deliveries=1,
            correlation_id=self.correlation_id,
            incarnation=self.place.incarnation,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One outcome with its reason, and whether it changes what search sees."""

    outcome: Outcome
    reason: str
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
    place: Place
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
    fingerprint: bytes | None = None
    """None for an event that could not be read."""
    other_source: str | None = None
    """Whose publication the archive had of the article, where that is another publisher than the event's."""
    stated_us: int | None = None
    """The moment that the event states, where it could be read and states one."""
    copy_of: int | None = None
    """Of a copy, the number in the stream of the message that it is a copy of."""
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
    unseen: bool = False
    """Whether nothing of it was free of an embargo up to this change."""

    def shown_at(self, moment_us: int) -> bool:
        """Return whether search shows the article at a moment."""
        return self.content is not None and _is_within(self.embargoed_us, self.expires_us, moment_us)

    def is_secret_at(self, moment_us: int) -> bool:
        """Return whether nobody can have seen the article up to a moment: nobody is to learn that there is one."""
        return self.unseen and (self.content is None or (self.embargoed_us or 0) > moment_us)

    def article(self) -> Article | None:
        """Read the article; None for a tombstone."""
        return None if self.content is None else Article.model_validate_json(self.content)


NONE_STATED = -(2**63)
"""Stands for a version or a time that an event does not state, as opposed to one that cannot be read."""


class Claim(NamedTuple):
    """Which version of an article a parked event was to bring, as far as it can be read."""

    version: int | None
    """NONE_STATED for an event without one; None where it cannot be read, and the event compares with no other."""
    stated_us: int | None
    """NONE_STATED for an event without a time; None where it cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingEvent:
    """An open parked event without its message: what tells whether a later event makes it pointless."""

    id: int
    subject: str
    place: Place
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


class FeedPosition(NamedTuple):
    """Up to where a copy of the articles has followed the change feed, and the clock."""

    sequence: int
    moment_us: int
    """Embargoes and expiries up to this moment were followed."""

    def __str__(self) -> str:
        """Return what `parsed` reads."""
        return f"{self.sequence}@{moment_of(self.moment_us).isoformat().replace('+00:00', 'Z')}"

    @classmethod
    def parsed(cls, text: str) -> "FeedPosition":
        """Read a position, or a sequence number alone: every embargo and expiry counts then, however long ago.

        Raises `ValueError` for another text.
        """
        number, _, moment = text.partition("@")
        if not number.isascii() or not number.isdecimal() or int(number) >= 2**63:
            raise ValueError("not a sequence number")
        if not moment:
            return cls(int(number), 0)
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None:
            raise ValueError("a moment without a zone")
        return cls(int(number), microseconds(when))


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
