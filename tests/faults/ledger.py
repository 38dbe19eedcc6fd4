"""The publisher's own ledger: what was sent, what the broker acknowledged, and what must have come of it."""

import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from newsdex.apps.publishing import Message
from newsdex_schemas import EventRef, channels

SOURCE = "https://desk.example/kills"
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
FILLER = "The ferry left the harbour at dusk while the gulls kept their distance from the piers and the tide went out."
POISON = (b"{", b"", b"[1, 2]", b'{"title": "No id"}', b'{"id": "p", "title": ""}', b"\xff\xfe", b'{"id": "p"}')
"""Each is parked, whatever the code."""

Kind = Literal["publication", "withdrawal", "poison"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event; its number gives its time, so no two have the same."""

    number: int
    kind: Kind
    article: str = ""
    version: int | None = None
    message: Message

    @property
    def ref(self) -> EventRef:
        """Give what its outcome is asked for by."""
        return self.message.ref

    def covers(self, other: "Event") -> bool:
        """Tell whether this withdrawal takes a publication out of search: by version if it names one, else by time."""
        if self.version is None:
            return self.number >= other.number
        return other.version is not None and self.version >= other.version


def article_word(article: str) -> str:
    """Give the word that all versions of an article have, and no other article."""
    return f"art{article}"


def version_word(article: str, version: int) -> str:
    """Give the word that one version of an article has, and nothing else."""
    return f"art{article}ver{version}"


def newest_live(events: list[Event]) -> Event | None:
    """Give the version that search must show after these events of an article, in whatever order they came."""
    publications = [event for event in events if event.kind == "publication"]
    newest = max(publications, key=lambda event: (event.version or 0, event.number), default=None)
    withdrawals = [event for event in events if event.kind == "withdrawal"]
    return None if newest is None or any(one.covers(newest) for one in withdrawals) else newest


@dataclass(kw_only=True)
class Ledger:
    """Draws the lives of some articles, and keeps what was sent of them."""

    draw: random.Random
    articles: int
    sent: list[Event] = field(default_factory=list)
    by_article: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    sent_at: dict[int, float] = field(default_factory=dict)
    """Number → when it was sent first, on the monotonic clock."""
    acknowledged: dict[EventRef, Event] = field(default_factory=dict)
    waiting: dict[EventRef, Event] = field(default_factory=dict)
    """What was acknowledged and is not known to be searchable; parked events never are."""
    settled: dict[EventRef, int] = field(default_factory=dict)
    """What the service has said that every search reflects, and as the how-manieth it said so."""
    last_acknowledged_sent_at: float = 0.0
    last_settled_sent_at: float = 0.0
    """Of the events that changed what search shows."""

    def next(self) -> Event:
        """Draw the next event and enter it as sent."""
        number = len(self.sent)
        article = str(self.draw.randrange(self.articles))
        publications = [event for event in self.by_article[article] if event.kind == "publication"]
        last = max((event.version or 0 for event in publications), default=0)
        event = self._drawn(number, article, last)
        self.sent.append(event)
        self.sent_at[number] = time.monotonic()
        if event.kind != "poison":
            self.by_article[article].append(event)
        return event

    def _drawn(self, number: int, article: str, last: int) -> Event:
        chance = self.draw.random()
        if chance < 0.04:
            return self._poison(number)
        if chance < 0.16 and last:
            return self._withdrawal(number, article, self.draw.choice([None, last, max(1, last - 1)]))
        if chance < 0.26 and last > 1:
            return self._publication(number, article, last - 1)  # late: there is a newer one already
        return self._publication(number, article, last + 1)

    def _publication(self, number: int, article: str, version: int) -> Event:
        data = {
            "id": article,
            "version": version,
            "title": f"Article {article_word(article)}",
            "body": f"{version_word(article, version)} everywhere. {FILLER * self.draw.randint(1, 8)}",
            "published_at": (BEGINNING + timedelta(seconds=number)).isoformat(),
        }
        channel = channels.ARTICLES_UPDATED if version > 1 else channels.ARTICLES_PUBLISHED
        message = self._message(number, channel, data)
        return Event(number=number, kind="publication", article=article, version=version, message=message)

    def _withdrawal(self, number: int, article: str, version: int | None) -> Event:
        data = {"id": article} if version is None else {"id": article, "version": version}
        message = self._message(number, channels.ARTICLES_WITHDRAWN, data)
        return Event(number=number, kind="withdrawal", article=article, version=version, message=message)

    def _message(self, number: int, channel: str, data: dict[str, Any]) -> Message:
        event = {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": SOURCE,
            "type": f"{channel.replace('articles.', 'article.')}.v1",
            "time": (BEGINNING + timedelta(seconds=number)).isoformat(),
            "data": data,
        }
        return Message(
            channel=channel,
            body=json.dumps(event).encode(),
            ref=EventRef(source=SOURCE, id=f"e-{number}"),
            message_id=f"e-{number}",
            origin=f"event {number}",
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

    def acknowledge(self, event: Event) -> None:
        """Enter that the broker has it."""
        self.acknowledged[event.ref] = event
        if event.kind != "poison":
            self.waiting[event.ref] = event
        self.last_acknowledged_sent_at = max(self.last_acknowledged_sent_at, self.sent_at[event.number])

    def settle(self, event: Event) -> None:
        """Enter that searches reflect it."""
        self.settled.setdefault(event.ref, len(self.settled))
        self.waiting.pop(event.ref, None)
        if newest_live(self.by_article[event.article]) is event:
            self.last_settled_sent_at = max(self.last_settled_sent_at, self.sent_at[event.number])

    def settled_of(self, article: str, count: int) -> list[Event]:
        """Give the events of an article among the first `count` that settled."""
        return [event for event in self.by_article[article] if self.settled.get(event.ref, count) < count]
