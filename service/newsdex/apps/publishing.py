"""Sends events to the broker's stream, many at a time, and keeps account of what it stored."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from newsdex.apps.pacing import Pace
from newsdex.broker.refusals import Refusals
from newsdex.errors import Invalid, NewsdexError, Unavailable
from newsdex_schemas import EventRef, channels

FULL = frozenset({10077, 10023, 10047, 10028})
"""JetStream's error codes where the stream, or its account, server or disk, has no room for another message."""
IN_FLIGHT = 200
"""Publications that wait for the broker's acknowledgement at the same time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One event on its way to the broker."""

    channel: str
    body: bytes
    ref: EventRef
    """What its outcome can be asked for by."""
    message_id: str
    """The broker takes a second message with this id for a repetition of the first."""
    origin: str
    """Where it came from, for messages to people: a file, and a line in it."""
    correlation_id: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the message's headers."""
        headers = {channels.MESSAGE_ID_HEADER: self.message_id}
        if self.correlation_id:
            headers[channels.CORRELATION_HEADER] = self.correlation_id
        return headers


@dataclass(kw_only=True, slots=True)
class Publication:
    """What the broker acknowledged so far, and what it has no room for."""

    acknowledged: int = 0
    repeated: int = 0
    """Among them those that the broker had already."""
    refs: list[EventRef] = field(default_factory=list)
    """With each message's number in the stream."""
    refused: list[tuple[str, Invalid]] = field(default_factory=list)
    """Where a message came from that no broker of this setting takes, and why."""


class Publisher:
    """Publishes on one connection."""

    def __init__(self, js: JetStreamContext, refusals: Refusals, pace: Pace | None = None) -> None:
        self._js = js
        self._refusals = refusals
        self._pace = pace

    async def publish(self, messages: Iterable[Message], done: Publication, on_ack: Callable[[int], None]) -> None:
        """Publish, and wait for every acknowledgement, which `done` counts as they come; `on_ack` hears how many.

        Raises `Unavailable` where the broker stops answering, and `Misconfigured` where it refuses us.
        """
        source = iter(messages)

        async def work() -> None:
            for message in source:
                if self._pace is not None:
                    await self._pace.turn()
                try:
                    ref, repeated = await self.publish_one(message)
                except Invalid as error:
                    done.refused.append((message.origin, error))
                    if self._pace is not None:
                        self._pace.refused()
                    continue
                done.acknowledged += 1
                done.repeated += repeated
                done.refs.append(ref)
                if self._pace is not None:
                    self._pace.acknowledged(ref)
                on_ack(done.acknowledged)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(IN_FLIGHT):
                    group.create_task(work())
        except* NewsdexError as errors:
            first = errors.exceptions[0]
            assert isinstance(first, NewsdexError)
            if first.code == "broker_full":  # those on their way may have been stored too
                stored = f"{done.acknowledged:,} events at least were stored before"
                raise Unavailable(first.code, f"{first.message}; {stored}") from first.__cause__
            raise first from first.__cause__

    async def publish_one(self, message: Message) -> tuple[EventRef, bool]:
        """Return the event as it can be asked for, and whether the broker had the message already."""
        try:
            ack = await self._refusals.or_refused(
                self._js.publish(message.channel, message.body, stream=channels.STREAM, headers=message.headers()),
                message.channel,
            )
        except MaxPayloadError as error:
            raise Invalid("message_too_large", "larger than the broker takes") from error
        except NoStreamResponseError as error:
            raise Unavailable("no_stream", "the broker has no stream for events yet: start the indexer") from error
        except APIError as error:
            if error.err_code in FULL:
                text = "the broker is full, and takes events again once newsdex stream prune has made room"
                raise Unavailable("broker_full", text) from error
            reason = f"{message.origin}: the broker refused it: {error.description}"
            raise Unavailable("broker_refused", reason) from error
        except (NatsError, OSError, TimeoutError) as error:
            raise Unavailable("broker_unavailable", f"{message.origin}: not acknowledged by the broker") from error
        return message.ref.model_copy(update={"stream_sequence": ack.seq}), bool(ack.duplicate)
