"""A pull is bounded by bytes and by number, gives what there is at once, and asks nobody who is not there."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import nats
from nats.js.api import ConsumerConfig
from tests.faults.external import ExternalServer, external_server
from tests.faults.measured import cpu_s
from tests.integration.running import until

from newsdex.broker.pull import MAX_BATCH_BYTES, BoundedJetStream, BoundedPull
from newsdex.broker.streams import MAX_ACK_PENDING

STREAM, SUBJECT, DURABLE = "TIDES", "tides", "reader"
LARGE = b"x" * 7_000_000
SOON_S, LATE_S = 0.2, 30.0
"""A pull that would wait for a full batch waits LATE_S, far longer than the tests' own limits."""
Scenario = Callable[[BoundedPull, BoundedJetStream], Coroutine[Any, Any, None]]


def run(server: ExternalServer, scenario: Scenario) -> None:
    """Run a scenario over an empty stream with one consumer."""

    async def quiet(_: Exception) -> None:
        """A server that goes away is part of some scenarios."""

    async def whole() -> None:
        connection = await nats.connect(server.url, error_cb=quiet, reconnect_time_wait=0.1, max_reconnect_attempts=-1)
        js = BoundedJetStream(connection, timeout=20)
        await js.add_stream(name=STREAM, subjects=[SUBJECT])
        config = ConsumerConfig(max_ack_pending=MAX_ACK_PENDING)
        async with asyncio.timeout(LATE_S - 5):
            await scenario(await js.pull_subscribe(SUBJECT, durable=DURABLE, stream=STREAM, config=config), js)
        await connection.close()

    asyncio.run(whole())


async def publish(js: BoundedJetStream, *bodies: bytes) -> None:
    for body in bodies:
        await js.publish(SUBJECT, body)


def test_a_batch_is_what_there_is_and_comes_at_once(tmp_path: Path) -> None:
    async def scenario(pull: BoundedPull, js: BoundedJetStream) -> None:
        await publish(js, b"1", b"2", b"3")
        first = await pull.fetch(2, LATE_S)
        second = await pull.fetch(2, LATE_S)

        assert [[b"1", b"2"], [b"3"]] == [[message.data for message in batch] for batch in (first, second)]

    with external_server(tmp_path) as server:
        run(server, scenario)


def test_the_first_message_is_waited_for(tmp_path: Path) -> None:
    async def scenario(pull: BoundedPull, js: BoundedJetStream) -> None:
        nothing = await pull.fetch(2, SOON_S)
        waiting = asyncio.create_task(pull.fetch(2, LATE_S))
        await asyncio.sleep(SOON_S)
        await publish(js, b"1")

        assert ([], [b"1"]) == (nothing, [message.data for message in await waiting])

    with external_server(tmp_path) as server:
        run(server, scenario)


def test_large_messages_come_in_batches_of_bounded_size_and_none_is_left_out(tmp_path: Path) -> None:
    async def scenario(pull: BoundedPull, js: BoundedJetStream) -> None:
        await publish(js, *[LARGE] * 10)
        batches = []
        while sum(map(len, batches)) < 10:
            batches.append(await pull.fetch(300, LATE_S))
            for message in batches[-1]:
                await message.ack()

        assert {MAX_BATCH_BYTES // len(LARGE)} == {len(batch) for batch in batches[:-1]}
        assert list(range(1, 11)) == [message.metadata.sequence.stream for batch in batches for message in batch]

    with external_server(tmp_path, options="max_payload: 8388608") as server:
        run(server, scenario)


def test_a_server_that_is_away_is_not_asked_and_what_was_asked_for_is_one_batch_when_it_is_back(tmp_path: Path) -> None:
    """Requests in the client's buffer would all be served at once."""

    async def scenario(pull: BoundedPull, js: BoundedJetStream) -> None:
        await publish(js, *[b"1"] * 500)
        server.kill()
        await asyncio.to_thread(until, lambda: not js._nc.is_connected, 20, "it is noticed")
        before = cpu_s(os.getpid())
        away = [await pull.fetch(100, SOON_S) for _ in range(20)]
        used_s = cpu_s(os.getpid()) - before
        server.start()
        await asyncio.to_thread(until, lambda: js._nc.is_connected, 20, "it is connected")
        batch = await pull.fetch(100, LATE_S)
        pending = (await js.consumer_info(STREAM, DURABLE)).num_ack_pending

        assert [[]] * 20 == away
        assert (100, 100) == (len(batch), pending)
        assert used_s < 20 * SOON_S / 4

    with external_server(tmp_path) as server:
        run(server, scenario)


def test_a_consumer_that_is_gone_and_a_closed_connection_are_not_asked_over_and_over(tmp_path: Path) -> None:
    async def scenario(pull: BoundedPull, js: BoundedJetStream) -> None:
        await js.delete_consumer(STREAM, DURABLE)
        before = cpu_s(os.getpid())
        gone = [await pull.fetch(100, SOON_S) for _ in range(10)]
        await js._nc.close()
        closed = [await pull.fetch(100, SOON_S) for _ in range(10)]

        assert [[]] * 20 == [*gone, *closed]
        assert cpu_s(os.getpid()) - before < 20 * SOON_S / 4

    with external_server(tmp_path) as server:
        run(server, scenario)
