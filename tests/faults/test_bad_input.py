"""A thousand kinds of bad input: each message has one outcome, the invalid ones are parked, the stream goes on."""

import asyncio
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from tests.faults.bad_input import CHANNELS, Sent, messages
from tests.faults.oracle import UNSURE, judge
from tests.integration.running import Running, Service, until

from newsdex.archive.database import open_for_reading

pytestmark = pytest.mark.long

SEED = 20_261_125
NUMBER = 1_000
IN_FLIGHT = 100
ARCHIVES = ("cloudevents.tar.gz", "iptc-newsinjson.tar.gz")
MAX_FILE_BYTES = 1_000_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Running]]:
    service = Service(data_dir=tmp_path_factory.mktemp("bad"))
    with service.process("up") as up:
        up.wait_until_ready()
        yield service, up


def publish(service: Service, sent: list[Sent]) -> list[int]:
    """Return the places in the stream."""

    async def send() -> list[int]:
        connection = await nats.connect(service.broker_url)
        js, gate = connection.jetstream(timeout=30), asyncio.Semaphore(IN_FLIGHT)

        async def one(message: Sent) -> int:
            async with gate:
                return (await js.publish(message.channel, message.body, headers=message.headers or None)).seq

        try:
            return await asyncio.gather(*(one(message) for message in sent))
        finally:
            await connection.close()

    return asyncio.run(send())


def outcomes(service: Service) -> list[tuple[int, str, str]]:
    connection = open_for_reading(service.data_dir)
    try:
        return connection.execute("SELECT stream_sequence, outcome, reason FROM ledger").fetchall()
    finally:
        connection.close()


def hold_to_the_oracle(running: tuple[Service, Running], sent: list[Sent]) -> Counter[tuple[str, str]]:
    """Publish; check that each message has one outcome and the right one; give how many had which verdict."""
    service, up = running
    good = Sent(channel="articles.published", body=json.dumps({"id": f"good-{len(sent)}", "title": "Good"}).encode())
    *places, last = publish(service, [*sent, good])
    until(lambda: {*places, last} <= {row[0] for row in outcomes(service)}, 120, "every message has its outcome")
    found = [row for row in outcomes(service) if row[0] in {*places, last}]
    by_place = {place: (outcome, reason) for place, outcome, reason in found}
    verdicts = {place: judge(message) for place, message in zip(places, sent, strict=True)}
    wrong = [
        (verdict, by_place[place], message)
        for (place, verdict), message in zip(verdicts.items(), sent, strict=True)
        if verdict != UNSURE and (by_place[place][0] == "parked") != (verdict == "invalid")
    ]

    assert [] == [(verdict, outcome, str(message)[:400]) for verdict, outcome, message in wrong]
    assert len(found) == len(by_place) == len(sent) + 1, "exactly one outcome each"
    assert "accepted" == by_place[last][0]
    assert [] == [reason for _, _, reason in found if reason == "internal_error"]
    assert up.process.poll() is None
    assert [] == up.events("process.ended")
    return Counter((verdict, by_place[place][0]) for place, verdict in verdicts.items())


def test_a_thousand_mutations_are_parked_where_they_are_invalid(running: tuple[Service, Running]) -> None:
    print(f"seed {SEED}")
    counts = hold_to_the_oracle(running, list(messages(SEED, NUMBER)))
    invalid, unsure = counts["invalid", "parked"], sum(n for (verdict, _), n in counts.items() if verdict == UNSURE)

    assert invalid > NUMBER / 2, counts
    assert NUMBER - invalid - unsure > NUMBER / 10, counts
    assert unsure < NUMBER / 10, counts


def test_files_that_others_call_invalid_or_valid_are_judged_by_our_contract(
    running: tuple[Service, Running], shared_data: Path
) -> None:
    files = [file for name in ARCHIVES for file in json_files(shared_data / "formats" / name)]
    sent = [Sent(channel=channel, body=file) for file in files for channel in CHANNELS]
    counts = hold_to_the_oracle(running, sent)

    assert len(sent) > 100
    assert counts["invalid", "parked"] > len(sent) / 10


def json_files(path: Path) -> Iterator[bytes]:
    with tarfile.open(path) as archive:
        for member in archive:
            wanted = member.name.endswith(".json") and member.isfile() and member.size < MAX_FILE_BYTES
            if wanted and "/schema" not in member.name and (file := archive.extractfile(member)) is not None:
                yield file.read()
