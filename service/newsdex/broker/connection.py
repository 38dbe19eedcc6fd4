"""Makes the FastStream broker as newsdex needs it: every default that loses, stalls or freezes is set."""

import logging
from typing import Any, Protocol

import structlog
from faststream.nats import NatsBroker
from faststream.nats.message import NatsMessage
from faststream.security import BaseSecurity, SASLPlaintext
from nats.errors import ConnectionClosedError, ConnectionReconnectingError

from newsdex.broker.address import broker_url, connection_options
from newsdex.errors import NewsdexError, Unavailable
from newsdex.log import faststream_logger
from newsdex.records import Delivery, microseconds
from newsdex.settings import Settings
from newsdex_schemas import channels

log = structlog.get_logger()

GRACEFUL_TIMEOUT_S = 30.0
"""Longer than the longest commit, so that SIGTERM lets a batch finish."""
CLIENT_PENDING_BYTES = 64 * 1024 * 1024


class Owner(Protocol):
    """The process that a connection belongs to."""

    stopping: bool
    """True once the connection may close."""

    def fail(self, error: NewsdexError) -> None:
        """End the process."""


class Broker(NatsBroker):
    """FastStream's broker, which also stops while the server is away; drained then is nothing."""

    async def stop(self, *error: Any) -> None:
        """Hand in what is at work and close the connection."""
        try:
            await super().stop(*error)
        except (ConnectionReconnectingError, ConnectionClosedError):
            if self._connection is not None:
                await self._connection.close()


def make_broker(settings: Settings, *, name: str, owner: Owner) -> NatsBroker:
    """Make an unconnected broker; its owner ends when the connection is closed for good."""

    async def closed() -> None:
        if not owner.stopping:
            log.error("broker.closed")
            owner.fail(Unavailable("broker_closed", "the broker's connection is closed for good"))

    async def disconnected() -> None:
        if not owner.stopping:
            log.warning("broker.disconnected")

    async def reconnected() -> None:
        log.warning("broker.reconnected")

    async def failed(error: Exception) -> None:
        log.error("broker.error", error=str(error) or type(error).__name__)

    options = connection_options(settings)
    return Broker(
        broker_url(settings),
        name=name,
        security=_security(options),
        closed_cb=closed,
        disconnected_cb=disconnected,
        reconnected_cb=reconnected,
        error_cb=failed,
        # after 60 attempts, the default, the client's event loop would spin without an end
        max_reconnect_attempts=-1,
        graceful_timeout=GRACEFUL_TIMEOUT_S,
        pending_size=CLIENT_PENDING_BYTES,
        # bytes are read by us: FastStream's validation would log the input and lose what it refuses
        apply_types=False,
        logger=faststream_logger(),
        log_level=logging.DEBUG,
        **options,
    )


def _security(options: dict[str, Any]) -> BaseSecurity | None:
    """FastStream takes user, password and TLS by a value of its own; they leave the options."""
    tls, user, password = options.pop("tls", None), options.pop("user", None), options.pop("password", None)
    if user is not None:
        return SASLPlaintext(username=user, password=password or "", ssl_context=tls, use_ssl=tls is not None)
    return BaseSecurity(ssl_context=tls, use_ssl=True) if tls else None


async def as_delivery(message: NatsMessage) -> Delivery:
    """Decode for event subscribers: the message as it came, whatever its bytes are."""
    raw = message.raw_message
    metadata = raw.metadata
    return Delivery(
        subject=raw.subject,
        headers=message.headers or {},
        body=bytes(message.body),
        stream_sequence=metadata.sequence.stream,
        stored_us=microseconds(metadata.timestamp),
        deliveries=metadata.num_delivered,
        correlation_id=(message.headers or {}).get(channels.CORRELATION_HEADER),
    )


async def undecoded(message: NatsMessage) -> NatsMessage:
    """Decode for request subscribers: leave everything to the handler, which answers whatever is wrong."""
    return message
