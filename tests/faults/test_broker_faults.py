"""The broker goes away, comes back, shuts us out or is not as it must be; the real server each time."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nats
import pytest
from faststream.nats import JStream, PullSub
from nats.js.errors import ServiceUnavailableError
from tests.faults.external import LAZY_JETSTREAM, ExternalServer, external_server
from tests.faults.measured import cpu_share
from tests.integration.running import Running, Service, until

from newsdex.broker.connection import make_broker
from newsdex.errors import NewsdexError, Unavailable
from newsdex.health import Readiness
from newsdex.host.children import free_port
from newsdex.settings import Settings
from newsdex_schemas import channels

IDLE = 0.25
"""A process that only waits uses less of a processor than this, one that spins four times as much."""
ATTEMPTS = 150
"""More than the 60 after which the client would give up by default."""
KINDS = ("indexer", "searcher")
USER = 'authorization { users: [{ user: "desk", password: "tide" }] }'
NOBODY = 'authorization { users: [{ user: "other", password: "ebb" }] }'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder beside the broker's own folder."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """End at the end of the test what it started."""
    with ExitStack() as stack:
        yield stack


def start(stack: ExitStack, service: Service) -> list[Running]:
    """Start an indexer and a searcher."""
    return [stack.enter_context(service.process(kind)) for kind in KINDS]


def publish_and_find(service: Service, id_: str, word: str) -> list[str]:
    service.wait_until_searchable()
    article = json.dumps({"id": id_, "title": word.capitalize()}).encode()
    done = service.run("publish", "--wait", "-", stdin=article)

    assert done.returncode == 0, done.stderr
    return service.found(word)


def readiness(port: int) -> tuple[int, str]:
    """Return what `/ready` says; 0 while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


@pytest.mark.long
def test_a_broker_that_is_away_at_the_start_is_waited_for_without_haste(
    tmp_path: Path, folder: Path, stack: ExitStack
) -> None:
    server = ExternalServer(tmp_path)
    service = server.service(folder)
    processes = start(stack, service)
    for process in processes:
        until(lambda process=process: process.events("broker.error"), 30, "it has tried")  # type: ignore[misc]  # a default binds the loop's value
    shares = cpu_share(*(process.process.pid for process in processes))
    tries = [len(process.events("broker.error")) for process in processes]
    stack.callback(server.stop)
    server.start()

    assert [1, 1] == tries
    assert max(shares) < IDLE
    for process in processes:
        process.wait_until_ready()
    assert ["a-1"] == publish_and_find(service, "a-1", "heron")


@pytest.mark.long
def test_a_stop_is_heard_while_the_broker_is_away_at_the_start(tmp_path: Path, folder: Path, stack: ExitStack) -> None:
    processes = start(stack, ExternalServer(tmp_path).service(folder))
    for process in processes:
        until(lambda process=process: process.events("broker.error"), 30, "it has tried")  # type: ignore[misc]  # as above

    assert [0, 0] == [process.stop() for process in processes]


@pytest.mark.long
def test_a_broker_that_was_killed_while_running_is_waited_for_without_haste_and_readiness_says_so(
    tmp_path: Path, folder: Path, stack: ExitStack
) -> None:
    server = stack.enter_context(external_server(tmp_path))
    service = server.service(folder)
    ports = [free_port(), free_port()]
    processes = []
    for kind, port in zip(KINDS, ports, strict=True):
        processes.append(Running.start(service, kind, http_port=port))
        stack.callback(processes[-1].stop)
    for port in ports:
        until(lambda port=port: readiness(port)[0] == 200, 60, "it is ready")  # type: ignore[misc]  # as above
    assert ["b-1"] == publish_and_find(service, "b-1", "heron")
    server.kill()
    for port in ports:
        until(lambda port=port: "broker: the connection is lost" in readiness(port)[1], 30, "it says so")  # type: ignore[misc]  # as above
    shares = cpu_share(*(process.process.pid for process in processes))
    server.start()
    for port in ports:
        until(lambda port=port: readiness(port)[0] == 200, 60, "it is ready again")  # type: ignore[misc]  # as above

    assert max(shares) < IDLE
    assert ["b-1", "b-2"] == sorted(publish_and_find(service, "b-2", "heron"))


class Owner:
    """Remembers what the connection told it."""

    def __init__(self) -> None:
        self.readiness = Readiness()
        self.stopping = False
        self.errors: list[NewsdexError] = []

    def fail(self, error: NewsdexError) -> None:
        self.errors.append(error)


def test_reconnecting_goes_on_far_beyond_the_clients_own_limit(tmp_path: Path) -> None:
    """Ten minutes and more: only the pause between two attempts is shortened here."""

    async def scenario(server: ExternalServer) -> tuple[int, list[NewsdexError], list[str]]:
        owner = Owner()
        broker = make_broker(Settings(broker_url=server.url), name="patient", owner=owner)
        connection = await broker.connect()
        connection.options["reconnect_time_wait"] = 0.002
        server.kill()
        await asyncio.to_thread(until, lambda: connection._server_pool[0].reconnects >= ATTEMPTS, 60, "it has tried")
        attempts, away = connection._server_pool[0].reconnects, list(owner.readiness.reasons())
        server.start()
        await asyncio.to_thread(until, lambda: connection.is_connected, 30, "it is connected")
        await connection.flush()
        owner.stopping = True
        await broker.stop()
        return attempts, owner.errors, away

    with external_server(tmp_path) as server:
        attempts, errors, away = asyncio.run(scenario(server))

    assert attempts >= ATTEMPTS
    assert ([], ["broker"]) == (errors, away)


def test_a_broker_without_a_stream_to_subscribe_to_ends_the_process(tmp_path: Path) -> None:
    """Without its subscription the process would go on, be ready and take nothing in."""

    async def scenario(server: ExternalServer) -> list[NewsdexError]:
        owner = Owner()
        broker = make_broker(Settings(broker_url=server.url), name="early", owner=owner)

        async def take(_: Any) -> None:
            """Nothing comes."""

        options = {"stream": JStream(channels.STREAM, declare=False), "pull_sub": PullSub(batch_size=2)}
        broker.subscriber("articles.*", durable="early", **options)(take)
        with pytest.raises(ServiceUnavailableError):
            await broker.start()
        owner.stopping = True
        await broker.stop()
        return owner.errors

    with external_server(tmp_path, jetstream="") as server:
        errors = asyncio.run(scenario(server))

    assert ["broker_unavailable"] == [error.code for error in errors]


def test_a_connection_that_is_closed_for_good_ends_the_process_with_its_own_exit_code(
    tmp_path: Path, folder: Path, stack: ExitStack
) -> None:
    """The server shuts us out: its operator has removed our user."""
    server = stack.enter_context(external_server(tmp_path, options=USER))
    service = server.service(folder, NEWSDEX_BROKER_USER="desk", NEWSDEX_BROKER_PASSWORD="tide")
    processes = [process.wait_until_ready() for process in start(stack, service)]
    server.reload(NOBODY)
    codes = [process.exit_code() for process in processes]
    told = [[line["code"] for line in process.events("process.failed")] for process in processes]

    assert [Unavailable.exit_code] * 2 == codes
    assert [["broker_closed"]] * 2 == told
    assert [1, 1] == [len(process.events("broker.closed")) for process in processes]


@pytest.mark.long
def test_an_indexer_whose_stream_was_deleted_ends_without_haste_and_the_next_one_makes_it_anew(
    tmp_path: Path, folder: Path, stack: ExitStack
) -> None:
    async def delete(url: str) -> None:
        connection = await nats.connect(url)
        await connection.jetstream().delete_stream(channels.STREAM)
        await connection.close()

    server = stack.enter_context(external_server(tmp_path))
    service = server.service(folder)
    indexer, _ = (process.wait_until_ready() for process in start(stack, service))
    assert ["c-1"] == publish_and_find(service, "c-1", "heron")
    asyncio.run(delete(server.url))
    share = cpu_share(indexer.process.pid)[0]
    code = indexer.exit_code()
    stack.enter_context(service.process("indexer")).wait_until_ready()

    assert (Unavailable.exit_code, ["consumer_missing"]) == (
        code,
        [line["code"] for line in indexer.events("process.failed")],
    )
    assert share < IDLE
    assert ["c-1", "c-2"] == sorted(publish_and_find(service, "c-2", "heron"))


@pytest.mark.long
def test_a_broker_that_does_not_fsync_is_named_at_the_start_and_the_indexer_is_not_ready(
    tmp_path: Path, folder: Path, stack: ExitStack
) -> None:
    server = stack.enter_context(external_server(tmp_path, jetstream=LAZY_JETSTREAM))
    service = server.service(folder, NEWSDEX_BROKER_MONITORING_URL=server.monitoring_url)
    port = free_port()
    indexer = Running.start(service, "indexer", http_port=port)
    stack.callback(indexer.stop)
    indexer.wait_until_ready()
    code, text = until(lambda: readiness(port) if "broker_sync" in readiness(port)[1] else None, 30, "it says so")

    assert 503 == code
    assert "sync_interval: always" in text
    assert [False] == [line["sync_always"] for line in indexer.events("broker.ready")]


@pytest.mark.long
def test_an_event_larger_than_any_batch_is_parked_and_the_stream_goes_on(
    tmp_path: Path, folder: Path, stack: ExitStack
) -> None:
    """A stream that others made may take such events."""

    async def publish(url: str) -> None:
        connection = await nats.connect(url)
        js = connection.jetstream(timeout=30)
        await js.add_stream(name=channels.STREAM, subjects=list(channels.EVENT_CHANNELS), storage="memory")
        await js.publish(channels.ARTICLES_PUBLISHED, b'{"id": "d-1", "title": "' + b"x" * 40_000_000 + b'"}')
        await js.publish(channels.ARTICLES_PUBLISHED, b'{"id": "d-2", "title": "Behind it"}')
        await connection.close()

    server = stack.enter_context(external_server(tmp_path, options="max_payload: 60000000"))
    asyncio.run(publish(server.url))
    with server.service(folder).process("indexer") as indexer:

        def outcomes() -> list[dict[str, Any]]:
            return [*indexer.events("event.parked"), *indexer.events("event.accepted")]

        until(lambda: len(outcomes()) == 2, 60, "both have an outcome")

    assert ["message_too_large", "first_version"] == [line["reason"] for line in outcomes()]
