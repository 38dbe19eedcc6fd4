"""The publisher's own ledger: what was sent, what the broker acknowledged, and what must have come of it."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tests.unit import order_model as model

from newsdex.order import EventKey, EventName, OrderedEvent, Place
from newsdex.records.moments import microseconds
from newsdex_schemas import EventRef, channels
from newsdex_schemas.client import Message

SOURCES = ("https://desk.example/kills", "https://agency.example/kills")
"""Two publishers of the same articles."""
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
STORED_FROM_US = microseconds(datetime(2026, 6, 1, tzinfo=UTC))
"""Later than what events state, as the broker's clock is: of those that state nothing, the place decides."""
ADDRESS = "https://desk.example/"
FILLER = "The ferry left the harbour at dusk while the gulls kept their distance from the piers and the tide went out."
POISON = (b"{", b"", b"[1, 2]", b'{"title": "No id"}', b'{"id": "p", "title": 7}', b"\xff\xfe", b'{"id": ""}')
"""Each is parked, whatever the code."""
UNSET: tuple[dict[str, Any], ...] = (
    {},
    {
        "summary": None, "section": None, "agency": None, "language": None, "updated_at": None, "embargoed_until": None,
        "expires_at": None, "version": None, "tags": [], "authors": [], "related": [],
    },
    {
        "summary": "", "section": "", "agency": "", "language": "", "updated_at": "0001-01-01T00:00:00Z",
        "embargoed_until": "0001-01-01T00:00:00Z", "expires_at": "0001-01-01T00:00:00", "tags": [""], "authors": None,
        "related": None,
    },
)  # fmt: skip
"""What publishers send in the fields that nobody set: nothing, nulls and empty lists, or zero values."""

Kind = Literal["publication", "withdrawal", "poison"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event; its number is in its words, its address and, where it states one, its time."""

    number: int
    kind: Kind
    article: str = ""
    version: int | None = None
    states_time: bool = True
    message: Message

    @property
    def ref(self) -> EventRef:
        """Return what its outcome is asked for by."""
        return self.message.ref

    def at(self, position: int) -> OrderedEvent:
        """Return the event as the model sees it, stored at a number of the stream."""
        stated = _stated(self.number) if self.states_time else None
        return OrderedEvent(
            name=EventName(self.ref.source, self.ref.id, b""),
            key=EventKey(self.version, stated, STORED_FROM_US + position, Place(1, position)),
            withdrawal=self.kind == "withdrawal",
            content=str(self.number).encode(),
        )


def _stated(number: int) -> int:
    return microseconds(BEGINNING + timedelta(seconds=number))


def article_word(article: str) -> str:
    """Return the word that all versions of an article have, and no other article."""
    return f"art{article}"


def version_word(article: str, number: int) -> str:
    """Return the word that one publication of an article has, and nothing else."""
    return f"art{article}num{number}"


def number_at(url: str | None) -> int | None:
    """Return the number of the event whose article has an address."""
    number = (url or "").removeprefix(ADDRESS)
    return int(number) if number.isdecimal() else None


@dataclass(kw_only=True)
class Ledger:
    """Draws the lives of some articles, and keeps what was sent of them."""

    draw: random.Random
    articles: int
    sent: list[Event] = field(default_factory=list)
    by_article: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    sent_at: dict[int, float] = field(default_factory=dict)
    """Number → when it was sent first, on the monotonic clock."""
    positions: dict[int, int] = field(default_factory=dict)
    """Number → where the broker says that it stands in the stream."""
    acknowledged: dict[EventRef, Event] = field(default_factory=dict)
    waiting: dict[EventRef, Event] = field(default_factory=dict)
    """What was acknowledged and is not known to be reflected; parked events never are."""
    settled: dict[EventRef, int] = field(default_factory=dict)
    """What the service has said that every search reflects, and as the how-manieth it said so."""
    copies: int = 0
    """Those drawn, whether or not the broker took them."""
    last_acknowledged_sent_at: float = 0.0
    last_settled_sent_at: float = 0.0
    """Of the events that changed what search shows."""

    def next(self) -> Event:
        """Draw the next event and enter it as sent."""
        number = len(self.sent)
        article = str(self.draw.randrange(self.articles))
        publications = [event for event in self.by_article[article] if event.kind == "publication"]
        last = max((event.version or 0 for event in publications), default=0)
        event = self._drawn(number, article, last, is_known=bool(publications))
        self.sent.append(event)
        self.sent_at[number] = time.monotonic()
        if event.kind != "poison":
            self.by_article[article].append(event)
        return event

    def _drawn(self, number: int, article: str, last: int, *, is_known: bool) -> Event:
        chance = self.draw.random()
        if chance < 0.04:
            return self._poison(number)
        if chance < 0.18 and is_known:
            return self._withdrawal(number, article, self.draw.choice([None, None, last, max(1, last - 1)]))
        if chance < 0.26 and last > 1:
            return self._publication(number, article, last - 1)  # late: there is a newer one already
        if chance < 0.30 and last:
            return self._publication(number, article, last)  # published again under the version it has
        if chance < 0.60:
            return self._publication(number, article, None)
        return self._publication(number, article, last + 1)

    def _publication(self, number: int, article: str, version: int | None) -> Event:
        data = {
            **self.draw.choice(UNSET),
            "id": article,
            "title": f"Article {article_word(article)}",
            "body": f"{version_word(article, number)} everywhere. {FILLER * self.draw.randint(1, 8)}",
            "published_at": (BEGINNING + timedelta(seconds=number)).isoformat(),
            "url": f"{ADDRESS}{number}",
            **({} if version is None else {"version": version}),
        }
        channel = channels.ARTICLES_UPDATED if (version or 0) > 1 else channels.ARTICLES_PUBLISHED
        return self._event(number, "publication", channel, article, version, data)

    def _withdrawal(self, number: int, article: str, version: int | None) -> Event:
        data = {"id": article} if version is None else {"id": article, "version": version}
        # 0 is what a plain object has where nobody set a version
        return self._event(number, "withdrawal", channels.ARTICLES_WITHDRAWN, article, version or None, data)

    def _event(  # noqa: PLR0917 - the parts of one value
        self, number: int, kind: Kind, channel: str, article: str, version: int | None, data: dict[str, Any]
    ) -> Event:
        states_time, source = self.draw.random() < 0.6, self.draw.choice(SOURCES)
        value = {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": source,
            "type": f"{channel.replace('articles.', 'article.')}.v1",
            "data": data,
            **({"time": (BEGINNING + timedelta(seconds=number)).isoformat()} if states_time else {}),
        }
        message = Message(
            channel=channel,
            body=json.dumps(value).encode(),
            ref=EventRef(source=source, id=f"e-{number}"),
            message_id=f"e-{number}",
            origin=f"event {number}",
        )
        return Event(
            number=number, kind=kind, article=article, version=version, states_time=states_time, message=message
        )

    def _poison(self, number: int) -> Event:
        message = Message(
            channel=channels.ARTICLES_PUBLISHED,
            body=self.draw.choice(POISON),
            ref=EventRef(source="nats", id=f"e-{number}"),
            message_id=f"e-{number}",
            origin=f"event {number}",
        )
        return Event(number=number, kind="poison", message=message)

    def acknowledge(self, event: Event, position: int) -> None:
        """Enter that the broker has it, and where."""
        self.positions[event.number] = position
        self.acknowledged[event.ref] = event
        if event.kind != "poison":
            self.waiting[event.ref] = event
        self.last_acknowledged_sent_at = max(self.last_acknowledged_sent_at, self.sent_at[event.number])

    def copy(self) -> Message | None:
        """Draw an event that the broker has, as an outbox sends it again: the same bytes under another message id."""
        known = [event for event in self.acknowledged.values() if event.kind != "poison"]
        if not known:
            return None
        self.copies += 1
        return replace(self.draw.choice(known).message, message_id=f"copy-{self.copies}")

    def settle(self, event: Event) -> None:
        """Enter that searches reflect it."""
        self.settled.setdefault(event.ref, len(self.settled))
        self.waiting.pop(event.ref, None)
        known = [one for one in self.by_article[event.article] if one.number in self.positions]
        if self.shown(known) is event:
            self.last_settled_sent_at = max(self.last_settled_sent_at, self.sent_at[event.number])

    def settled_of(self, article: str, count: int) -> list[Event]:
        """Return the events of an article among the first `count` that settled."""
        return [event for event in self.by_article[article] if self.settled.get(event.ref, count) < count]

    def shown(self, events: Iterable[Event]) -> Event | None:
        """Return what search must show after some acknowledged events of an article, in whatever order they came."""
        content = model.shown(self._ordered(events))
        return None if content is None else self.sent[int(content)]

    def fault_of(self, event: Event, floor: list[Event]) -> str | None:
        """Return why an event must not be shown once some others of its article are reflected, or None.

        An event whose acknowledgement we have not had stands we do not know where.
        """
        if event.number not in self.positions:
            return None
        stored = event.at(self.positions[event.number])
        others = self._ordered(floor)
        if any(model.is_covered(stored.key, other.key) for other in others if other.withdrawal):
            return "was withdrawn"
        alike = [one for one in others if not one.withdrawal and (one.key.version is None) == (event.version is None)]
        return None if model.newest([*alike, stored]) is stored else "is not the newest"

    def _ordered(self, events: Iterable[Event]) -> list[OrderedEvent]:
        return [event.at(self.positions[event.number]) for event in events]
