"""Decides of each request the moment it arrives: refused, waiting for an event, or in the queue of its client.

A deadline counts from here. What is past it is refused at that moment, whether a thread is free or not, and what
cannot be reached in time is refused at once: nothing is computed for an asker that has given up.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from newsdex import metrics
from newsdex.apps.problems import problem_of
from newsdex.apps.requests import headers_of, refuse_too_large
from newsdex.apps.searcher.channel import RequestChannel
from newsdex.apps.searcher.fair_queue import FairQueue
from newsdex.apps.searcher.waiting import Look, WaitingRequests
from newsdex.broker.inboxes import is_inbox
from newsdex.broker.request_subscriber import Consume, Handle, subscribe_to_requests
from newsdex.errors import NewsdexError, Unavailable
from newsdex.validation import read_request
from newsdex_schemas import EventRef, channels

log = structlog.get_logger()

QUEUE_GROUP = "searchers"
MAX_QUEUED = 2_000
MAX_QUEUED_BYTES = 16 * 1024 * 1024
"""A request that was read takes some three times its bytes."""
LONG_READ_BYTES = 4096
"""To read more takes up to milliseconds: the requests of others go on between two of them."""
UNREAD_TIMEOUT_S = 1.0
"""Deadline of a request that cannot be read, and so states none."""
FIRST_ESTIMATE_S = 0.01
"""What a request is believed to take before any was answered."""
ESTIMATE_WEIGHT = 0.05
"""How much the newest request changes the estimate."""
TELL_REFUSED_EVERY_S = 1.0
REFUSALS_AT_ONCE = 10
MAX_REFUSALS = 10_000
"""Replies that wait to be sent, some 5 MB. Who floods faster than refusals can be sent hears of these only."""


@dataclass(kw_only=True, eq=False, slots=True)
class Arrival:
    """A request, from its arrival to its reply; times are of `time.monotonic`."""

    channel: RequestChannel[Any, Any]
    message: Msg
    consume: Consume
    arrived: float
    deadline: float
    request: Any | None = None
    fault: Exception | None = None
    """Why it cannot be answered, where its turn is used to say so."""
    timer: asyncio.TimerHandle | None = None

    @property
    def client(self) -> str:
        """Return who asks: a connection has one inbox, whose last token tells its requests apart."""
        return self.message.reply.rpartition(".")[0]

    @property
    def size(self) -> int:
        """Return the request's bytes."""
        return len(self.message.data)

    @property
    def wait_for(self) -> EventRef | None:
        """Return the event that the index has to reflect first."""
        return None if self.request is None else self.channel.wait_for(self.request)

    def read(self) -> Any:
        """Return the request, reading it where that waited for its turn; raise why it cannot be answered."""
        if self.fault is not None:
            raise self.fault
        if self.request is None:
            self.request = read_request(self.channel.model, self.message.data)
        return self.request


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A Problem to be sent: neither the request's bytes nor the fault's frames wait with it."""

    client: Client
    reply: str
    body: bytes
    headers: dict[str, str]

    @classmethod
    def of(cls, message: Msg, fault: NewsdexError) -> "Refusal":
        """Return the reply to a request that is refused."""
        correlation_id = (message.headers or {}).get(channels.CORRELATION_HEADER)
        problem = problem_of(fault, correlation_id)
        headers = headers_of(problem) | ({channels.CORRELATION_HEADER: correlation_id} if correlation_id else {})
        # `respond` would repeat the request's headers
        return cls(client=message._client, reply=message.reply, body=problem.to_json(), headers=headers)  # noqa: SLF001 - as above

    async def send(self) -> None:
        """Send it."""
        await self.client.publish(self.reply, self.body, headers=self.headers)


ARRIVAL: ContextVar[Arrival] = ContextVar("ARRIVAL")
"""The request that is being handled."""


class Intake:
    """Takes requests of every channel, and has at most `slots` of them handled at the same time.

    At most `slots - 1` of one client: whose requests are slow leaves a thread to the others.
    """

    def __init__(self, *, slots: int, look: Look) -> None:
        self._slots = slots
        self._queue = FairQueue[Arrival](max_items=MAX_QUEUED, max_bytes=MAX_QUEUED_BYTES)
        self._waiting = WaitingRequests(look, self._settled)
        self._running: Counter[str] = Counter()
        self._handling_s = FIRST_ESTIMATE_S
        """How long a request is handled, lately."""
        self._open = 0
        """Requests that have no reply yet."""
        self._none_open = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: Counter[str] = Counter()
        """Since it was told last."""
        self._refusals: deque[Refusal] = deque()
        """To be sent."""
        metrics.REQUESTS_QUEUED.set_function(lambda: len(self._queue))

    def subscribe(self, broker: NatsBroker, channel: RequestChannel[Any, Any], handle: Handle) -> None:
        """Take requests of a channel; `handle` finds each in `ARRIVAL`."""
        subscribe_to_requests(
            broker, channel.subject, QUEUE_GROUP, on_arrival=partial(self.admit, channel), drain=self.drain
        )(handle)

    async def drain(self) -> None:
        """Wait until every request that arrived has its reply."""
        while self._open:
            self._none_open.clear()
            await self._none_open.wait()

    def close(self) -> None:
        """End what looks for events, and tell of what was refused last."""
        self._waiting.close()
        self._tell_refused()

    async def admit(self, channel: RequestChannel[Any, Any], message: Msg, consume: Consume) -> None:
        """Take a request; its reply comes later, or at once where it is refused."""
        if not message.reply:
            return  # nobody would hear the reply
        if not is_inbox(message.reply):
            log.warning("request.reply_refused", subject=message.subject, reply=message.reply)
            return
        arrived = time.monotonic()
        arrival = Arrival(
            channel=channel, message=message, consume=consume, arrived=arrived, deadline=arrived + UNREAD_TIMEOUT_S
        )
        self._open += 1
        try:
            refuse_too_large(arrival.size)
            _read_deadline(arrival)
            if arrival.size > LONG_READ_BYTES:
                await asyncio.sleep(0)
            self._refuse_hopeless(arrival)
        except NewsdexError as fault:
            self._refuse(arrival, fault)
            return
        arrival.timer = asyncio.get_running_loop().call_later(
            arrival.deadline - time.monotonic(), self._expired, arrival
        )
        if arrival.wait_for is not None:
            self._refuse_all(self._waiting.add(arrival))
        else:
            self._enqueue(arrival)

    def _refuse_hopeless(self, arrival: Arrival) -> None:
        """Raise `Unavailable` where the request's turn would come after its deadline, as things go now."""
        wait_s = self._queue.ahead_of(arrival.client) * self._handling_s / self._slots
        if wait_s > arrival.deadline - arrival.arrived:
            raise _overloaded()

    def _enqueue(self, arrival: Arrival) -> None:
        self._refuse_all(self._queue.put(arrival))
        self._fill_slots()

    def _fill_slots(self) -> None:
        while self._running.total() < self._slots:
            arrival = self._queue.take(self._running, max(1, self._slots - 1))
            if arrival is None:
                break
            self._running[arrival.client] += 1
            self._spawn(self._handle(arrival))

    async def _handle(self, arrival: Arrival) -> None:
        _stop_timer(arrival)
        ARRIVAL.set(arrival)  # a task has a context of its own
        start = time.monotonic()
        try:
            await arrival.consume(arrival.message)
        finally:
            self._handling_s += ESTIMATE_WEIGHT * (time.monotonic() - start - self._handling_s)
            self._running -= Counter([arrival.client])
            self._replied()
            self._fill_slots()

    def _settled(self, arrival: Arrival, fault: Exception | None) -> None:
        """Hear that an event is reflected, or why it will not be."""
        arrival.fault = fault
        self._enqueue(arrival)

    def _expired(self, arrival: Arrival) -> None:
        if self._queue.discard(arrival):
            fault = Unavailable("deadline_exceeded", "the deadline was over before it was the request's turn")
        elif self._waiting.discard(arrival):
            fault = Unavailable("wait_timeout", "the index did not reflect the event before the deadline")
        else:
            return  # being handled: that ends by itself
        self._refuse(arrival, fault)

    def _refuse_all(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            self._refuse(arrival, _overloaded())

    def _refuse(self, arrival: Arrival, fault: NewsdexError) -> None:
        """Have a Problem sent; counted one by one, and told together, for there may be very many."""
        _stop_timer(arrival)
        arrival.channel.count(fault.code)
        self.tell_refused(fault.code)
        if len(self._refusals) >= MAX_REFUSALS:
            self._replied()
            return
        if not self._refusals:
            self._spawn(self._send_refusals())
        self._refusals.append(Refusal.of(arrival.message, fault))

    async def _send_refusals(self) -> None:
        """Send a few at a time: what else arrives and is answered goes between them."""
        while self._refusals:
            for _ in range(min(REFUSALS_AT_ONCE, len(self._refusals))):
                refusal = self._refusals.popleft()
                with suppress(NatsError, OSError):  # where the connection is lost, the asker hears nothing either
                    await refusal.send()
                self._replied()
            await asyncio.sleep(0)

    def tell_refused(self, code: str) -> None:
        """Have a refusal told with the others of this second."""
        if not self._refused:
            asyncio.get_running_loop().call_later(TELL_REFUSED_EVERY_S, self._tell_refused)
        self._refused[code] += 1

    def _tell_refused(self) -> None:
        if self._refused:
            log.warning("requests.refused", codes=dict(self._refused), queued=len(self._queue))
            self._refused.clear()

    def _replied(self) -> None:
        self._open -= 1
        if not self._open:
            self._none_open.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)


def _read_deadline(arrival: Arrival) -> None:
    """Read when the reply is due; what cannot be read waits for its turn too, for to say so takes time."""
    timeout_s = arrival.channel.timeout_s
    try:
        arrival.deadline = arrival.arrived + (timeout_s(arrival.read()) if callable(timeout_s) else timeout_s)
    except NewsdexError as fault:
        arrival.fault = fault


def _stop_timer(arrival: Arrival) -> None:
    if arrival.timer is not None:
        arrival.timer.cancel()


def _overloaded() -> Unavailable:
    return Unavailable("overloaded", "more requests wait than can be answered in time; try again later")
