"""The stream and the indexer's consumers: how they are wanted, and made where they are missing."""

from datetime import timedelta

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError

from newsdex.errors import Unavailable
from newsdex_schemas import channels

CONSUMER, PAGES_CONSUMER = "indexer", "pages"
CONSUMERS = {
    CONSUMER: tuple(channel for channel in channels.EVENT_CHANNELS if channel != channels.ARTICLES_SCRAPED),
    PAGES_CONSUMER: (channels.ARTICLES_SCRAPED,),
}
"""Pages have a consumer of their own: however many of them take long to be read, takedowns and articles go past."""
ACK_WAIT_S = 30.0
"""Longer than the longest commit with the queue before it."""
MAX_ACK_PENDING = 1_000
DUPLICATE_WINDOW_S = timedelta(minutes=10).total_seconds()


TOO_FEW_SERVERS = frozenset({10005, 10074})
"""JetStream's error codes where no server, or none in a cluster, is left for a replica."""
CLUSTER_REPLICAS = 3
"""On how many servers of a cluster an event is kept: one of them may fail, and the two others agree."""


def wanted_replicas(js: JetStreamContext, chosen: int | None) -> int:
    """Return on how many servers stream and consumers are to be kept, as chosen or by whether there is a cluster."""
    return chosen or (CLUSTER_REPLICAS if is_clustered(js._nc) else 1)  # noqa: SLF001 - the connection knows it


def is_clustered(connection: Client) -> bool:
    """Return whether the server of a connection belongs to a cluster, by what it said when it was connected."""
    return bool(connection._server_info.get("cluster"))  # noqa: SLF001 - the client gives it by no method


def wanted_stream(max_bytes: int | None = None, replicas: int = 1) -> StreamConfig:
    """Return the stream that keeps events until they are handled, and as long after that as there is room for them.

    Where there is none, it refuses new events: to make room by itself it would drop what nobody has handled yet.
    """
    return StreamConfig(
        name=channels.STREAM,
        subjects=list(channels.EVENT_CHANNELS),
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=max_bytes,
        max_msg_size=channels.MAX_MESSAGE_BYTES,
        duplicate_window=DUPLICATE_WINDOW_S,
        num_replicas=replicas,
    )


def wanted_consumer(name: str) -> ConsumerConfig:
    """Return a durable consumer; `max_deliver` is without an end, because nothing may be given up."""
    return ConsumerConfig(
        durable_name=name,
        deliver_policy=DeliverPolicy.ALL,
        filter_subjects=list(CONSUMERS[name]),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
        max_deliver=-1,
        max_ack_pending=MAX_ACK_PENDING,
    )


async def ensure_stream(js: JetStreamContext, stream: StreamConfig | None = None) -> None:
    """Create what is missing, and leave what is there alone.

    Raises `Unavailable` where JetStream does not answer or refuses.
    """
    try:
        try:
            await js.stream_info(channels.STREAM)
        except NotFoundError:
            await js.add_stream(stream or wanted_stream())
        for name in CONSUMERS:
            try:
                await js.consumer_info(channels.STREAM, name)
            except NotFoundError:
                await js.add_consumer(channels.STREAM, wanted_consumer(name))
    except (NatsError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        if isinstance(error, APIError) and error.err_code in TOO_FEW_SERVERS:
            reason = f"{error.description}; NEWSDEX_BROKER_REPLICAS says on how many servers they are kept"
        raise Unavailable("jetstream_unavailable", f"JetStream refuses stream or consumer: {reason}") from error


async def consumer_states(js: JetStreamContext) -> list[ConsumerInfo]:
    """Look at the consumers; raise `Unavailable` where one or its stream is gone, or nobody answers."""
    try:
        return [await js.consumer_info(channels.STREAM, name) for name in CONSUMERS]
    except NotFoundError as error:
        raise Unavailable("consumer_missing", "the stream or one of its consumers does not exist") from error
    except (NatsError, TimeoutError) as error:
        raise Unavailable("broker_unavailable", f"the broker does not answer: {error or 'timeout'}") from error


async def forget_consumer(js: JetStreamContext, name: str) -> None:
    """Delete a consumer, so that a new one delivers every event once more; raise `Unavailable` where that fails."""
    try:
        await js.delete_consumer(channels.STREAM, name)
    except NotFoundError:
        return  # nothing was delivered yet
    except (NatsError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise Unavailable("jetstream_unavailable", f"the consumer {name} cannot be made anew: {reason}") from error


async def make_consumer_anew(js: JetStreamContext, name: str) -> None:
    """Delete a consumer and make it again, so that it delivers every event; raise `Unavailable` where that fails."""
    await forget_consumer(js, name)
    try:
        await js.add_consumer(channels.STREAM, wanted_consumer(name))
    except (NatsError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise Unavailable("jetstream_unavailable", f"the consumer {name} cannot be made anew: {reason}") from error
