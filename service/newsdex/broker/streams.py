"""The stream and the indexer's consumer: made by us, compared with what is wanted, watched."""

import asyncio
import urllib.request
from datetime import timedelta

import orjson
import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, StreamConfig
from nats.js.errors import NotFoundError

from newsdex.errors import Unavailable
from newsdex_schemas import channels

log = structlog.get_logger()

CONSUMER = "indexer"
ACK_WAIT_S = 30.0
"""Longer than the longest commit with the queue before it."""
MAX_ACK_PENDING = 1_000
DUPLICATE_WINDOW_S = timedelta(minutes=10).total_seconds()
MONITORING_TIMEOUT_S = 3


def wanted_stream() -> StreamConfig:
    """Give the stream that keeps events until they are handled and for as long as the broker has space."""
    return StreamConfig(
        name=channels.STREAM,
        subjects=list(channels.EVENT_CHANNELS),
        duplicate_window=DUPLICATE_WINDOW_S,
        max_msg_size=channels.MAX_MESSAGE_BYTES,
    )


def wanted_consumer() -> ConsumerConfig:
    """Give the durable consumer; `max_deliver` is without an end, because nothing may be given up."""
    return ConsumerConfig(
        durable_name=CONSUMER,
        filter_subjects=list(channels.EVENT_CHANNELS),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
        max_deliver=-1,
        max_ack_pending=MAX_ACK_PENDING,
    )


async def ensure_stream(js: JetStreamContext, made: StreamConfig | None = None) -> list[str]:
    """Create what is missing; leave what is there alone and give the differences, one text each.

    `made` is how a missing stream is made, where that is more than what is wanted of every stream.

    Raises `Unavailable` where JetStream does not answer or refuses.
    """
    try:
        try:
            stream = (await js.stream_info(channels.STREAM)).config
        except NotFoundError:
            stream = (await js.add_stream(made or wanted_stream())).config
        try:
            consumer = (await js.consumer_info(channels.STREAM, CONSUMER)).config
        except NotFoundError:
            consumer = (await js.add_consumer(channels.STREAM, wanted_consumer())).config
    except (NatsError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise Unavailable("jetstream_unavailable", f"JetStream refuses stream or consumer: {reason}") from error
    return [*_differences("stream", wanted_stream(), stream), *_differences("consumer", wanted_consumer(), consumer)]


def _differences(what: str, wanted: object, found: object) -> list[str]:
    different = []
    for name, value in vars(wanted).items():
        if value is None:
            continue
        other = getattr(found, name)
        if isinstance(value, list):
            value, other = sorted(value), sorted(other or [])  # noqa: PLW2901 - order does not matter
        if value != other:
            log.warning("broker.difference", what=f"{what}.{name}", wanted=str(value), found=str(other))
            different.append(f"{what}.{name}")
    return different


async def consumer_state(js: JetStreamContext) -> ConsumerInfo:
    """Look at the consumer; raise `Unavailable` where it or its stream is gone, or nobody answers."""
    try:
        state: ConsumerInfo = await js.consumer_info(channels.STREAM, CONSUMER)
    except NotFoundError as error:
        raise Unavailable("consumer_missing", "the stream or its consumer does not exist") from error
    except (NatsError, TimeoutError) as error:
        raise Unavailable("broker_unavailable", f"the broker does not answer: {error or 'timeout'}") from error
    return state


async def sync_always(monitoring_url: str | None) -> bool | None:
    """Tell whether the broker fsyncs before it acknowledges; None where there is no way to know."""
    if monitoring_url is None:
        return None
    return await asyncio.to_thread(_read_sync_always, f"{monitoring_url.rstrip('/')}/varz")


def _read_sync_always(url: str) -> bool | None:
    try:
        with urllib.request.urlopen(url, timeout=MONITORING_TIMEOUT_S) as answer:  # noqa: S310 - an operator's setting
            config = orjson.loads(answer.read()).get("jetstream", {}).get("config", {})
    except (OSError, ValueError):
        return None
    return bool(config.get("sync_always", False))
