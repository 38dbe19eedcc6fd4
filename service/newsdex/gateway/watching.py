"""Watches the service for everybody who looks at its status, and remembers the last hour."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from newsdex.apps.client import Client
from newsdex.apps.operations.findings import faults_of
from newsdex.errors import NewsdexError, Unavailable
from newsdex.gateway.access import TooMany
from newsdex_schemas import SearchRequest
from newsdex_schemas.processes import ProcessReply
from newsdex_schemas.status import PartFault, ServiceStatus

SAMPLE_EVERY_S = 15.0
SAMPLES = 240
"""An hour of them."""
LOOK_EVERY_S = 2.0
ANSWER_S = 5.0
MAX_READERS = 50
PER_KIND = ("events", "searches", "suggestions", "similar")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What the processes told at one moment."""

    at: float
    """Of `time.monotonic`."""
    waiting_s: float | None
    """How long the oldest change waits for the index; None where no indexer told."""
    rates: dict[str, float | None]
    """By kind, how many a second since the sample before; None where that is not known."""
    searches_within: dict[str, int]
    """How many searches since the sample before took at most so many seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """How the service is, and the hour before."""

    status: ServiceStatus
    at: datetime
    samples: tuple[Sample, ...]


class Watching:
    """Asks the service, once for however many readers."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)
        self._counts: dict[tuple[str, str], int] = {}
        self._within: dict[tuple[str, str], int] = {}
        self._counted_at = 0.0
        self._looking = asyncio.Lock()
        self._seen: tuple[float, Seen] | None = None
        self._readers = 0
        self._ends = asyncio.Event()

    def close(self) -> None:
        """End every stream."""
        self._ends.set()

    async def sample(self) -> None:
        """Remember what the processes tell now; that nobody tells anything, too."""
        try:
            self._take(await self._client.processes())
        except NewsdexError:
            self._take([])
        self._seen = None  # what was seen last has not this sample

    def late_s(self) -> float:
        """Return how long the oldest change waits for the index, as it was told last; 0 where nobody told lately."""
        if not self._samples or self._clock() - self._samples[-1].at > 2 * SAMPLE_EVERY_S:
            return 0.0
        return self._samples[-1].waiting_s or 0.0

    async def look(self) -> Seen:
        """Return how the service is, as it was at most a moment ago."""
        async with self._looking:
            if self._seen is None or self._clock() - self._seen[0] >= LOOK_EVERY_S / 2:
                status = await service_status(self._client)
                seen = Seen(status=status, at=datetime.now(UTC), samples=tuple(self._samples))
                self._seen = self._clock(), seen
            return self._seen[1]

    async def follow(self) -> AsyncIterator[Seen]:
        """Give how the service is, again and again until the gateway stops; raise `TooMany` for one reader too many."""
        with self._reader():
            while not self._ends.is_set():
                yield await self.look()
                try:
                    await asyncio.wait_for(self._ends.wait(), LOOK_EVERY_S)
                except TimeoutError:
                    continue

    def refuse_too_many(self) -> None:
        """Raise `TooMany` where there are as many readers as there may be."""
        if self._readers >= MAX_READERS:
            raise TooMany("too_many_readers", f"{MAX_READERS} pages show the status live already", 10.0)

    @contextmanager
    def _reader(self) -> Iterator[None]:
        self.refuse_too_many()
        self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1

    def _take(self, replies: list[ProcessReply]) -> None:
        now, before, within_before = self._clock(), self._counts, self._within
        self._counts = {(one.instance, kind): count for one in replies for kind, count in one.counts.items()}
        self._within = {(one.instance, bound): count for one in replies for bound, count in one.searches_within.items()}
        passed_s = now - self._counted_at if self._counted_at else 0.0
        self._counted_at = now
        waits = [one.waiting_s or 0.0 for one in replies if one.process == "indexer"]
        rates = {kind: _rate(kind, self._counts, before, passed_s) for kind in PER_KIND}
        within: Counter[str] = Counter()
        for (instance, bound), count in self._within.items():
            within[bound] += max(0, count - within_before.get((instance, bound), count))
        self._samples.append(
            Sample(at=now, waiting_s=max(waits, default=None), rates=rates, searches_within=dict(within))
        )


def _rate(
    kind: str, counts: dict[tuple[str, str], int], before: dict[tuple[str, str], int], passed_s: float
) -> float | None:
    """Return how many a second were counted, by those processes that told then and now."""
    both = [one for one in counts if one[1] == kind and one in before]
    if not both or passed_s <= 0:
        return None
    return sum(max(0, counts[one] - before[one]) for one in both) / passed_s


async def service_status(client: Client) -> ServiceStatus:
    """Ask every part at once; one that does not answer is a fault, and keeps no other from telling."""
    asked = {
        "searchers": client.search(SearchRequest(size=0)),
        "index": client.index_status(),
        "stream": client.stream_status(),
        "parked": client.parked(),
        "processes": client.processes(),
    }
    told = await asyncio.gather(*map(_in_time, asked.values()), return_exceptions=True)
    answers: dict[str, Any] = dict(zip(asked, told, strict=True))
    faults = []
    for part, answer in answers.items():
        if isinstance(answer, NewsdexError):
            faults.append(PartFault(part=part, code=answer.code, message=answer.message))
            answers[part] = None
        elif isinstance(answer, BaseException):
            raise answer
    found, stream, processes = answers["searchers"], answers["stream"], answers["processes"] or []
    faults += [PartFault(part="stream", code="stream_fault", message=fault) for fault in getattr(stream, "faults", ())]
    faults += [PartFault(part=one.process, code=one.code, message=one.text) for one in faults_of(processes)]
    return ServiceStatus(
        well=not faults,
        faults=tuple(faults),
        articles=getattr(found, "total", None),
        position=getattr(found, "position", None),
        search_ms=getattr(found, "took_ms", None),
        processes=tuple(processes),
        parked=answers["parked"],
        index=answers["index"],
        stream=stream,
    )


async def _in_time(answer: Coroutine[Any, Any, Any]) -> Any:
    """Return an answer; raise `Unavailable` where a part takes so long that the page would seem to hang."""
    try:
        return await asyncio.wait_for(answer, ANSWER_S)
    except TimeoutError as error:
        raise Unavailable("no_reply", f"no reply in {ANSWER_S:g} s") from error
