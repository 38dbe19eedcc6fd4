"""Parked events in bulk, over the real thing: twice, at the same time, and after a kill, each has one effect."""

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.running import Running, Service, until
from tests.unit.events import publishing

from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.archive.writer import ArchiveWriter
from newsdex.broker.server import EmbeddedServer
from newsdex.host.children import free_port
from newsdex.ingest.identity import claim
from newsdex.order import Place
from newsdex.records.events import Fault, Result
from newsdex.records.parked import ParkedChoice

MANY = 2_300
HOUR_US = 3_600_000_000
FIRST_US = 1_764_000_000_000_000
"""2025-11-24T16:00Z."""


def park(folder: Path, number: int) -> None:
    """Park valid events, as a defect that has been mended since would have: one each second."""
    archive = ArchiveWriter(folder)
    with archive.transaction() as transaction:
        for at in range(number):
            cause = publishing(10_000_000 + at, id_=f"bulk-{at}", version=1)
            result = Result(
                delivery=cause,
                place=Place(1, cause.stream_sequence),
                outcome="parked",
                reason="internal_error",
                source="https://courier.example/newsroom",
                event_id=f"evt-{10_000_000 + at}",
                correlation_id=f"evt-{10_000_000 + at}",
                article_id=f"bulk-{at}",
                fault=Fault(code="internal_error", message="newsdex failed on this event"),
            )
            transaction.park(result, claim(cause), FIRST_US + at * 1_000_000)
            transaction.enter([replace(result, parked_id=at + 1)], FIRST_US + at * 1_000_000)
    archive.close()


@pytest.fixture
def own(tmp_path: Path) -> Service:
    return Service(data_dir=tmp_path / "data")


@pytest.fixture
def parked(own: Service) -> Iterator[tuple[Service, Running]]:
    """Return a data folder with many parked events, a broker, and an indexer that may be killed."""
    park(own.data_dir, MANY)
    with EmbeddedServer(own.data_dir), own.process("indexer") as indexer:
        indexer.wait_until_ready()
        yield own, indexer


def open_ids(service: Service) -> list[int]:
    return read_archive(service.data_dir, lambda archive: archive.parked_ids())


def accepted(service: Service) -> dict[str, int]:
    """Return how often each article was accepted."""

    def read(archive: ArchiveReader) -> dict[str, int]:
        query = "SELECT article_id, count(*) FROM ledger WHERE outcome = 'accepted' GROUP BY article_id"
        return dict(map(tuple, archive._connection.execute(query)))

    return read_archive(service.data_dir, read)


def lines(text: bytes | str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def start(service: Service, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "newsdex", *arguments],
        env=service.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.long
def test_bulk_retries_at_the_same_time_and_after_a_kill_have_one_effect(parked: tuple[Service, Running]) -> None:
    service, indexer = parked
    racing = [start(service, "parked", "retry", "--code", "internal_error") for _ in range(2)]
    until(lambda: 0 < len(accepted(service)) < MANY, 30, "some are done and not all")
    indexer.kill()
    interrupted = [process.communicate(timeout=60) for process in racing]
    left = len(open_ids(service))
    with service.process("indexer") as again:
        again.wait_until_ready()
        by_time = service.run("parked", "retry", "--before", "2025-11-24T16:30:00Z")
        since = service.run("parked", "retry", "--since", "2025-11-24T16:30:00Z")
        nothing = service.run("parked", "retry", "--all")
        named = service.run("parked", "retry", "1", "2", str(MANY), str(MANY + 1))

    assert 0 < left < MANY
    assert {69} == {process.returncode for process in racing}, interrupted
    assert (0, 0, 0) == (by_time.returncode, since.returncode, nothing.returncode)
    assert "nothing is parked" == nothing.stdout.strip()
    assert {f"bulk-{at}": 1 for at in range(MANY)} == accepted(service)
    assert [] == open_ids(service)
    assert named.stdout.splitlines() == [
        *(f"{id_}: closed resolved: accepted: first_version" for id_ in (1, 2, MANY)),
        f"{MANY + 1}: unknown",
    ]
    assert 65 == named.returncode


def test_bulk_drop_and_export_take_what_was_chosen(parked: tuple[Service, Running], tmp_path: Path) -> None:
    service, _ = parked
    exported = service.run("parked", "export", "--code", "internal_error")
    file = tmp_path / "parked.jsonl"
    dropped = service.run(
        "parked", "drop", "--code", "internal_error", "--since", "2025-11-24T16:00:10Z", "--reason", "a test"
    )
    into_file = service.run("parked", "export", "--all", "-o", str(file))
    found = lines(file.read_bytes())
    (first,) = lines(exported.stdout)[:1]

    assert MANY == len(lines(exported.stdout))
    assert (0, f"{MANY - 10:,} dropped") == (dropped.returncode, dropped.stdout.strip())
    assert (0, f"{MANY:,} events in {file}") == (into_file.returncode, into_file.stdout.strip())
    assert list(range(1, 11)) == open_ids(service)
    assert [None] * 10 + ["a test"] * (MANY - 10) == [line["resolution"] for line in found]
    assert 0o600 == file.stat().st_mode & 0o777
    assert publishing(10_000_000, id_="bulk-0", version=1).body == base64.b64decode(first["body_base64"])
    assert ("internal_error", "bulk-0", "articles.published", "2025-11-24T16:00:00.000Z") == (
        first["code"], first["article_id"], first["channel"], first["parked_at"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("retry",), "nothing_chosen"),
        (("retry", "1", "--code", "x"), "nothing_chosen"),
        (("drop", "1", "--all"), "nothing_chosen"),
        (("list", "--since", "yesterday"), "invalid_datetime"),
        (("export", "-o", "/proc/nowhere/x"), "unwritable_file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_an_unclear_choice_is_refused_and_nothing_is_done(own: Service, arguments: tuple[str, ...], code: str) -> None:
    park(own.data_dir, 3)
    done = own.run("parked", *arguments)

    assert (done.stdout, f"({code})") == ("", done.stderr.split()[-1])
    assert [1, 2, 3] == open_ids(own)


class WithPort(Service):
    """A service whose indexer's metrics can be read."""

    port = free_port()

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "NEWSDEX_HTTP_PORT": str(self.port)}

    def metrics(self) -> dict[str, float]:
        """Return every sample; nothing while the process does not listen yet."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
                lines = answer.read().decode().splitlines()
        except urllib.error.URLError:
            return {}
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_metrics_and_why_follow_a_parked_event_to_its_end(own: Service) -> None:
    service = WithPort(data_dir=own.data_dir)
    bad, good = (json.dumps({"id": "m", "title": title, "version": 1}).encode() for title in ("", "Mended"))
    with EmbeddedServer(service.data_dir), service.process("indexer") as indexer:
        indexer.wait_until_ready()
        publish(service, bad)
        until(lambda: service.metrics().get('newsdex_parked_open{code="empty_text"}') == 1, 30, "it is counted")
        before = service.metrics()
        publish(service, good)
        until(lambda: service.metrics()['newsdex_parked_open{code="empty_text"}'] == 0, 30, "it closes by itself")
        searchable = 'newsdex_freshness_seconds_count{since="broker"}'
        until(lambda: service.metrics().get(searchable) == 1, 30, "the index has it")
        after = service.metrics()
        story = service.run("why", "m").stdout.splitlines()
        closed = indexer.events("parked.superseded")

    assert before["newsdex_parked_oldest_timestamp_seconds"] > 0
    assert (0, 1, 0, 1) == (
        after["newsdex_parked_oldest_timestamp_seconds"], after["newsdex_parked_superseded_total"],
        after["newsdex_stream_waiting_events"], after["newsdex_ready"],
    )  # fmt: skip
    assert (1, 1, 0) == (
        after["newsdex_index_commit_seconds_count"], after["newsdex_broker_connected"],
        after["newsdex_stream_oldest_event_seconds"],
    )  # fmt: skip
    assert min(after[f"newsdex_{what}_bytes"] for what in ("archive", "disk_free", "stream")) > 0
    assert not [name for name in after if name.startswith("newsdex_quer")]
    assert "parked as 1 (closed: superseded: a later version of the article came, " in story[0]
    assert ["m"] == [line["article_id"] for line in closed]
    assert ["resolved"] == [event.status for event in read_archive(service.data_dir, every)]


def every(archive: ArchiveReader) -> Any:
    return archive.parked(ParkedChoice(include_closed=True), limit=9)


def publish(service: Service, body: bytes) -> None:
    import asyncio  # noqa: PLC0415 - one use

    import nats  # noqa: PLC0415 - as above

    async def send() -> None:
        connection = await nats.connect(service.broker_url)
        await connection.jetstream().publish("articles.published", body)
        await connection.close()

    asyncio.run(send())
