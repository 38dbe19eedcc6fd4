"""Events on their way in: as the broker delivered them, as they were read, and what became of them."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from newsdex.order import EventKey, EventName, OrderedEvent, Place
from newsdex_schemas import Article, channels

Outcome = Literal["accepted", "duplicate", "stale", "withdrawn", "parked"]


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
