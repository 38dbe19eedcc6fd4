"""The worker carries every erasure out as far as it can, whatever one message or one stage does."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from tests.scenarios.corpus import NOW, Corpus

from newsdex.apps.indexer.erasing import Erasing
from newsdex.archive.database import FILE_NAME
from newsdex.ingest.committer import Committer
from newsdex.ingest.handle import read_delivery
from newsdex.records.events import Delivery, Fault, ReceivedEvent
from newsdex.records.moments import microseconds
from newsdex_schemas import channels

NOW_US = microseconds(NOW)
HANG_S = 20
"""Only reached by a defect."""


class Stream:
    """Answers as JetStream does, out of the memory."""

    def __init__(self, deliveries: list[Delivery], fault: Exception | None = None) -> None:
        self.fault = fault
        self.messages = {one.stream_sequence: one for one in deliveries}
        self.last = max(self.messages)
        self.read: list[int] = []

    async def stream_info(self, _: str) -> Any:
        return SimpleNamespace(state=SimpleNamespace(first_seq=1, last_seq=self.last))

    async def get_msg(self, _: str, sequence: int) -> RawStreamMsg:
        self.read.append(sequence)
        if (one := self.messages.get(sequence)) is None:
            raise NotFoundError
        time = datetime.fromtimestamp(one.stored_us / 1e6, UTC)
        return RawStreamMsg(subject=one.subject, seq=sequence, data=one.body, headers=one.headers, time=time)

    async def delete_msg(self, _: str, sequence: int) -> None:
        if self.fault is not None:
            raise self.fault
        del self.messages[sequence]


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


async def read_page(message: Delivery) -> ReceivedEvent | Fault:
    """Read a page as the process for pages does."""
    return read_delivery(message)


def carry_out(corpus: Corpus, stream: Stream, *, until_done: str) -> None:
    """Let the worker go on with what was ordered until a stage is done for all."""

    async def work() -> None:
        committer = Committer(lambda _: [], lambda _: None)
        erasing = Erasing(corpus.writer.erasures, committer, lambda: None, read_page)
        erasing.start(cast("JetStreamContext", stream))
        async with asyncio.timeout(HANG_S):
            while any(until_done in one.pending for one in await committer.run(corpus.writer.erasures.pending)):
                pass
        await erasing.stop()
        await committer.close()

    asyncio.run(work())


def bodies(*ids: str) -> list[bytes]:
    return [json.dumps({"id": id_, "title": "A title"}).encode() for id_ in ids]


def test_forgotten_messages_are_read_once_for_all_erasures(corpus: Corpus) -> None:
    """Only those that were handled before; a later one is another text."""
    deliveries = [corpus.delivery(channels.ARTICLES_PUBLISHED, body) for body in bodies("a", "b", "c", "a", "d")]
    stream = Stream(deliveries[:-1] + [corpus.delivery(channels.ARTICLES_PUBLISHED, body) for body in bodies("a")])
    corpus.handle(*deliveries)
    with closing(sqlite3.connect(corpus.folder / FILE_NAME)) as archive:
        archive.execute("DELETE FROM ledger")
        archive.commit()
    corpus.writer.erasures.erase(["a", "b"], NOW_US)
    carry_out(corpus, stream, until_done="stream")

    assert [1, 2, 3, 4, 5] == stream.read
    assert [3, 6] == sorted(stream.messages)


@pytest.mark.parametrize("fault", [NatsError("permissions violation"), RuntimeError("a defect")])
def test_a_broker_that_deletes_nothing_keeps_no_text_in_the_archive(corpus: Corpus, fault: Exception) -> None:
    deliveries = [corpus.delivery(channels.ARTICLES_PUBLISHED, body) for body in bodies("a")]
    corpus.handle(*deliveries)
    corpus.writer.erasures.erase(["a"], NOW_US)
    carry_out(corpus, Stream(deliveries, fault), until_done="archive")
    (erasure,) = corpus.writer.erasures.pending()

    assert ("stream", "index") == erasure.pending
