"""What the operators' page shows: a verdict in a reader's terms, what is to be done, and the figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from newsdex.apps.operations.findings import LATE_S
from newsdex.gateway.pages.sparkline import Sparkline, sparkline
from newsdex.gateway.watching import SAMPLES, Seen
from newsdex_schemas.operations import ParkedEntry, ParkedList, ProcessReply
from newsdex_schemas.status import PartFault, ServiceStatus

NEW = timedelta(days=1)
"""For how long a parked event is news."""
FILLING = 0.8
UNKNOWN = "not known"
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
}
TODO = {
    "no_searcher": "Searches get no answer. Start `newsdex searcher`.",
    "no_indexer": "Events wait in the stream, and none is lost. Start `newsdex indexer`.",
    "index_late": "Searches go on with what they have. See whether the machine is busy, and what the indexer logs.",
    "events_parked": "They are kept, and listed below with their reasons.",
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure of now, and over the last hour."""

    name: str
    value: str
    unit: str
    note: str
    curve: Sparkline | None = None
    alarm: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusView:
    """What the template draws."""

    verdict: str
    at: datetime
    problems: tuple[ProblemView, ...]
    figures: tuple[Figure, ...]
    processes: tuple[ProcessReply, ...]
    ages: dict[str, str]
    """By instance, since when it runs."""
    parked: tuple[ParkedEntry, ...]
    parked_known: bool
    parked_total: int
    index: tuple[tuple[str, str], ...]
    """What is known of the index."""


def status_view(seen: Seen) -> StatusView:
    """Return what is shown of the service."""
    status = seen.status
    problems = tuple(sorted(_problems(status, seen.at), key=lambda one: one.level))
    return StatusView(
        verdict=_verdict(problems),
        at=seen.at,
        problems=problems,
        figures=tuple(_figures(seen)),
        processes=status.processes,
        ages={one.instance: _span(seen.at - one.started_at) for one in status.processes},
        parked=status.parked.events if status.parked else (),
        parked_known=status.parked is not None,
        parked_total=_total(status.parked),
        index=tuple(_index(status)),
    )


def _verdict(problems: Sequence[ProblemView]) -> str:
    if not problems:
        return "All is well"
    return VERDICTS.get(problems[0].code, problems[0].title)


def _problems(status: ServiceStatus, now: datetime) -> Iterator[ProblemView]:
    for fault in _once(status.faults):
        level: Level = "warn" if fault.code == "stream_fault" else "alarm"
        yield _problem(level, fault.code, fault.part, fault.message)
    full = _fullness(status)
    if full is not None and full >= FILLING:
        yield _problem("warn", "broker_full", "stream", f"{full:.0%} of the room for events is used.")
    new = [one for one in status.parked.events if now - one.parked_at < NEW] if status.parked else []
    if status.parked and new:
        more = "At least " if len(new) == len(status.parked.events) < _total(status.parked) else ""
        many = f"{more}{len(new):,} events were" if len(new) > 1 else "1 event was"
        yield _problem("warn", "events_parked", "events", f"{many} parked within a day.")


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


def _figures(seen: Seen) -> Iterator[Figure]:
    status, samples = seen.status, seen.samples
    waits = [one.waiting_s or 0.0 for one in status.processes if one.process == "indexer"]
    late = max(waits, default=None)
    yield Figure(
        name="Oldest change not searchable yet",
        value=UNKNOWN if late is None else f"{late:,.0f}",
        unit="" if late is None else "s",
        note=f"alarm above {LATE_S:.0f} s (dashed)",
        curve=sparkline([one.waiting_s for one in samples], SAMPLES, unit="seconds", limit=LATE_S),
        alarm=late is not None and late > LATE_S,
    )
    waiting = status.stream.waiting + status.stream.at_work if status.stream else None
    yield _rate(seen, "Events in", ("events",), "events a second", _number(waiting, "wait in the stream"))
    kinds = ("searches", "suggestions", "similar")
    by_kind = " · ".join(f"{kind} {_newest(seen, (kind,))}" for kind in kinds)
    yield _rate(seen, "Queries", kinds, "queries a second", by_kind)
    yield Figure(
        name="A search for nothing in particular",
        value=UNKNOWN if status.search_ms is None else f"{status.search_ms:,.1f}",
        unit="" if status.search_ms is None else "ms",
        note=_number(status.articles, "articles can be found"),
    )


def _rate(seen: Seen, name: str, kinds: Sequence[str], unit: str, note: str) -> Figure:
    value = _newest(seen, kinds)
    curve = sparkline([_sum(one.rates, kinds) for one in seen.samples], SAMPLES, unit=unit)
    return Figure(name=name, value=value, unit="/s" if value != UNKNOWN else "", note=note, curve=curve)


def _newest(seen: Seen, kinds: Sequence[str]) -> str:
    rate = _sum(seen.samples[-1].rates, kinds) if seen.samples else None
    return UNKNOWN if rate is None else f"{rate:,.1f}"


def _sum(rates: dict[str, float | None], kinds: Sequence[str]) -> float | None:
    known = [rate for kind in kinds if (rate := rates.get(kind)) is not None]
    return sum(known) if known else None


def _number(number: int | None, what: str) -> str:
    return f"how many {what} is {UNKNOWN}" if number is None else f"{number:,} {what}"


def _fullness(status: ServiceStatus) -> float | None:
    if status.stream is None:
        return None
    stream = status.stream
    pairs = ((stream.bytes, stream.limit_bytes), (stream.store_bytes, stream.store_limit_bytes))
    return max((used / limit for used, limit in pairs if limit), default=None)


def _total(parked: ParkedList | None) -> int:
    return sum(one.events for one in parked.codes) if parked else 0


def _index(status: ServiceStatus) -> Iterator[tuple[str, str]]:
    index, stream = status.index, status.stream
    yield "Serving generation", (index.generation if index else None) or UNKNOWN
    segments = [one.segments for one in status.processes if one.segments is not None]
    yield "Segments", f"{max(segments):,}" if segments else UNKNOWN
    yield "Searchable up to change", f"{index.position:,}" if index else UNKNOWN
    if index and index.building:
        build = index.building
        at = f"{build.phase.replace('_', ' ')}, change {build.position:,} of {build.head:,}"
        yield "Being built", f"{build.generation or 'the next one'} ({build.reason}): {at}"
    if index and index.fault:
        yield "Went wrong last", index.fault
    yield "Events in the stream", f"{stream.events:,}, {stream.bytes / 1e6:,.1f} MB" if stream else UNKNOWN
    full = _fullness(status)
    yield "Room used", UNKNOWN if full is None else f"{full:.0%}"


def _span(time: timedelta) -> str:
    seconds = max(0, int(time.total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
