"""Makes messages of events that somebody hands in, read first as the indexer will read them."""

import uuid

from newsdex.ingest.cloudevents import is_cloudevent, unknown_type
from newsdex.ingest.read import read_event
from newsdex.json_text import parse_object
from newsdex.records import Delivery
from newsdex_schemas import EVENT_MODELS, EventRef, channels, message_id
from newsdex_schemas.client import Message
from newsdex_schemas.events import event_type

CHANNELS = {event_type(model): channel for channel, model in EVENT_MODELS.items()}


def message_of(body: bytes, origin: str) -> Message:
    """Return the message for an article or a CloudEvent, which travels as it was given.

    Raises `Invalid` for what the service would park.
    """
    value = parse_object(body)
    channel = CHANNELS.get(str(value.get("type"))) if is_cloudevent(value) else channels.ARTICLES_PUBLISHED
    if channel is None:
        raise unknown_type()
    return message_on(channel, body, origin)


def message_on(channel: str, body: bytes, origin: str) -> Message:
    """Return the message for an event on its channel; raise `Invalid` for what the service would park."""
    unnamed = str(uuid.uuid4())
    headers = {channels.MESSAGE_ID_HEADER: unnamed}
    event = read_event(
        Delivery(subject=channel, headers=headers, body=body, stream_sequence=0, stored_us=0, deliveries=1)
    )
    return Message(
        channel=channel,
        body=body,
        ref=EventRef(source=event.source, id=event.id),
        message_id=unnamed if event.id == unnamed else message_id(event.source, event.id, body),
        origin=origin,
        correlation_id=event.id,
    )
