"""A client for programs that publish to newsdex or search it, over NATS or HTTP; needs `newsdex-schemas[client]`.

async with connect("nats://127.0.0.1:4222") as client:
    receipt = await client.publish(Article(id="gull-7", title="Gull steals the lunch"))
    await client.wait_until_searchable([receipt])
    reply = await client.search("gull")
"""

from newsdex_schemas.client.asking import Asker
from newsdex_schemas.client.client import Client
from newsdex_schemas.client.connecting import connect
from newsdex_schemas.client.messages import Message, message_of_event
from newsdex_schemas.client.transport import CORRELATION_ID, TRACE
from newsdex_schemas.errors import Invalid, Misconfigured, NewsdexError, Refused, Unavailable

__all__ = [
    "CORRELATION_ID",
    "TRACE",
    "Asker",
    "Client",
    "Invalid",
    "Message",
    "Misconfigured",
    "NewsdexError",
    "Refused",
    "Unavailable",
    "connect",
    "message_of_event",
]
