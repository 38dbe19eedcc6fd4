"""The way to the service over NATS: events into the stream, requests with a reply."""

import asyncio
from collections.abc import Mapping, Sequence

from nats.aio.client import Client as NatsClient
from nats.errors import ConnectionClosedError, MaxPayloadError, NoRespondersError
from nats.errors import Error as NatsError
from nats.js.api import Header
from nats.js.errors import APIError, NoStreamResponseError
from pydantic import ValidationError

from newsdex_schemas import channels
from newsdex_schemas.client.messages import Message
from newsdex_schemas.client.refusals import Refusals
from newsdex_schemas.client.transport import CORRELATION_ID, REPLY_TIMEOUT_S, TRACE, Reply, Stored
from newsdex_schemas.errors import Invalid, NewsdexError, Refused, Unavailable
from newsdex_schemas.model import RequestModel
from newsdex_schemas.outcomes import OutcomeRequest
from newsdex_schemas.retrieval import ArticleRequest
from newsdex_schemas.search import Problem, SearchRequest
from newsdex_schemas.similar import SimilarRequest
from newsdex_schemas.suggest import SuggestRequest

CHANNELS: dict[type[RequestModel], str] = {
    SearchRequest: channels.SEARCH_QUERY,
    SuggestRequest: channels.SEARCH_SUGGEST,
    SimilarRequest: channels.SEARCH_SIMILAR,
    ArticleRequest: channels.ARTICLES_GET,
    OutcomeRequest: channels.EVENTS_OUTCOME,
}
"""Requests whose channel their kind tells."""
TOO_LARGE_FOR_STREAM = 10054
FULL = frozenset({10077, 10023, 10047, 10028})
"""JetStream's error codes where the stream, or its account, server or disk, has no room for another message."""
ACK_TIMEOUT_S = 10.0
IN_FLIGHT = 200
"""Publications that wait for the broker's acknowledgement at the same time."""


class NatsTransport:
    """One connection to the broker."""

    def __init__(self, connection: NatsClient, refusals: Refusals) -> None:
        self._connection = connection
        self._refusals = refusals
        self._js = connection.jetstream(timeout=ACK_TIMEOUT_S)
        self._turns = asyncio.Semaphore(IN_FLIGHT)

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def publish(self, messages: Sequence[Message]) -> list[Stored | NewsdexError]:
        """Publish, many at the same time."""

        async def one(message: Message) -> Stored | NewsdexError:
            async with self._turns:
                try:
                    return await self.publish_one(message)
                except NewsdexError as error:
                    return error

        return await asyncio.gather(*(one(message) for message in messages))

    async def publish_one(self, message: Message) -> Stored:
        """Publish one message, and wait for the broker's acknowledgement.

        Raises `Invalid` for one that is larger than the broker takes, `Unavailable` where it does not store it, and
        `Misconfigured` where it refuses us.
        """
        headers = {**TRACE.get(), **message.headers()} | {Header.EXPECTED_STREAM.value: channels.STREAM}
        if _size(message.body, headers) > self._connection.max_payload:
            raise Invalid("message_too_large", "larger than the broker takes")
        try:
            ack = await self._refusals.or_refused(
                self._js.publish(message.channel, message.body, headers=headers), message.channel
            )
        except MaxPayloadError as error:
            raise Invalid("message_too_large", "larger than the broker takes") from error
        except NoStreamResponseError as error:
            raise Unavailable("no_stream", "the broker has no stream for events yet: start the indexer") from error
        except APIError as error:
            if error.err_code in FULL:
                text = "the broker is full, and takes events again once newsdex stream prune has made room"
                raise Unavailable("broker_full", text) from error
            if error.err_code == TOO_LARGE_FOR_STREAM:
                raise Invalid("message_too_large", "larger than the broker's stream takes") from error
            reason = f"{message.origin}: the broker refused it: {error.description}"
            raise Unavailable("broker_refused", reason) from error
        except (NatsError, OSError, TimeoutError) as error:
            raise Unavailable("broker_unavailable", f"{message.origin}: not acknowledged by the broker") from error
        return Stored(message.ref.model_copy(update={"stream_sequence": ack.seq}), bool(ack.duplicate))

    async def request(self, request: RequestModel, reply: type[Reply], timeout_s: float = REPLY_TIMEOUT_S) -> Reply:
        """Ask on the channel of a request."""
        return await self.request_on(CHANNELS[type(request)], request, reply, timeout_s)

    async def request_on(
        self, channel: str, request: RequestModel, reply: type[Reply], timeout_s: float = REPLY_TIMEOUT_S
    ) -> Reply:
        """Ask on a channel; raise `Refused` for a Problem, and `Unavailable` where no reply comes in time."""
        answers = "an indexer" if channel.startswith(("parked.", "index.", "stream.", "erasures.")) else "a searcher"
        if not self._connection.is_connected:
            raise Unavailable("broker_unavailable", "the connection to the broker is lost; it is tried again")
        id_ = CORRELATION_ID.get()
        headers = {**TRACE.get(), **({channels.CORRELATION_HEADER: id_} if id_ else {})} or None
        try:
            message = await self._refusals.or_refused(
                self._connection.request(channel, request.to_json(), timeout=timeout_s, headers=headers), channel
            )
        except NoRespondersError as error:
            raise Unavailable("nobody_answers", f"nobody answers on {channel}: start {answers}") from error
        except (TimeoutError, NatsError, ConnectionClosedError) as error:
            raise Unavailable("no_reply", f"no reply on {channel} in {timeout_s:g} s") from error
        if message.headers and "Nats-Service-Error-Code" in message.headers:
            raise Refused(Problem.from_json(message.data))
        try:
            return reply.from_json(message.data)
        except ValidationError as error:  # an acknowledgement, where a stream has the channel
            raise Unavailable("no_reply", f"what answers on {channel} is no newsdex") from error


def _size(body: bytes, headers: Mapping[str, str]) -> int:
    """Return the bytes of a message as the server counts them; NATS' client counts the body only, and is cut off."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    return len(body) + len("NATS/1.0\r\n\r\n") + sum(len(line.encode()) for line in lines)
