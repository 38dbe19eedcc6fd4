"""Pulls events in batches that are bounded by bytes as well as by number, so that a flood of large ones fits in memory.

The client's own `fetch` bounds the number only: 300 events of 8 MiB would be 2.4 GB. It also goes on asking
while the connection is lost, and all of these requests reach the broker at once when it is back; and where the
connection is closed or the consumer is gone, it returns at once, and is called again at once.
"""

import asyncio
import json
import time
from typing import Any

from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import Header, StatusCode

MAX_BATCH_BYTES = 32 * 1024 * 1024
"""More than the largest message with its headers; reading a batch takes some five times as much memory."""
ANSWER_GRACE_S = 1.0
"""How much later than asked for the broker's last word on a request may come."""


class BoundedJetStream(JetStreamContext):
    """JetStream whose pull subscriptions are bounded by bytes."""

    async def pull_subscribe(self, *args: Any, **options: Any) -> "BoundedPull":
        """Subscribe as the client does."""
        return BoundedPull(await super().pull_subscribe(*args, **options))


class BoundedPull(JetStreamContext.PullSubscription):
    """A pull subscription of one consumer, with one request at a time."""

    def __init__(self, bound: JetStreamContext.PullSubscription) -> None:
        super().__init__(bound._js, bound._sub, bound._stream, bound._consumer, bound._deliver.encode())  # noqa: SLF001 - the same subscription

    async def fetch(self, batch: int = 1, timeout: float | None = 1.0, heartbeat: float | None = None) -> list[Msg]:  # noqa: ASYNC109, ARG002 - the client's signature
        """Return what there is, at most `batch` messages and MAX_BATCH_BYTES; wait for the first, `timeout` seconds.

        Gives nothing, and no sooner than `timeout`, where there is nothing, or nobody to ask.
        """
        wait_s = timeout or 1.0
        if left_over := self._received():
            return left_over
        if not self._nc.is_connected:
            await asyncio.sleep(wait_s)
            return []
        messages, status = await self._ask({"batch": batch, "max_bytes": MAX_BATCH_BYTES}, wait_s)
        if not messages and status is not None and status.headers:
            if "MaxBytes" in status.headers.get(Header.DESCRIPTION, ""):
                # larger than any batch may be: it must not stop the stream
                messages, _ = await self._ask({"batch": 1}, wait_s)
            elif status.headers[Header.STATUS] not in {StatusCode.NO_MESSAGES, StatusCode.REQUEST_TIMEOUT}:
                await asyncio.sleep(wait_s)
        return messages

    def _received(self) -> list[Msg]:
        """Take what came for an earlier request after we had stopped waiting for it."""
        messages = []
        queue = self._sub._pending_queue  # noqa: SLF001 - as the client's own `fetch`
        while not queue.empty():
            message = queue.get_nowait()
            self._sub._pending_size -= len(message.data)  # noqa: SLF001 - as above
            if _status(message) is None:
                messages.append(message)
        return messages

    async def _ask(self, request: dict[str, int], wait_s: float) -> tuple[list[Msg], Msg | None]:
        """Send a request; give its messages, and the status that ended it, if one did.

        `no_wait` with `expires` ends a request once everything there was is sent, but not before the first message.
        """
        request |= {"expires": int(wait_s * 1e9)}
        body = json.dumps({**request, "no_wait": True}).encode()
        messages: list[Msg] = []
        deadline = time.monotonic() + wait_s + ANSWER_GRACE_S
        try:
            await self._nc.publish(self._nms, body, self._deliver)
            while len(messages) < request["batch"]:
                message = await self._sub.next_msg(max(0.001, deadline - time.monotonic()))
                if _status(message) is not None:
                    return messages, message
                messages.append(message)
        except NatsTimeoutError:
            pass  # the connection was lost meanwhile, or the broker is slow
        except ConnectionClosedError:
            await asyncio.sleep(wait_s)
        return messages, None


def _status(message: Msg) -> str | None:
    return message.headers.get(Header.STATUS) if message.headers else None
