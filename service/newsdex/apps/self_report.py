"""Lets a process tell operators how it is, over the broker, with every other process that runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from types import MappingProxyType

from faststream.nats import NatsBroker
from faststream.nats.message import NatsMessage
from prometheus_client import Counter, Histogram

from newsdex.apps.requests import answering
from newsdex.broker.connection import undecoded
from newsdex.health import Health
from newsdex.log import instance_name
from newsdex.validation import read_request
from newsdex.version import newsdex_version
from newsdex_schemas import channels
from newsdex_schemas.processes import ProcessReply, ProcessRequest, Storage


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """How far a process is, as `ProcessReply` tells it."""

    position: int | None = None
    generation: str | None = None
    segments: int | None = None
    doing: str | None = None
    waiting_s: float | None = None
    searches_within: dict[str, int] = field(default_factory=dict)
    storage: Storage | None = None


class SelfReport:
    """Answers `processes.status` for one process; `work` and the counters are asked at each request."""

    def __init__(
        self,
        process: str,
        health: Health,
        work: Callable[[], Work] = Work,
        counted: Mapping[str, Counter] = MappingProxyType({}),
    ) -> None:
        """Take what the process counts, by the names of `ProcessReply.counts`."""
        self._process = process
        self._health = health
        self._work = work
        self._counted = counted
        self._started_at = datetime.now(UTC)

    def subscribe(self, broker: NatsBroker) -> None:
        """Listen; without a queue group, since every process is to answer."""
        broker.subscriber(channels.PROCESSES_STATUS, decoder=undecoded)(answering(self._tell))

    async def _tell(self, message: NatsMessage) -> ProcessReply:
        read_request(ProcessRequest, message.body)
        reasons, work = self._health.reasons(), self._work()
        return ProcessReply(
            process=self._process,
            instance=instance_name(),
            version=newsdex_version(),
            started_at=self._started_at,
            ready=not reasons,
            reasons=reasons,
            counts={kind: total(counter) for kind, counter in self._counted.items()},
            **{one.name: getattr(work, one.name) for one in fields(work)},
        )


def total(counter: Counter) -> int:
    """Return what a counter has counted, with all labels."""
    samples = (sample for metric in counter.collect() for sample in metric.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))


def within(histogram: Histogram) -> dict[str, int]:
    """Return how many observations were at most as large as each bound of a histogram without labels."""
    samples = (sample for metric in histogram.collect() for sample in metric.samples)
    return {sample.labels["le"]: int(sample.value) for sample in samples if sample.name.endswith("_bucket")}
