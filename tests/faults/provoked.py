"""The faults of the table in FAILURES.md, each provoked on a running newsdex and taken away again."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nats
import pytest
from tests.conftest import ROOT
from tests.faults.parts import projector_of
from tests.faults.test_archive_faults import leaf_pages, overwrite
from tests.faults.test_hanging import stopped
from tests.faults.test_stream import on_broker, rewrite
from tests.faults.watched import DISK_BYTES, LIMIT_S, Newsdex
from tests.integration.running import until

from newsdex.archive.database import FILE_NAME
from newsdex.index.generations.generations import serving
from newsdex_schemas import channels

CLOCK_BACK = "-1h"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
PAGE = os.sysconf("SC_PAGE_SIZE")
FULL_BODY = "tide " * 20_000
"""100 kB: with a hundred and more of them the broker's store is full."""
POISONED, AT_ONCE = 2_000, 100


@contextmanager
def broker_killed(newsdex: Newsdex) -> Iterator[None]:
    newsdex.server.kill()
    try:
        yield
    finally:
        newsdex.server.start()


@contextmanager
def broker_away_at_start(newsdex: Newsdex) -> Iterator[None]:
    newsdex.server.kill()
    try:
        newsdex.processes["indexer"].restart()
        yield
    finally:
        newsdex.server.start()


@contextmanager
def store_full(newsdex: Newsdex) -> Iterator[None]:
    """Publish until the broker takes no more; afterwards let go what was handled."""

    async def fill(js: Any) -> None:
        try:
            for number in range(1_000):
                body = json.dumps({"id": f"full-{number % 10}", "title": "Tide", "body": FULL_BODY}).encode()
                await js.publish(channels.ARTICLES_PUBLISHED, body, timeout=LIMIT_S)
        except nats.js.errors.APIError:
            return
        raise AssertionError("the store does not fill")

    on_broker(newsdex.server, fill)
    try:
        yield
    finally:
        until(lambda: newsdex.metric("indexer", "newsdex_stream_unacknowledged_events") == 0, LIMIT_S, "all is handled")
        assert newsdex.service.run("stream", "prune", "--unbacked", "--keep-bytes", "0").returncode == 0


@contextmanager
def stream_deleted(newsdex: Newsdex) -> Iterator[None]:
    newsdex.supervised = False
    on_broker(newsdex.server, lambda js: js.delete_stream(channels.STREAM))
    try:
        yield
    finally:
        newsdex.supervised = True


@contextmanager
def stream_rewritten(newsdex: Newsdex) -> Iterator[None]:
    rewrite(newsdex.server)
    yield


@contextmanager
def disk_full(newsdex: Newsdex) -> Iterator[None]:
    if newsdex.disk is None:
        pytest.skip("a small disk cannot be mounted here")
    disk = newsdex.disk
    try:
        # what is written between a look and the mount makes it fail
        until(lambda: _resize(disk, _used_bytes(disk)), LIMIT_S, "the disk is full")
        newsdex.publish(b'{"id": "full", "title": "Brimful"}')
        yield
    finally:
        assert _resize(disk, DISK_BYTES)


def _used_bytes(disk: Path) -> int:
    file_system = os.statvfs(disk)
    return (file_system.f_blocks - file_system.f_bfree) * file_system.f_bsize


def _resize(disk: Path, size: int) -> bool:
    done = subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], capture_output=True, check=False)
    return done.returncode == 0


@contextmanager
def archive_locked(newsdex: Newsdex) -> Iterator[None]:
    with closing(sqlite3.connect(newsdex.service.data_dir / FILE_NAME)) as other:
        other.execute("BEGIN IMMEDIATE")
        newsdex.publish(b'{"id": "locked", "title": "Sluice"}')
        yield


@contextmanager
def archive_damaged(newsdex: Newsdex) -> Iterator[None]:
    """Overwrite every leaf, and put the file back as it was."""
    indexer, folder = newsdex.processes["indexer"], newsdex.service.data_dir
    indexer.running.stop()
    with closing(sqlite3.connect(folder / FILE_NAME)) as archive:
        archive.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = (folder / FILE_NAME).read_bytes()
    for page in leaf_pages(folder):
        overwrite(folder, page, 0, b"\xff" * 64)
    try:
        indexer.restart()
        newsdex.publish(b'{"id": "damaged", "title": "Groyne"}')
        yield
    finally:
        indexer.running.stop()
        with (folder / FILE_NAME).open("r+b") as file:
            file.write(whole)
        indexer.restart()


@contextmanager
def index_damaged(newsdex: Newsdex) -> Iterator[None]:
    """Flip a bit in every page of every segment, so that whatever is read next is damaged."""
    for segment in serving(newsdex.service.data_dir / "index").glob("*.cols"):
        with segment.open("r+b") as file:
            content = bytearray(file.read())
            for at in range(PAGE // 2, len(content), PAGE):
                content[at] ^= 1
            file.seek(0)
            file.write(content)
    newsdex.processes["searcher"].restart()

    def is_met() -> bool:
        newsdex.service.run("search", "pontoon")
        return any(line["event"] == "index.damaged" for line in newsdex.logged("indexer"))

    until(is_met, LIMIT_S, "a search meets the damage")
    yield


@contextmanager
def projector_hung(newsdex: Newsdex) -> Iterator[None]:
    with stopped(_projector(newsdex)):
        newsdex.publish(b'{"id": "hung", "title": "Pontoon"}')
        yield


def _projector(newsdex: Newsdex) -> int:
    pid: int = until(lambda: projector_of(newsdex.processes["indexer"].pid), LIMIT_S, "the projector runs")
    return pid


@contextmanager
def projector_killed(newsdex: Newsdex) -> Iterator[None]:
    newsdex.supervised = False
    os.kill(_projector(newsdex), 9)
    try:
        yield
    finally:
        newsdex.supervised = True


def indexer_hung(newsdex: Newsdex) -> AbstractContextManager[None]:
    return stopped(newsdex.processes["indexer"].pid)


def searcher_hung(newsdex: Newsdex) -> AbstractContextManager[None]:
    return stopped(newsdex.processes["searcher"].pid)


@contextmanager
def no_index(newsdex: Newsdex) -> Iterator[None]:
    """Start the searcher where the index is not there, and keep the projector from making another one."""
    index = newsdex.service.data_dir / "index"
    with stopped(_projector(newsdex)):
        index.rename(index.with_name("index.away"))
        try:
            newsdex.processes["searcher"].restart()
            yield
        finally:
            index.with_name("index.away").rename(index)


def indexers_clock_back(newsdex: Newsdex) -> AbstractContextManager[None]:
    return _clock(newsdex, CLOCK_BACK)


def brokers_clock_back(newsdex: Newsdex) -> AbstractContextManager[None]:
    """Set the indexer's clock forward: the broker is written in Go, which takes no clock but the kernel's."""
    return _clock(newsdex, CLOCK_BACK.replace("-", "+"))


@contextmanager
def _clock(newsdex: Newsdex, shift: str) -> Iterator[None]:
    if not Path(FAKETIME).exists():
        pytest.skip("no libfaketime: it is Debian's package of that name")
    settings = {"LD_PRELOAD": FAKETIME, "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    indexer, service = newsdex.processes["indexer"], newsdex.service
    indexer.restart(replace(service, settings={**service.settings, **settings}))
    try:
        yield
    finally:
        indexer.restart()


@contextmanager
def poison_flood(newsdex: Newsdex) -> Iterator[None]:
    async def flood(js: Any) -> None:
        for first in range(0, POISONED, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            malformed = (b'{"id": %d, "titl' % number for number in numbers)
            await asyncio.gather(
                *(js.publish(channels.ARTICLES_PUBLISHED, body, timeout=LIMIT_S) for body in malformed)
            )

    try:
        on_broker(newsdex.server, flood)
        yield
    finally:
        until(lambda: newsdex.metric("indexer", "newsdex_parked_open") == POISONED, LIMIT_S, "all are parked")
        assert newsdex.service.run("parked", "drop", "--all", "--reason", "a test").returncode == 0


@contextmanager
def slow_queries(newsdex: Newsdex) -> Iterator[None]:
    """Ask far more at once than one searcher answers: those that come last wait for as long as all others take."""
    command = [sys.executable, "-m", "tests.faults.flooding", newsdex.server.url]
    flooder = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        yield
    finally:
        flooder.kill()
        flooder.wait()


FAULTS: Mapping[str, Callable[[Newsdex], AbstractContextManager[None]]] = {
    "the broker is killed": broker_killed,
    "the broker is away at the start": broker_away_at_start,
    "the broker's store is full": store_full,
    "the stream is deleted": stream_deleted,
    "a publisher rewrites the stream": stream_rewritten,
    "the disk is full": disk_full,
    "the archive is locked": archive_locked,
    "the archive is damaged": archive_damaged,
    "the index is damaged": index_damaged,
    "the projector hangs": projector_hung,
    "the projector is killed": projector_killed,
    "the indexer hangs": indexer_hung,
    "a searcher hangs, the only one": searcher_hung,
    "a searcher has no index": no_index,
    "the indexer's clock is an hour back": indexers_clock_back,
    "the broker's clock is an hour back": brokers_clock_back,
    "a flood of malformed events": poison_flood,
    "queries are slow": slow_queries,
}
