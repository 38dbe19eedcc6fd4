"""Sends events to the broker's stream, many at a time, and keeps account of what it stored."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from newsdex.apps.pacing import Pace
from newsdex.errors import Invalid, NewsdexError, Unavailable
from newsdex_schemas import EventRef
from newsdex_schemas.client import Message
from newsdex_schemas.client.over_nats import IN_FLIGHT, NatsTransport
from newsdex_schemas.client.retries import retried


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
    """Publishes on one connection; what may pass is tried again for `retry_s` seconds, by the same message id."""

    def __init__(self, transport: NatsTransport, pace: Pace | None = None, retry_s: float = 0.0) -> None:
        self._transport = transport
        self._pace = pace
        self._retry_s = retry_s

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
                    ref, repeated = await retried(partial(self._transport.publish_one, message), self._retry_s)
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
