"""What the operators' page says is not well, in a reader's terms, and what is to be done about it.

Its limits are those of `deploy/prometheus/alerts.yml`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from newsdex.gateway.quantiles import quantile_s
from newsdex.gateway.watching import SAMPLE_EVERY_S, Sample, Seen
from newsdex_schemas.operations import ParkedList
from newsdex_schemas.processes import Storage
from newsdex_schemas.status import PartFault, ServiceStatus

NEW = timedelta(days=1)
"""For how long a parked event is news."""
FILLING = 0.8
FREE_BYTES = 1e9
BACKUP_OLD = timedelta(days=2)
SLOW_PART, SLOW_S = 0.99, 0.5
LATELY = int(300 / SAMPLE_EVERY_S)
"""As many samples as five minutes have."""
Level = Literal["alarm", "warn"]
VERDICTS = {
    "no_searcher": "Searches are not answered",
    "no_indexer": "New articles are not taken in",
    "index_late": "New articles are not searchable yet",
    "nobody_answers": "A part of newsdex does not answer",
    "no_reply": "A part of newsdex does not answer",
    "broker_unavailable": "The broker does not answer",
    "broker_full": "There is little room left for events",
    "events_parked": "Events could not be handled",
    "disk_filling": "The disk is almost full",
    "backup_old": "The last backup is old",
    "queries_slow": "Searches take long",
}
TODO = {
    "no_searcher": "Searches get no answer. Start `newsdex searcher`.",
    "no_indexer": "Events wait in the stream, and none is lost. Start `newsdex indexer`.",
    "index_late": "Searches go on with what they have. See whether the machine is busy, and what the indexer logs.",
    "events_parked": "They are kept, and listed below with their reasons.",
    "disk_filling": "Full, it takes no more events; they wait in the stream. `newsdex stream` says what that keeps.",
    "backup_old": "Make one: `newsdex backup FOLDER`.",
    "queries_slow": "Run another searcher, or look for what asks so much: `query.answered` in the log.",
    "broker_full": "At its limit the stream refuses new events. Make room: `newsdex stream prune`.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemView:
    """One thing that is not well."""

    level: Level
    title: str
    text: str
    todo: str
    code: str


def problems_of(seen: Seen) -> Iterator[ProblemView]:
    """Yield what is not well, and what will not be for long."""
    status, now = seen.status, seen.at
    for fault in _once(status.faults):
        level: Level = "warn" if fault.code == "stream_fault" else "alarm"
        yield _problem(level, fault.code, fault.part, fault.message)
    full = fullness(status)
    if full is not None and full >= FILLING:
        yield _problem("warn", "broker_full", "stream", f"{full:.0%} of the room for events is used.")
    new = [one for one in status.parked.events if now - one.parked_at < NEW] if status.parked else []
    if status.parked and new:
        more = "At least " if len(new) == len(status.parked.events) < total_parked(status.parked) else ""
        many = f"{more}{len(new):,} events were" if len(new) > 1 else "1 event was"
        yield _problem("warn", "events_parked", "events", f"{many} parked within a day.")
    for one in status.processes:
        if one.storage is not None:
            yield from _of_storage(one.started_at, one.storage, now)
    slow_s = quantile_s(lately_within(seen.samples), SLOW_PART)
    if slow_s is not None and slow_s > SLOW_S:
        text = f"One in a hundred takes longer than {slow_s:,.1f} s, within the last five minutes."
        yield _problem("warn", "queries_slow", "searchers", text)


def _of_storage(started_at: datetime, storage: Storage, now: datetime) -> Iterator[ProblemView]:
    if storage.free_bytes < FREE_BYTES:
        yield _problem("alarm", "disk_filling", "indexer", f"{bytes_text(storage.free_bytes)} are free.")
    made_at = storage.backed_up_at
    if now - (made_at or started_at) > BACKUP_OLD:
        since = f"The last one was made {made_at:%Y-%m-%d %H:%M} UTC" if made_at else "None was ever made"
        yield _problem("warn", "backup_old", "indexer", f"{since}; the stream keeps handled events for it.")


def lately_within(samples: Sequence[Sample]) -> Counter[str]:
    """Return how many searches of the last minutes took at most so many seconds."""
    within: Counter[str] = Counter()
    for sample in samples[-LATELY:]:
        within.update(sample.searches_within)
    return within


def _once(faults: Sequence[PartFault]) -> Iterator[PartFault]:
    """Yield faults without those that only follow from another: who does not run, does not answer either.

    Where the broker is away, nothing else is known.
    """
    away = [fault for fault in faults if fault.code == "broker_unavailable"]
    if away:
        yield away[0]
        return
    absent = {fault.part for fault in faults if fault.code.startswith("no_")}
    asks = {"searchers": "searcher", "index": "indexer", "stream": "indexer", "parked": "indexer"}
    yield from (one for one in faults if not (one.code == "nobody_answers" and asks.get(one.part) in absent))


def _problem(level: Level, code: str, part: str, message: str) -> ProblemView:
    names_a_process = " " not in message.partition(":")[0]
    text = message if names_a_process else message[:1].upper() + message[1:]
    return ProblemView(
        level=level,
        title=VERDICTS.get(code, f"{part} is not well"),
        text=text if text.endswith(".") else f"{text}.",
        todo=TODO.get(code, "See OPERATING.md for the code."),
        code=code,
    )


def fullness(status: ServiceStatus) -> float | None:
    """Return how full stream or store are, whichever is fuller; None where no limit is known."""
    if status.stream is None:
        return None
    stream = status.stream
    pairs = ((stream.bytes, stream.limit_bytes), (stream.store_bytes, stream.store_limit_bytes))
    return max((used / limit for used, limit in pairs if limit), default=None)


def total_parked(parked: ParkedList | None) -> int:
    """Return how many events are parked."""
    return sum(one.events for one in parked.codes) if parked else 0


def bytes_text(number: int) -> str:
    """Return a number of bytes in the unit that people would use."""
    unit, name = next(((unit, name) for unit, name in ((1e9, "GB"), (1e6, "MB")) if number >= unit), (1e3, "kB"))
    return f"{number / unit:,.1f} {name}"
