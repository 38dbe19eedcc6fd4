"""A searcher without a broker: its own handler, threads and deadlines, over a corpus that is made up."""

import asyncio
import gc
import json
import random
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nats.aio.msg import Msg
from tests.scenarios.corpus import drain

from newsdex.apps.searcher.process import Searcher
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.index.generations.projector import Projector
from newsdex.ingest.handle import handle_batch
from newsdex.records.events import Delivery
from newsdex.settings import Settings
from newsdex_schemas import channels

NOW_US = 1_764_000_000_000_000
WORDS_IN_ARTICLE = 200
VOCABULARY = 20_000


def corpus(seed: int, number: int) -> list[dict[str, Any]]:
    """Make articles of words whose frequencies fall as those of a language do."""
    drawn = random.Random(seed)
    words = [f"word{n}" if n % 3 else _word(drawn) for n in range(1, VOCABULARY)]
    weights = [1 / n for n in range(1, VOCABULARY)]
    return [
        {
            "id": f"fuzz-{n}",
            "title": " ".join(drawn.choices(words, weights, k=8)),
            "body": " ".join(drawn.choices(words, weights, k=WORDS_IN_ARTICLE)),
            "section": f"s{n % 7}",
            "published_at": f"20{10 + n % 15}-0{1 + n % 9}-15T00:00:00Z",
        }
        for n in range(number)
    ]


def _word(drawn: random.Random) -> str:
    return "".join(drawn.choices("aeioubcdfghklmnprst", k=drawn.randrange(2, 12)))


def index(folder: Path, articles: list[dict[str, Any]]) -> None:
    """Take articles into an archive and an index, as an indexer would."""
    archive = ArchiveWriter(folder)
    deliveries = [
        Delivery(
            subject=channels.ARTICLES_PUBLISHED, headers={}, body=json.dumps(article).encode(),
            stream_sequence=number, stored_us=NOW_US + number, deliveries=1,
        )
        for number, article in enumerate(articles, 1)
    ]  # fmt: skip
    for start in range(0, len(deliveries), 1_000):
        handle_batch(archive, deliveries[start : start + 1_000], NOW_US)
    archive.close()
    reader = ArchiveReader(folder)
    drain(Projector(reader, folder / "index"))
    reader.close()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply, and how long it took."""

    request: bytes
    body: bytes
    took_s: float

    @property
    def reply(self) -> dict[str, Any]:
        """Return the reply; thousands of them, read, would take the collector of garbage as long as a query."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def late_s(self) -> float:
        """Return how long after its deadline it came; below 0 before."""
        return self.took_s - self.deadline_s

    @property
    def deadline_s(self) -> float:
        try:
            given = json.loads(self.request)["timeout_ms"]
            return given / 1e3 if isinstance(given, int) and 1 <= given <= 10_000 else 1.0
        except (ValueError, LookupError, TypeError, RecursionError):
            return 1.0

    @property
    def result(self) -> str:
        """Return `ok`, `partial`, or the problem's code."""
        return str(self.reply.get("code") or ("partial" if self.reply["partial"] else "ok"))


class _Asker:
    """What is used of a client of the broker: where a reply goes."""

    def __init__(self) -> None:
        self.replies: list[bytes] = []
        self.replied = asyncio.Event()

    async def publish(self, _: str, payload: bytes, headers: dict[str, str] | None = None) -> None:  # noqa: ARG002 - the client's signature
        self.replies.append(payload)
        self.replied.set()


class Asked:
    """A searcher that can be asked."""

    def __init__(self, folder: Path) -> None:
        self._searcher = Searcher(Settings(data_dir=folder))
        self._queries = self._searcher.channels()[0]
        # as when it starts
        self._searcher._read_lexicon()
        gc.collect()
        gc.freeze()

    async def ask(self, request: bytes) -> Answer:
        """Return the reply of the searcher's own intake and handler."""
        asker = _Asker()

        async def consume(message: Msg) -> None:
            asked: Any = SimpleNamespace(headers={}, correlation_id="fuzz", body=message.data)
            await asker.publish(message.reply, (await self._searcher._answers.handle(asked)).body)

        client: Any = asker
        message = Msg(client, subject=self._queries.subject, reply="_INBOX.fuzz.1", data=request)
        start = time.perf_counter()
        await self._searcher._intake.admit(self._queries, message, consume)
        await asker.replied.wait()
        took_s = time.perf_counter() - start
        (body,) = asker.replies
        return Answer(request=request, body=body, took_s=took_s)

    async def speed_s(self) -> float:
        """Return the median time of plain queries."""
        queries = [json.dumps({"q": f"word{n} word{n + 1}", "timeout_ms": 10_000}).encode() for n in range(40)]
        return sorted([(await self.ask(query)).took_s for query in queries])[20]

    async def idle(self) -> None:
        """Wait until every thread has let go of the query it was at, for an unused one answers within its deadline."""
        await asyncio.gather(*(self.ask(b'{"q": "word1", "timeout_ms": 10000}') for _ in range(8)))

    def close(self) -> None:
        self._searcher._threads.shutdown()
        self._searcher._intake.close()
        gc.unfreeze()


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
