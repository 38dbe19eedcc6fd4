"""Makes messages of events: the channel, the bytes, and the id by which the broker knows a repetition."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from newsdex_schemas import channels
from newsdex_schemas.article import Article
from newsdex_schemas.events import EVENT_MODELS, ArticlePublished, ArticleWithdrawn, Event, Withdrawal
from newsdex_schemas.message_id import message_id
from newsdex_schemas.outcomes import EventRef

CHANNELS = {model: channel for channel, model in EVENT_MODELS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One event on its way to the broker."""

    channel: str
    body: bytes
    ref: EventRef
    """What its outcome can be asked for by."""
    message_id: str
    """The broker takes a second message with this id for a repetition of the first."""
    origin: str
    """Where it came from, for messages to people: a file, and a line in it."""
    correlation_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What an event in binary mode has in its headers."""

    def headers(self) -> dict[str, str]:
        """Return the message's headers."""
        headers = {**self.attributes, channels.MESSAGE_ID_HEADER: self.message_id}
        if self.correlation_id:
            headers[channels.CORRELATION_HEADER] = self.correlation_id
        return headers


def message_of_event(event: Event) -> Message:
    """Return the message for an event; a retry of it is known by the broker, and a repaired event is another one."""
    body = event.to_json()
    return Message(
        channel=CHANNELS[type(event)],
        body=body,
        ref=EventRef(source=event.source, id=event.id),
        message_id=message_id(event.source, event.id, body),
        origin=event.id,
        correlation_id=event.id,
    )


def published(article: Article, source: str) -> ArticlePublished:
    """Return a new event for an article; its time is the article's own, else the moment at which it is stored."""
    return ArticlePublished(id=str(uuid.uuid4()), source=source, time=article.updated_at, data=article)


def withdrawn(withdrawal: Withdrawal, source: str) -> ArticleWithdrawn:
    """Return a new event for a withdrawal of this moment."""
    return ArticleWithdrawn(id=str(uuid.uuid4()), source=source, time=datetime.now(UTC), data=withdrawal)
