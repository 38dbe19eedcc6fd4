"""The indexer's answers to requests about the stream: how it is, and orders to prune it or deliver it again."""

from collections.abc import Callable, Iterator
from functools import partial

from faststream.nats.message import NatsMessage
from pydantic import ValidationError

from newsdex.apps.requests import Handler
from newsdex.apps.stream.watch import StreamWatch
from newsdex.errors import Invalid, Unavailable
from newsdex.validation import read_request
from newsdex_schemas import channels
from newsdex_schemas.operations import StreamOrder, StreamReply, StreamRequest

Watching = Callable[[], StreamWatch | None]
"""Gives the stream's watch; None before it is started."""


def stream_handlers(watching: Watching) -> Iterator[tuple[str, Handler]]:
    """Return each channel with its handler."""
    yield channels.STREAM_STATUS, partial(_status, watching)
    yield channels.STREAM_PRUNE, partial(_prune, watching)
    yield channels.STREAM_REDELIVER, partial(_redeliver, watching)


async def _status(watching: Watching, message: NatsMessage) -> StreamReply:
    read_request(StreamRequest, message.body)
    return await _started(watching).status()


async def _prune(watching: Watching, message: NatsMessage) -> StreamReply:
    return await _started(watching).prune(read_stream_order(message.body, "prune"))


async def _redeliver(watching: Watching, message: NatsMessage) -> StreamReply:
    read_stream_order(message.body, "redeliver")
    return await _started(watching).redeliver()


def read_stream_order(body: bytes, wanted: str) -> StreamOrder:
    """Read the order that a channel takes; raise `Invalid` for any other message."""
    try:
        order = StreamOrder.from_json(body)
    except ValidationError as error:
        raise Invalid("not_an_order", f'nothing was done: this is no {{"order": "{wanted}", …}}', "order") from error
    if order.order != wanted:
        raise Invalid("not_an_order", f'nothing was done: only {{"order": "{wanted}", …}} is an order here', "order")
    return order


def _started(watching: Watching) -> StreamWatch:
    watch = watching()
    if watch is None:
        raise Unavailable("indexer_starting", "the indexer is starting; try again")
    return watch
