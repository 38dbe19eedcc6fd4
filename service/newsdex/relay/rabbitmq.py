"""Reads a queue of RabbitMQ, as its only consumer."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelNotFoundEntity,
    ProbableAuthenticationError,
)
from aiormq.exceptions import ChannelAccessRefused

from newsdex.errors import Misconfigured, Unavailable
from newsdex.relay.address import SourceAddress, named
from newsdex.relay.source import BATCH, WAIT_S, Record

OPTIONS = frozenset({"queue"})


def make_source(address: SourceAddress) -> "RabbitQueue":
    """Make the source."""
    return RabbitQueue(address.url, named(address, "queue"))


class RabbitQueue:
    """One queue, which its owner declares; what our broker never takes goes to its dead-letter exchange."""

    faults = (AMQPError, RuntimeError)
    """The client raises `RuntimeError` for what is done on a connection that was lost."""

    def __init__(self, url: str, queue: str) -> None:
        self._url = url
        self._queue = queue
        self._connection: AbstractConnection | None = None
        self._received: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()

    async def open(self) -> None:
        """Consume alone: messages that are shared out to two consumers lose their order."""
        received: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()
        self._received = received
        try:
            self._connection = await aio_pika.connect(self._url, timeout=5)
            channel = await self._connection.channel()
            channel.close_callbacks.add(lambda *_: received.put_nowait(None))
            await channel.set_qos(prefetch_count=BATCH)
            queue = await channel.get_queue(self._queue)
            await queue.consume(received.put, exclusive=True)
        except (AuthenticationError, ProbableAuthenticationError) as error:
            raise Misconfigured("relay_refused", f"RabbitMQ refuses us: {error}") from error
        except ChannelNotFoundEntity as error:
            raise Unavailable("relay_source_missing", f"no queue {self._queue}") from error
        except ChannelAccessRefused as error:
            raise Unavailable("relay_standby", f"another consumer reads this queue, or we may not: {error}") from error

    async def read(self) -> Sequence[Record]:
        """Return what was delivered."""
        found: list[AbstractIncomingMessage | None] = []
        with suppress(TimeoutError):
            found.append(await asyncio.wait_for(self._received.get(), WAIT_S))
        while len(found) < BATCH and not self._received.empty():
            found.append(self._received.get_nowait())
        if None in found:
            raise Unavailable("relay_source_unavailable", "RabbitMQ closed the channel")
        return [self._record(message) for message in found if message is not None]

    def _record(self, message: AbstractIncomingMessage) -> Record:
        headers = {name.lower(): _text(value) for name, value in message.headers.items() if value is not None}
        if message.content_type:
            headers["content-type"] = message.content_type
        if message.correlation_id:
            headers.setdefault("correlation_id", str(message.correlation_id))
        # a queue has no numbers: without an id, a message is told from others by its bytes
        origin = f"amqp:{self._queue}" + (f"/{message.message_id}" if message.message_id else "")
        return Record(body=message.body, origin=origin, headers=headers, token=message)

    async def settle(self, taken: Sequence[Record], refused: Sequence[Record]) -> None:
        """Acknowledge, and reject without another delivery."""
        for record in taken:
            await record.token.ack()
        for record in refused:
            await record.token.reject(requeue=False)

    async def close(self) -> None:
        """Close the connection; what was not acknowledged goes back to its place in the queue."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
