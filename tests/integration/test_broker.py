"""The broker is as it must be, is watched, and comes back."""

import asyncio
import json
import os
import signal
import socket
import time
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import nats
import pytest
from tests.integration.running import Running, Service, until

from newsdex.broker.streams import CONSUMER
from newsdex_schemas import channels

AT_ONCE_S = 15
"""Far less than the half minute that a drain may take."""


def _on_broker(service: Service, ask: Any) -> Any:
    async def run() -> Any:
        connection = await nats.connect(service.broker_url)
        try:
            return await ask(connection.jetstream())
        finally:
            await connection.close()

    return asyncio.run(run())


def test_the_embedded_broker_fsyncs_before_it_acknowledges(service: Service, up: Running) -> None:
    address = json.loads((service.data_dir / "broker.json").read_text())
    with urllib.request.urlopen(f"{address['monitoring_url']}/varz") as answer:
        jetstream = json.load(answer)["jetstream"]["config"]

    assert True is jetstream["sync_always"]
    assert [line["sync_always"] for line in up.events("broker.ready")] == [True]


@pytest.mark.parametrize("who", [{}, {"user": "newsdex", "pass": "wrong"}, {"auth_token": "newsdex"}])
def test_the_embedded_broker_lets_nobody_in_without_its_password(service: Service, who: dict[str, str]) -> None:
    address = urlsplit(service.broker_url)
    assert address.port
    with socket.create_connection(("127.0.0.1", address.port), timeout=AT_ONCE_S) as connection:
        connection.sendall(f"CONNECT {json.dumps({'verbose': False, **who})}\r\nPING\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))

    assert b"-ERR 'Authorization Violation'" in answer
    assert b"PONG" not in answer


def test_no_log_and_no_status_tells_the_password(service: Service, up: Running) -> None:
    secret = urlsplit(service.broker_url).password
    assert secret
    told = up.log.read_text(encoding="utf-8") + (service.data_dir / "nats" / "nats-server.log").read_text("utf-8")
    told += service.run("status").stdout

    assert secret in service.run("env").stdout
    assert secret not in told


def test_an_indexer_whose_consumer_was_deleted_ends_and_up_starts_it_again(own: Service) -> None:
    with own.process("up") as up:
        up.wait_until_ready()
        _on_broker(own, lambda js: js.delete_consumer(channels.STREAM, CONSUMER))
        until(lambda: up.events("broker.consumer_missing"), 30, "it is noticed")
        until(lambda: len(up.events("broker.ready")) == 2, 30, "the indexer runs again")
        own.run("publish", "--wait", "-", stdin=b'{"id": "again", "title": "Again"}')

        assert own.found("again") == ["again"]


def test_everything_goes_on_after_the_broker_was_killed(own: Service) -> None:
    with own.process("up") as up:
        up.wait_until_ready()
        own.run("publish", "--wait", "-", stdin=b'{"id": "before", "title": "Before the fall"}')
        os.kill(up.events("broker.started")[0]["pid"], signal.SIGKILL)
        until(lambda: len(up.events("broker.started")) == 2, 30, "the broker runs again")
        until(lambda: len(up.events("broker.reconnected")) == 3, 30, "all three processes are connected")
        done = own.run("publish", "--wait", "-", stdin=b'{"id": "after", "title": "After the fall"}')

        assert done.returncode == 0, done.stderr
        assert sorted(own.found("fall")) == ["after", "before"]


def test_a_stop_while_the_broker_is_away_ends_every_process_at_once(own: Service) -> None:
    """Without the broker nothing can be drained; a stop must neither wait for it nor leave the projector behind."""
    with own.process("up") as up:
        up.wait_until_ready()
        os.kill(up.events("broker.started")[0]["pid"], signal.SIGKILL)
        start = time.monotonic()
        code = up.stop()
        took_s = time.monotonic() - start
        stopped = {line["process"] for line in up.events("process.stopped")}

        assert (0, {"up", "indexer", "searcher", "gateway"}) == (code, stopped)
        assert took_s < AT_ONCE_S
        assert [] == [line for line in up.events("library") if line["level"] == "error"]
