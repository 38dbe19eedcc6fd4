"""Makes messages of events that somebody hands in, read first as the indexer will read them."""

import uuid

from newsdex.ingest.cloudevents import is_cloudevent, unknown_type
from newsdex.ingest.read import check_event, read_event
from newsdex.ingest.single_item import single_object
from newsdex.records.events import Delivery
from newsdex_schemas import EVENT_MODELS, EventRef, channels, message_id
from newsdex_schemas.client import Message
from newsdex_schemas.events import event_type

CHANNELS = {event_type(model): channel for channel, model in EVENT_MODELS.items()}


def message_of(body: bytes, origin: str, *, reads_pages: bool = True) -> Message:
    """Return the message for an article or a CloudEvent, which travels as it was given.

    Raises `Invalid` for what the service would park; without `reads_pages`, HTML is left to the processes for pages.
    """
    value = single_object(body)
    channel = CHANNELS.get(str(value.get("type"))) if is_cloudevent(value) else channels.ARTICLES_PUBLISHED
    if channel is None:
        raise unknown_type()
    return message_on(channel, body, origin, reads_pages=reads_pages)


def message_on(channel: str, body: bytes, origin: str, *, reads_pages: bool = True) -> Message:
    """Return the message for an event on its channel; raise `Invalid` as `message_of`."""
    unnamed = str(uuid.uuid4())
    headers = {channels.MESSAGE_ID_HEADER: unnamed}
    delivery = Delivery(subject=channel, headers=headers, body=body, stream_sequence=0, stored_us=0, deliveries=1)
    if reads_pages:
        event = read_event(delivery)
        source, id_ = event.source, event.id
    else:
        source, id_ = check_event(delivery)
    return Message(
        channel=channel,
        body=body,
        ref=EventRef(source=source, id=id_),
        message_id=unnamed if id_ == unnamed else message_id(source, id_, body),
        origin=origin,
        correlation_id=id_,
    )
