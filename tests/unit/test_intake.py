"""A request's deadline counts from its arrival, clients take turns, and each request gets exactly one reply."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, cast

import pytest
from nats.aio.msg import Msg

from newsdex.apps.searcher.channel import RequestChannel
from newsdex.apps.searcher.intake import ARRIVAL, MAX_REFUSALS, Arrival, Intake
from newsdex.errors import Invalid
from newsdex_schemas import EventRef, OutcomeReply, OutcomeRequest, SearchReply, SearchRequest, channels

SLOTS = 4
PATIENT_MS = 10_000
NEVER = EventRef(source="s", id="never")
REFLECTED = EventRef(source="s", id="reflected")
PARKED = EventRef(source="s", id="parked")


def look(refs: Collection[EventRef]) -> Mapping[EventRef, Exception | None]:
    settled: dict[EventRef, Exception | None] = {REFLECTED: None, PARKED: Invalid("event_parked", "parked")}
    return {ref: settled[ref] for ref in refs if ref in settled}


def unused(*_: Any) -> Any:
    raise AssertionError("a handler of its own stands in for it")


QUERIES: RequestChannel[SearchRequest, SearchReply] = RequestChannel(
    subject=channels.SEARCH_QUERY,
    model=SearchRequest,
    timeout_s=lambda request: request.timeout_ms / 1e3,
    answer=unused,
    report=unused,
    refused=unused,
    wait_for=lambda request: request.wait_for,
)


OUTCOMES: RequestChannel[OutcomeRequest, OutcomeReply] = RequestChannel(
    subject=channels.EVENTS_OUTCOME,
    model=OutcomeRequest,
    timeout_s=5.0,
    answer=unused,
    report=unused,
    refused=unused,
)


class Bench:
    """An intake, whose handled requests wait until they are let go."""

    def __init__(self) -> None:
        self.intake = Intake(slots=SLOTS, look=look)
        self.go_on = asyncio.Event()
        self.handled: list[Arrival] = []
        self.replies: dict[str, list[str]] = {}
        self._changed = asyncio.Condition()

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None) -> None:
        """As the broker's client does; what is refused has a code."""
        assert headers is not None
        await self._reply(subject, json.loads(payload)["code"])

    async def _reply(self, subject: str, result: str) -> None:
        async with self._changed:
            self.replies.setdefault(subject, []).append(result)
            self._changed.notify_all()

    async def consume(self, message: Msg) -> None:
        """Handle a request, once it is let go on."""
        arrival = ARRIVAL.get()
        self.handled.append(arrival)
        await self.go_on.wait()
        await self._reply(message.reply, getattr(arrival.fault, "code", "ok"))

    async def ask(self, client: str, number: int = 0, **request: Any) -> str:
        """Have a request arrive; return the subject of its reply."""
        connection: Any = self
        reply = f"_INBOX.{client}.{number}"
        body = SearchRequest(**({"timeout_ms": PATIENT_MS} | request)).to_json()
        await self.intake.admit(QUERIES, Msg(connection, "search.query", reply, body), self.consume)
        return reply

    async def replied(self, *subjects: str) -> list[str]:
        """Wait until each has a reply; return them."""
        async with self._changed, asyncio.timeout(30):
            await self._changed.wait_for(lambda: all(subject in self.replies for subject in subjects))
        return [self.replies[subject][0] for subject in subjects]

    def clients(self) -> list[str]:
        """Return whose requests are handled, in order."""
        return [arrival.client.removeprefix("_INBOX.") for arrival in self.handled]


def run(test: Callable[[Bench], Awaitable[None]]) -> Bench:
    async def running() -> Bench:
        bench = Bench()
        await test(bench)
        bench.go_on.set()
        await bench.intake.drain()
        bench.intake.close()
        return bench

    return asyncio.run(running())


def test_a_deadline_counts_from_the_arrival_and_ends_the_waiting_for_a_turn() -> None:
    async def test(bench: Bench) -> None:
        for number in range(SLOTS):
            await bench.ask("a", number)
        late = await bench.ask("a", SLOTS, timeout_ms=20)

        assert ["deadline_exceeded"] == await bench.replied(late)
        assert SLOTS - 1 == len(bench.handled), "nothing is computed for it"

    bench = run(test)
    assert Counter(ok=SLOTS, deadline_exceeded=1) == Counter(chain.from_iterable(bench.replies.values()))


def test_a_client_leaves_a_slot_to_the_others_who_take_turns() -> None:
    async def test(bench: Bench) -> None:
        for number in range(8):
            await bench.ask("a", number)
        await bench.ask("b")
        await asyncio.sleep(0)
        assert ["a", "a", "a", "b"] == bench.clients()
        await bench.ask("c")

    bench = run(test)
    assert ["a", "a", "a", "b", "a", "c"] == bench.clients()[:6]
    assert Counter(a=8, b=1, c=1) == Counter(bench.clients())
    assert {1} == {len(replies) for replies in bench.replies.values()}


def test_what_cannot_be_reached_in_time_is_refused_at_once() -> None:
    async def test(bench: Bench) -> None:
        asked = [await bench.ask("a", number, timeout_ms=100) for number in range(500)]
        other = await bench.ask("b", timeout_ms=PATIENT_MS)
        await asyncio.sleep(0)
        assert "b" in bench.clients()
        results = Counter(await bench.replied(*asked[SLOTS - 1 :]))
        bench.go_on.set()

        assert {"overloaded", "deadline_exceeded"} == set(results)
        assert ["ok"] == await bench.replied(other)

    run(test)


def test_requests_that_wait_for_an_event_hold_no_slot() -> None:
    async def test(bench: Bench) -> None:
        waiting = [await bench.ask("a", number, wait_for=NEVER, timeout_ms=200) for number in range(100)]
        other = await bench.ask("a", 100)
        await asyncio.sleep(0)
        assert [other] == [arrival.message.reply for arrival in bench.handled]
        assert {"wait_timeout"} == set(await bench.replied(*waiting))

    run(test)


def test_one_that_waited_is_answered_once_its_event_is_reflected_or_will_not_be() -> None:
    async def test(bench: Bench) -> None:
        bench.go_on.set()
        reflected, parked = await bench.ask("a", wait_for=REFLECTED), await bench.ask("b", wait_for=PARKED)

        assert ["ok", "event_parked"] == await bench.replied(reflected, parked)

    run(test)


def test_a_request_of_too_many_bytes_is_refused_unread_and_one_without_an_inbox_is_dropped() -> None:
    async def test(bench: Bench) -> None:
        connection: Any = bench
        large = b"x" * (channels.MAX_REQUEST_BYTES + 1)
        await bench.intake.admit(QUERIES, Msg(connection, "search.query", "_INBOX.a.1", large), unused)
        for reply in ("", "articles.published"):
            await bench.intake.admit(QUERIES, Msg(connection, "search.query", reply, b"{}"), unused)

        assert ["request_too_large"] == await bench.replied("_INBOX.a.1")

    bench = run(test)
    assert ["_INBOX.a.1"] == list(bench.replies)


def test_others_have_turns_between_large_requests_that_arrive_in_a_row() -> None:
    """The client hands over what has arrived without a pause; some hundred outcome requests took seconds to be read."""
    large, turns = 50, 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def test(bench: Bench) -> None:
        task = asyncio.create_task(others())
        for number in range(large):
            await bench.ask("flood", number, q="gull " * 2_000)
        task.cancel()

    run(test)

    assert turns >= large


def test_refusals_that_cannot_be_sent_as_fast_as_requests_come_are_bounded_and_keep_nobody_from_stopping() -> None:
    asked = 2 * MAX_REFUSALS

    async def test(bench: Bench) -> None:
        message = Msg(cast("Any", bench), "search.query", "", b" " * (channels.MAX_REQUEST_BYTES + 1))
        for number in range(asked):  # nothing is sent meanwhile: nothing here lets the loop go on
            await bench.intake.admit(QUERIES, replace(message, reply=f"_INBOX.flood.{number}"), bench.consume)

    bench = run(test)

    assert MAX_REFUSALS == len(bench.replies)
    assert {("request_too_large",)} == {tuple(replies) for replies in bench.replies.values()}


def test_what_has_the_channels_deadline_is_read_in_its_turn_only() -> None:
    async def test(bench: Bench) -> None:
        connection: Any = bench
        for number in range(SLOTS):
            message = Msg(connection, "events.outcome", f"_INBOX.a.{number}", b'{"events": "none"}')
            await bench.intake.admit(OUTCOMES, message, bench.consume)
        await asyncio.sleep(0)

        assert [(None, None)] * (SLOTS - 1) == [(one.request, one.fault) for one in bench.handled]
        with pytest.raises(Invalid):
            bench.handled[0].read()

    run(test)
