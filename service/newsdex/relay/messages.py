"""Makes messages of what other buses carry, as it is: pure. Poison too, which the indexer parks."""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from newsdex.apps.messages import CHANNELS
from newsdex.errors import Invalid
from newsdex.ingest.cloudevents import CONTENT_TYPE, PREFIX, is_cloudevent
from newsdex.ingest.identity import identity
from newsdex.ingest.single_item import single_object
from newsdex.records.events import Delivery
from newsdex.relay.source import Record
from newsdex_schemas import EventRef, channels, message_id
from newsdex_schemas.client import Message
from newsdex_schemas.outcomes import SOURCE_WITHOUT_CLOUDEVENT

ATTRIBUTE_PREFIXES = ("ce-", "ce_", "cloudevents:", "cloudevents_", "cloudevents-")
"""How the bindings of NATS and HTTP, Kafka, and AMQP write a CloudEvents attribute's name."""
PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
MAX_CORRELATION = 512


def message_of(record: Record) -> tuple[Message, str | None]:
    """Return the message for a record, and the key of those before which and behind which it must come."""
    headers = _as_nats(record.headers)
    channel = _channel_of(record.body, headers)
    # a bare article has no name: its place at the source is one, by which a copy is known however late it comes
    place = f"{record.origin} {hashlib.sha256(record.body).hexdigest()}"
    name = identity(
        Delivery(
            subject=channel,
            headers={**headers, channels.MESSAGE_ID_HEADER: place},
            body=record.body,
            stream_sequence=0,
            stored_us=0,
            deliveries=1,
        )
    )
    unnamed = name.source == SOURCE_WITHOUT_CLOUDEVENT
    id_ = place if unnamed else message_id(name.source, name.id, record.body)
    correlation = record.headers.get(channels.CORRELATION_HEADER) or (record.origin if unnamed else name.id)
    message = Message(
        channel=channel,
        body=record.body,
        ref=EventRef.model_construct(source=name.source, id=name.id),
        message_id=id_ if id_.isprintable() else place,
        origin=record.origin,
        correlation_id=correlation[:MAX_CORRELATION] if correlation.isprintable() else record.origin,
        attributes=headers,
    )
    return message, record.key or name.article_id


def _as_nats(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that belong to the event, as NATS' binding of CloudEvents writes them."""
    found = {}
    for name, text in headers.items():
        prefix = next((one for one in ATTRIBUTE_PREFIXES if name.startswith(one)), None)
        attribute = name[len(prefix) :] if prefix else ""
        if attribute.isalnum() and attribute.isascii():
            found[PREFIX + attribute] = quote(text, safe=PRINTABLE)
        elif name == CONTENT_TYPE and text.isprintable():
            found[name] = text
    return found


def _channel_of(body: bytes, headers: Mapping[str, str]) -> str:
    """Return the channel of an event's type; what has none, or none of ours, is parked on the one for articles."""
    try:
        value = single_object(body)
    except Invalid:
        value = {}
    type_ = value.get("type") if is_cloudevent(value) else headers.get(f"{PREFIX}type")
    return CHANNELS.get(str(type_), channels.ARTICLES_PUBLISHED)
