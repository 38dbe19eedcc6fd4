"""A broker that is full says so, is pruned of what was handled, and takes events again; on the real server."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.faults.external import ExternalServer, external_server
from tests.faults.test_broker_faults import readiness
from tests.faults.test_stream import metric, on_broker
from tests.integration.running import Running, Service, until

from newsdex.archive.database import FILE_NAME
from newsdex.broker.streams import CONSUMER
from newsdex.host.children import free_port
from newsdex_schemas import channels

SMALL_STORE = "jetstream {{ store_dir: {store}, sync_interval: always, max_file_store: 4MB }}"
EVENTS = 200
BODY = "tide " * 8_000
"""40 kB: a hundred of these fill the store."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ExternalServer]:
    with external_server(tmp_path, jetstream=SMALL_STORE) as server:
        yield server


@pytest.fixture
def service(server: ExternalServer, tmp_path: Path) -> Service:
    (tmp_path / "data").mkdir()
    return server.service(tmp_path / "data", NEWSDEX_BROKER_MONITORING_URL=server.monitoring_url)


@pytest.fixture
def indexer(service: Service) -> Iterator[tuple[Running, int]]:
    """Return a running indexer, and the port of its health routes."""
    port = free_port()
    running = Running.start(service, "indexer", http_port=port)
    try:
        yield running.wait_until_ready(), port
    finally:
        running.stop()


def lines(first: int, number: int, body: str = BODY) -> bytes:
    articles = ({"id": f"a-{one}", "title": f"Tide {one}", "body": body} for one in range(first, first + number))
    return b"".join(json.dumps(article).encode() + b"\n" for article in articles)


def fill(service: Service, running: Running) -> Any:
    """Publish until the broker is full, and wait until everything in it is handled."""
    done = service.run("publish", "--bulk", "-", stdin=lines(0, EVENTS))
    until(lambda: handled(service), 60, "everything in it is handled")
    assert running.process.poll() is None
    return done


def handled(service: Service) -> bool:
    reply = look(service)
    return bool(reply) and reply["waiting"] == reply["at_work"] == 0


def look(service: Service, *arguments: str) -> dict[str, Any]:
    done = service.run("stream", *arguments, "--json")
    reply: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    return reply


def test_a_full_store_is_told_to_publishers_and_operators_pruned_and_publishing_goes_on(
    service: Service, indexer: tuple[Running, int]
) -> None:
    running, port = indexer
    refused = fill(service, running)
    code, text = until(lambda: readiness(port) if readiness(port)[0] == 503 else None, 30, "it is not ready")
    full = look(service)
    status = service.run("status")
    share = metric(port, "newsdex_store_bytes") / metric(port, "newsdex_store_limit_bytes")
    again = service.run("publish", "-", stdin=lines(900, 1))
    held = look(service, "prune")
    pruned = look(service, "prune", "--unbacked", "--keep-bytes", "1000000")
    published = service.run("publish", "--bulk", "-", stdin=lines(1_000, 20))
    until(lambda: readiness(port)[0] == 200, 30, "it is ready again")

    assert (69, "(broker_full)") == (refused.returncode, refused.stderr.split()[-1])
    stored = int(refused.stdout.split()[0])
    assert f"; {stored} events at least were stored before (broker_full)" in refused.stderr.replace("\n", " ")
    assert 50 < stored < EVENTS
    assert (503, True) == (code, "broker_full" in text)
    assert share > 0.9
    assert "(broker_full)" in status.stdout
    assert (69, "(broker_full)") == (again.returncode, again.stderr.split()[-1])
    assert ("backup", 0, 0) == (full["bound"], full["prunable"], held["pruned"])
    assert pruned["pruned"] > 50
    assert 900_000 < pruned["bytes"] < 1_100_000
    assert 0 == published.returncode, published.stderr


def test_a_backup_lets_what_it_has_go_by_itself(service: Service, indexer: tuple[Running, int]) -> None:
    running, port = indexer
    fill(service, running)
    before = look(service)
    backup = service.run("backup", str(service.data_dir.parent / "backup"))
    manifest = json.loads((service.data_dir.parent / "backup" / "manifest.json").read_text())
    until(lambda: running.events("stream.pruned"), 30, "it is pruned")
    after = until(lambda: reply if (reply := look(service))["events"] < before["events"] else None, 30, "it shows")
    until(lambda: readiness(port)[0] == 200, 30, "it is ready again")
    published = service.run("publish", "--bulk", "-", stdin=lines(1_000, 20))

    assert 0 == backup.returncode, backup.stderr
    assert manifest["stream"]["position"] == before["events"]
    assert after["bytes"] <= after["store_limit_bytes"] / 2
    assert 0 == published.returncode, published.stderr
    assert metric(port, "newsdex_stream_pruned_total") >= before["events"] - after["events"]


def test_what_was_not_handled_is_never_pruned(
    server: ExternalServer, service: Service, indexer: tuple[Running, int]
) -> None:
    async def pause(js: Any, *, until_then: bool) -> None:
        body = json.dumps({"pause_until": "2090-01-01T00:00:00Z"} if until_then else {}).encode()
        await js._api_request(f"$JS.API.CONSUMER.PAUSE.{channels.STREAM}.{CONSUMER}", body, timeout=5)

    running, _ = indexer
    service.run("publish", "--bulk", "-", stdin=lines(0, 10))
    until(lambda: handled(service), 30, "these are handled")
    on_broker(server, lambda js: pause(js, until_then=True))
    service.run("publish", "--bulk", "-", stdin=lines(10, 10))
    pruned = look(service, "prune", "--unbacked", "--keep-bytes", "0", "--keep-days", "0")
    on_broker(server, lambda js: pause(js, until_then=False))
    until(lambda: len(running.events("event.accepted")) == 20, 60, "the others are handled too")

    assert (10, 10, "acknowledged") == (pruned["pruned"], pruned["events"], pruned["bound"])


def test_redelivery_brings_every_event_once_more_without_ending_the_indexer(
    service: Service, indexer: tuple[Running, int]
) -> None:
    running, _ = indexer
    service.run("publish", "--bulk", "-", stdin=lines(0, 10))
    until(lambda: len(running.events("event.accepted")) == 10, 30, "they are there")
    done = service.run("redeliver")
    until(lambda: len(running.events("event.duplicate")) == 10, 60, "they come once more")
    service.run("publish", "--bulk", "-", stdin=lines(10, 1))
    until(lambda: len(running.events("event.accepted")) == 11, 30, "events go on")

    assert (0, "every event in the stream is delivered once more") == (done.returncode, done.stdout.strip())
    assert None is running.process.poll()


def test_redelivery_works_where_no_indexer_runs(service: Service) -> None:
    with service.process("indexer") as first:
        first.wait_until_ready()
        service.run("publish", "--bulk", "-", stdin=lines(0, 10))
        until(lambda: len(first.events("event.accepted")) == 10, 30, "they are there")
    done = service.run("redeliver")
    with service.process("indexer") as second:
        until(lambda: len(second.events("event.duplicate")) == 10, 60, "they come once more")

    assert 0 == done.returncode, done.stderr


def test_what_came_after_a_backup_is_delivered_again_by_itself_after_a_restore(
    server: ExternalServer, service: Service, tmp_path: Path
) -> None:
    with service.process("indexer") as indexer:
        indexer.wait_until_ready()
        service.run("publish", "--bulk", "-", stdin=lines(0, 10))
        until(lambda: len(indexer.events("event.accepted")) == 10, 30, "they are there")
        service.run("backup", str(tmp_path / "backup"))
        service.run("publish", "--bulk", "-", stdin=lines(10, 5))
        until(lambda: len(indexer.events("event.accepted")) == 15, 30, "these came after it")
    restored = server.service(tmp_path / "restored")
    done = restored.run("restore", str(tmp_path / "backup"))
    with restored.process("indexer") as indexer:
        until(lambda: len(indexer.events("event.accepted")) == 5, 60, "they come again")
    empty = server.service(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    with empty.process("indexer") as indexer:
        until(lambda: len(indexer.events("event.accepted")) == 15, 60, "an archive that is lost is made again")

    assert 0 == done.returncode, done.stderr


def test_a_stream_of_limited_size_refuses_what_is_new_and_loses_nothing(
    server: ExternalServer, service: Service
) -> None:
    service = server.service(service.data_dir, NEWSDEX_STREAM_MAX_BYTES="1000000")
    with service.process("indexer") as indexer:
        indexer.wait_until_ready()
        refused = service.run("publish", "--bulk", "-", stdin=lines(0, EVENTS))
        until(lambda: handled(service), 60, "everything in it is handled")
        reply = look(service)
        accepted = len(indexer.events("event.accepted"))

    assert (69, "(broker_full)") == (refused.returncode, refused.stderr.split()[-1])
    assert (reply["events"], 1_000_000) == (accepted, reply["limit_bytes"])
    assert reply["bytes"] <= 1_000_000


def test_an_archive_that_is_made_again_from_a_pruned_stream_waits_for_nothing_that_is_gone(
    server: ExternalServer, service: Service, tmp_path: Path
) -> None:
    with service.process("indexer") as indexer:
        indexer.wait_until_ready()
        service.run("publish", "--bulk", "-", stdin=lines(0, 10))
        until(lambda: handled(service), 30, "they are handled")
        pruned = look(service, "prune", "--unbacked", "--keep-bytes", "200000")["pruned"]
    (tmp_path / "empty").mkdir()
    with server.service(tmp_path / "empty").process("indexer") as indexer:
        until(lambda: len(indexer.events("event.accepted")) == 10 - pruned, 60, "what is left comes")
    with closing(sqlite3.connect(tmp_path / "empty" / FILE_NAME)) as archive:
        settled = archive.execute("SELECT settled_sequence, (SELECT count(*) FROM unsettled) FROM stream").fetchone()

    assert 0 < pruned < 10
    assert (10, 0) == settled
