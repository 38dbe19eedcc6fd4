"""Has HTML pages read in processes of their own, with limits on time and memory.

A page that exceeds a limit ends its process and is parked; another process takes the place of that one. Meanwhile the
archive's thread goes on with other events.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import structlog

from newsdex import metrics
from newsdex.apps.indexer import page_reader
from newsdex.apps.indexer.page_reader import LENGTH_BYTES, READY, decode_reply, encode_request, too_costly
from newsdex.archive.reader import ArchiveReader, read_archive
from newsdex.broker.streams import ACK_WAIT_S
from newsdex.errors import Unavailable
from newsdex.ingest.read import is_html
from newsdex.records.events import Delivery, Fault, ReceivedEvent
from newsdex.records.parked import ParkedEvent
from newsdex.settings import Settings

log = structlog.get_logger()

PAGE_CODES = ("pages_waiting", "page_reader_failed")
"""Why a page comes again, though the archive is well."""
AT_WORK_EVERY_S = ACK_WAIT_S / 3
"""How often the broker hears that a page is at work."""
START_TIMEOUT_S = 60.0
WALL_CLOCK_FACTOR = 8
"""A page may take so many times its seconds of CPU where other processes have the cores."""
MAX_WAITING_BYTES = 128 * 1024 * 1024
"""Of pages that wait for a process; what comes then stays with the broker."""


class PageReaders:
    """A pool of processes; they are started for the first page."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: deque[Process] = deque()
        self._free = asyncio.Semaphore(settings.page_readers)
        self._waiting_bytes = 0
        self._closed = False

    async def read(self, delivery: Delivery, tell_at_work: Callable[[], Awaitable[None]]) -> Delivery:
        """Return the delivery with what was read off it; until then the broker is told that it is at work.

        Raises `Unavailable` where too many wait, or where no process can be started.
        """
        if self._waiting_bytes > MAX_WAITING_BYTES:
            raise Unavailable("pages_waiting", "more pages wait than fit in memory")
        self._waiting_bytes += len(delivery.body)
        task = asyncio.create_task(self.event_of(delivery))
        try:
            while not (await asyncio.wait([task], timeout=AT_WORK_EVERY_S))[0]:
                await tell_at_work()
            return replace(delivery, read=task.result())
        finally:
            self._waiting_bytes -= len(delivery.body)
            task.cancel()

    async def read_parked(self, ids: Sequence[int]) -> dict[int, ReceivedEvent | Fault]:
        """Return what is read off the pages among some parked events that are open."""

        def parked(archive: ArchiveReader) -> list[ParkedEvent]:
            return [event for id_ in ids if (event := archive.parked_event(id_)) is not None]

        events = await asyncio.to_thread(read_archive, self._settings.data_dir, parked)
        pages = [event for event in events if event.status == "open" and is_html(event.delivery)]
        return {event.id: await self.event_of(event.delivery) for event in pages}

    async def event_of(self, delivery: Delivery) -> ReceivedEvent | Fault:
        """Return what is read off a page; raises `Unavailable` where no process can be started."""
        async with self._free:
            read = await self._read_with(self._idle.pop(), delivery) if self._idle else None
            # a process that is gone may have been killed before the page came: it is read once more, by a new one
            read = read or await self._read_with(await self._start(), delivery)
            return read or too_costly(self._settings.pages_cpu_s, self._settings.pages_memory_mib)

    async def _read_with(self, process: Process, delivery: Delivery) -> ReceivedEvent | Fault | None:
        """Return what a process reads off a page; None where it is gone before it answers."""
        limit_s = self._settings.pages_cpu_s
        try:
            with metrics.PAGE_SECONDS.time():
                reply = await asyncio.wait_for(
                    _exchange(process, encode_request(delivery)), WALL_CLOCK_FACTOR * limit_s
                )
            read = decode_reply(reply)
        except (TimeoutError, asyncio.IncompleteReadError, OSError, ValueError) as error:
            code = await _end(process)
            log.warning("page_reader.ended", stream_sequence=delivery.stream_sequence, exit_code=code)
            is_gone = isinstance(error, asyncio.IncompleteReadError | ConnectionError)
            return None if is_gone else too_costly(limit_s, self._settings.pages_memory_mib)
        except BaseException:
            await _end(process)
            raise
        self._idle.append(process)
        return read

    async def _start(self) -> Process:
        limits = (str(self._settings.pages_cpu_s), str(self._settings.pages_memory_mib))
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", page_reader.__name__, *limits, stdin=PIPE, stdout=PIPE
            )
        except OSError as error:
            raise _not_started(error) from error
        try:
            ready = await asyncio.wait_for(_frame(process), START_TIMEOUT_S)
            assert ready == READY
        except BaseException as error:  # also where nobody waits for it any more
            await _end(process)
            if isinstance(error, TimeoutError | asyncio.IncompleteReadError | OSError):
                raise _not_started(error) from error
            raise
        return process

    async def close(self) -> None:
        """End the processes that wait for pages."""
        while self._idle:
            await _end(self._idle.pop())


def _not_started(error: Exception) -> Unavailable:
    return Unavailable("page_reader_failed", f"no process for pages could be started: {error!r}")


async def _exchange(process: Process, request: bytes) -> bytes:
    assert process.stdin is not None
    process.stdin.write(request)
    await process.stdin.drain()
    return await _frame(process)


async def _frame(process: Process) -> bytes:
    assert process.stdout is not None
    length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
    return await process.stdout.readexactly(length)


async def _end(process: Process) -> int:
    with suppress(ProcessLookupError):
        process.kill()
    return await process.wait()
