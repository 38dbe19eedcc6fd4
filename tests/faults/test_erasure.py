"""After an erasure no byte of the text is in any file of the data folder, the broker's store and all logs included."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats
import pytest
from tests.integration.running import Running, Service, until

from newsdex.broker.server import EmbeddedServer
from newsdex_schemas import channels

WORDS = ("quorvalexian", "zindrathorpe", "borogrovian", "melquiadesque", "tulgeywoodish")
BODY = "The melquiadesque affair went on for years. " * 8


def publish(service: Service, *values: dict[str, Any], wait: bool = True) -> str:
    lines = "\n".join(json.dumps(value) for value in values).encode()
    return service.run("publish", *(["--wait"] if wait else []), "-", stdin=lines).stdout


def words_in(folder: Path) -> dict[str, list[str]]:
    """Give, for each of WORDS, the files that have it somewhere in their bytes."""
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        word: sorted(str(path.relative_to(folder)) for path, content in contents.items() if word.encode() in content)
        for word in WORDS
    }


def nothing_found() -> dict[str, list[str]]:
    return {word: [] for word in WORDS}


async def send(service: Service, *bodies: bytes) -> None:
    client = await nats.connect(service.broker_url)
    for body in bodies:
        await client.jetstream().publish(channels.ARTICLES_PUBLISHED, body)
    await client.close()


def fill(service: Service) -> None:
    """Publish an article in three versions, one of them parked, among others; with a second generation of the index."""
    for start in range(0, 40, 10):
        publish(
            service, *({"id": f"other-{n}", "title": f"Other {n}", "body": "harbour " * 90} for n in range(start, 10))
        )
    publish(service, {"id": "secret", "title": "The zindrathorpe affair", "version": 1})
    publish(service, {"id": "secret", "title": "The quorvalexian affair", "body": BODY, "version": 2})
    asyncio.run(send(service, json.dumps({"id": "secret", "title": "borogrovian", "version": "two"}).encode()))
    asyncio.run(send(service, b'{"id": "secret", "title": "The quorvalexian affair, tulgeywoodish'))
    until(lambda: "2 events wait" in service.run("status").stdout, 30, "both are parked")
    assert service.run("rebuild").returncode == 0
    publish(service, {"id": "after", "title": "After the rebuild"})


@pytest.fixture
def filled(own: Service) -> Iterator[tuple[Service, Running]]:
    with own.process("up") as up:
        up.wait_until_ready()
        fill(own)
        yield own, up


def test_no_byte_of_an_erased_article_is_left_and_no_copy_comes_back(filled: tuple[Service, Running]) -> None:
    service, up = filled
    before = words_in(service.data_dir)
    erased = service.run("withdraw", "--erase", "secret")
    after = words_in(service.data_dir)
    again = publish(service, {"id": "secret", "title": "The quorvalexian affair", "body": BODY, "version": 99})
    copied = publish(service, {"id": "copy", "title": "Another affair", "body": BODY.upper()})
    until(lambda: words_in(service.data_dir) == nothing_found(), 30, "what came later has left the stream, too")
    checked = service.run("check")

    assert all(before.values()), before
    assert any(name.startswith("nats") for name in before["quorvalexian"]), "the broker's store keeps texts as they are"
    assert any(name.startswith("index") for name in before["quorvalexian"])
    assert nothing_found() == after
    assert (0, "secret: erased: its text is in no file of newsdex any more") == (
        erased.returncode, erased.stdout.strip(),
    ), erased.stderr  # fmt: skip
    assert "Backups of before that still have it" in erased.stderr
    assert ("1 stale", "1 stale") == (again.splitlines()[-1], copied.splitlines()[-1])
    assert (0, "nothing is wrong") == (checked.returncode, checked.stdout.strip())
    assert [] == service.found("affair")
    assert 12 <= len(service.found("*", "--size", "50")) + 1
    assert ["secret"] == [line["article_id"] for line in up.events("erasure.finished")]


def test_an_article_is_published_again_once_the_erasure_is_lifted(filled: tuple[Service, Running]) -> None:
    service, _ = filled
    service.run("withdraw", "--erase", "secret")
    lifted = service.run("withdraw", "--lift", "secret", "other-1")
    publish(service, {"id": "secret", "title": "The quorvalexian affair", "body": BODY})
    publish(service, {"id": "secret", "title": "An affair, corrected"})

    assert ["secret: may be published again; copies of what was erased stay out", "other-1: was never erased"] == (
        lifted.stdout.splitlines()
    )
    assert ["secret"] == service.found("affair")
    assert "corrected" in service.run("get", "secret").stdout


def test_an_erasure_that_was_cut_off_is_finished_after_the_next_start(own: Service) -> None:
    """The indexer is killed as soon as it has taken the order."""
    with EmbeddedServer(own.data_dir), own.process("searcher"):
        with own.process("indexer") as indexer:
            indexer.wait_until_ready()
            fill(own)
            ordered = own.run("withdraw", "--erase", "--no-wait", "secret")
            indexer.process.send_signal(signal.SIGKILL)
        assert 0 == ordered.returncode, ordered.stderr
        with own.process("indexer") as indexer:
            until(lambda: words_in(own.data_dir) == nothing_found(), 60, "it is erased")
            until(lambda: own.run("check").returncode == 0, 60, "nothing is wrong")
