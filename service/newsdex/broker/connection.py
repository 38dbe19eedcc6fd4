"""Makes the FastStream broker as newsdex needs it: every default that loses, stalls or freezes is set."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import structlog
from faststream.nats import NatsBroker
from faststream.nats.broker.broker import UNRECOVERABLE_CONNECT_ERRORS
from faststream.nats.message import NatsMessage
from faststream.nats.security import NatsJWT, NatsSecurity, NatsToken, NatsUserPassword
from nats.aio.client import Client
from nats.errors import ConnectionClosedError, ConnectionReconnectingError
from nats.errors import Error as NatsError

from newsdex import metrics
from newsdex.broker.address import broker_urls, connection_options
from newsdex.broker.inboxes import is_inbox
from newsdex.broker.pull import BoundedJetStream
from newsdex.broker.refusals import stops_a_process
from newsdex.errors import NewsdexError, Unavailable
from newsdex.health import Readiness
from newsdex.log import faststream_logger
from newsdex.records.events import Delivery
from newsdex.records.moments import microseconds
from newsdex.settings import Settings
from newsdex_schemas import channels
from newsdex_schemas.client.refusals import Refusals, refusal_of
from newsdex_schemas.client.tls import NotEncrypted

log = structlog.get_logger()

RECONNECT_WAIT_S = 0.5
GRACEFUL_TIMEOUT_S = 30.0
"""Longer than the longest commit, so that SIGTERM lets a batch finish."""
CLIENT_PENDING_BYTES = 64 * 1024 * 1024


class Owner(Protocol):
    """The process that a connection belongs to."""

    readiness: Readiness
    stopping: bool
    """True once the connection may close."""

    def fail(self, error: NewsdexError) -> None:
        """End the process."""


class _Callbacks:
    """What the client tells of its connection: the owner hears it, and the log."""

    def __init__(self, owner: Owner, refusals: Refusals | None) -> None:
        self._owner = owner
        self._refusals = refusals
        self._shown: set[str] | None = set()
        """Errors since the connection was lost, each attempt has the same one; None while there is a connection."""
        self._was_connected = False

    def connected(self) -> None:
        self._was_connected = True
        metrics.BROKER_CONNECTED.set(1)
        self._shown = None

    async def closed(self) -> None:
        if not self._owner.stopping:
            log.error("broker.closed")
            self._owner.fail(Unavailable("broker_closed", "the broker's connection is closed for good"))

    async def disconnected(self) -> None:
        metrics.BROKER_CONNECTED.set(0)
        self._shown = set()
        if not self._owner.stopping:
            self._owner.readiness.fail("broker", "the connection is lost; it is tried again without an end")
            log.warning("broker.disconnected")

    async def reconnected(self) -> None:
        self.connected()
        self._owner.readiness.clear("broker")
        log.warning("broker.reconnected")

    async def failed(self, error: Exception) -> None:
        if self._refusals is not None:
            self._refusals.add(error)
        refusal = refusal_of(error)
        code = refusal.code if refusal else "broker_unavailable"
        text = refusal.message if refusal else str(error) or type(error).__name__
        if self._shown is None or text not in self._shown:
            log.error("broker.error", code=code, error=text)
        if self._shown is not None:
            self._shown.add(text)
        reason = str(error).removeprefix("nats: ").strip("'").lower()
        if refusal is not None and stops_a_process(error, was_connected=self._was_connected):
            self._owner.fail(refusal)
        elif self._was_connected and isinstance(error, NatsError) and reason in UNRECOVERABLE_CONNECT_ERRORS:
            # FastStream raises it into the client's reconnecting task: that ends, and nobody would connect again
            await self.closed()


class Broker(NatsBroker):
    """FastStream's broker, which pulls by bytes, and also stops while the server is away; drained then is nothing."""

    def __init__(self, urls: Sequence[str], *, owner: Owner, refusals: Refusals | None, **options: Any) -> None:
        self._owner = owner
        self._callbacks = _Callbacks(owner, refusals)
        super().__init__(
            urls,
            closed_cb=self._callbacks.closed,
            disconnected_cb=self._callbacks.disconnected,
            reconnected_cb=self._callbacks.reconnected,
            error_cb=self._callbacks.failed,
            **options,
        )

    async def start(self) -> None:
        """Subscribe; without its subscriptions, for whatever reason, the process must not go on."""
        try:
            await super().start()
        except Exception as error:
            self._owner.fail(Unavailable("broker_unavailable", f"the broker does not let us subscribe: {error!r}"))
            raise

    async def _connect(self) -> Client:
        """Connect; raise `Misconfigured` where the connection is not encrypted and must be."""
        connection = await super()._connect()
        tls = connection.options.get("tls")
        if tls is not None and not tls.handshakes:
            raise refusal_of(NotEncrypted()) or AssertionError
        self._callbacks.connected()
        self.config.broker_config.connection_state.connect(connection, BoundedJetStream(connection))
        return connection

    async def stop(self, *error: Any) -> None:
        """Hand in what is at work and close the connection."""
        try:
            await super().stop(*error)
        except (ConnectionReconnectingError, ConnectionClosedError):
            if self._connection is not None:
                with suppress(OSError):  # what could not be sent any more was not acknowledged, and comes again
                    await self._connection.close()


def make_broker(settings: Settings, *, name: str, owner: Owner, refusals: Refusals | None = None) -> NatsBroker:
    """Make an unconnected broker; its owner ends when the connection is closed for good.

    What the broker refuses is also added to `refusals`.
    """
    options = connection_options(settings)
    return Broker(
        broker_urls(settings),
        owner=owner,
        refusals=refusals,
        name=name,
        security=_security(options),
        # after 60 attempts, the default, the client's event loop would spin without an end
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_WAIT_S,
        graceful_timeout=GRACEFUL_TIMEOUT_S,
        pending_size=CLIENT_PENDING_BYTES,
        # bytes are read by us: FastStream's validation would log the input and lose what it refuses
        apply_types=False,
        logger=faststream_logger(),
        log_level=logging.DEBUG,
        **options,
    )


def _security(options: dict[str, Any]) -> NatsSecurity | None:
    """FastStream takes TLS and who we are by a value of its own; they leave the options."""
    tls, user, password, token, jwt, sign = (
        options.pop(name, None) for name in ("tls", "user", "password", "token", "user_jwt_cb", "signature_cb")
    )
    encryption = {"ssl_context": tls, "use_ssl": tls is not None}
    if jwt is not None:
        return NatsJWT(jwt, sign, **encryption)
    if token is not None:
        return NatsToken(token, **encryption)
    if user is not None:
        return NatsUserPassword(user, password or "", **encryption)
    return NatsSecurity(**encryption) if tls is not None else None


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
    """Decode for request subscribers: leave everything to the handler, which answers whatever is wrong.

    A reply that would not go to an inbox is not sent: the requester chose the subject, and our rights would send it.
    """
    if message.reply_to and not is_inbox(message.reply_to):
        log.warning("request.reply_refused", subject=message.raw_message.subject, reply=message.reply_to)
        message.reply_to = ""
    return message
