"""The processes that read pages: one that is killed between two pages costs neither of them."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from newsdex.apps.indexer.page_readers import PageReaders
from newsdex.records.events import Delivery, Fault, ReceivedEvent
from newsdex.settings import Settings
from newsdex_schemas import channels

STORY = "<h1>Rain over Harrowgate</h1>" + "<p>It rained all night, and nobody in the town could sleep.</p>" * 9


def delivery(number: int) -> Delivery:
    data = {"id": f"rain-{number}", "html": STORY, "fetched_at": "2024-07-01T00:00:00Z"}
    event = {"specversion": "1.0", "id": str(number), "source": "tests", "type": "article.scraped.v1", "data": data}
    return Delivery(
        subject=channels.ARTICLES_SCRAPED, headers={}, body=json.dumps(event).encode(), stream_sequence=number,
        stored_us=number, deliveries=1, correlation_id=None,
    )  # fmt: skip


def children() -> list[int]:
    """Return the processes that this one has started for pages."""
    return [pid for task in Path("/proc/self/task").iterdir() for pid in _started_by(task)]


def _started_by(task: Path) -> Iterator[int]:
    with suppress(FileNotFoundError, ProcessLookupError):  # a thread or a process may have ended meanwhile
        for pid in map(int, (task / "children").read_text().split()):
            if b"page_reader" in Path(f"/proc/{pid}/cmdline").read_bytes():
                yield pid


def test_a_page_is_read_though_the_process_that_waited_for_it_was_killed(tmp_path: Path) -> None:
    async def read() -> tuple[ReceivedEvent | Fault, ReceivedEvent | Fault]:
        readers = PageReaders(Settings(data_dir=tmp_path))
        first = await readers.event_of(delivery(1))
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
        second = await readers.event_of(delivery(2))
        await readers.close()
        return first, second

    first, second = asyncio.run(read())

    assert isinstance(first, ReceivedEvent), first
    assert isinstance(second, ReceivedEvent), second
    assert ("rain-1", "rain-2") == (first.article_id, second.article_id)


def test_a_process_that_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    async def read() -> list[int]:
        readers = PageReaders(Settings(data_dir=tmp_path))
        reading = asyncio.create_task(readers.event_of(delivery(1)))
        while not children():  # noqa: ASYNC110 - a process says nothing before it is ready
            await asyncio.sleep(0.001)
        reading.cancel()
        await asyncio.wait([reading])
        return children()

    assert [] == asyncio.run(read())
