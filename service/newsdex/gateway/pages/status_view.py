"""What the operators' page shows: a verdict in a reader's terms, what is to be done, and the figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsdex.apps.operations.findings import LATE_S
from newsdex.gateway.pages.sparkline import Sparkline, sparkline
from newsdex.gateway.pages.status_problems import (
    VERDICTS,
    ProblemView,
    bytes_text,
    fullness,
    lately_within,
    problems_of,
    total_parked,
)
from newsdex.gateway.quantiles import quantile_s
from newsdex.gateway.watching import SAMPLES, Seen
from newsdex_schemas.operations import ParkedEntry
from newsdex_schemas.processes import ProcessReply, Storage
from newsdex_schemas.status import ServiceStatus

UNKNOWN = "not known"


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
    problems = tuple(sorted(problems_of(seen), key=lambda one: one.level))
    return StatusView(
        verdict=_verdict(problems),
        at=seen.at,
        problems=problems,
        figures=tuple(_figures(seen)),
        processes=status.processes,
        ages={one.instance: _span(seen.at - one.started_at) for one in status.processes},
        parked=status.parked.events if status.parked else (),
        parked_known=status.parked is not None,
        parked_total=total_parked(status.parked),
        index=tuple(_index(status)),
    )


def _verdict(problems: Sequence[ProblemView]) -> str:
    if not problems:
        return "All is well"
    return VERDICTS.get(problems[0].code, problems[0].title)


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
    p95_ms = _p95_ms(lately_within(samples))
    yield Figure(
        name="Search, 95th percentile",
        value="none" if p95_ms is None else f"{p95_ms:,.1f}",
        unit="lately" if p95_ms is None else "ms",
        note=_number(status.articles, "articles can be found"),
        curve=sparkline([_p95_ms(one.searches_within) for one in samples], SAMPLES, unit="milliseconds"),
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


def _p95_ms(within: Mapping[str, int]) -> float | None:
    seconds = quantile_s(within, 0.95)
    return None if seconds is None else seconds * 1e3


def _number(number: int | None, what: str) -> str:
    return f"how many {what} is {UNKNOWN}" if number is None else f"{number:,} {what}"


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
    yield "Events in the stream", f"{stream.events:,}, {bytes_text(stream.bytes)}" if stream else UNKNOWN
    full = fullness(status)
    yield "Room used", UNKNOWN if full is None else f"{full:.0%}"
    yield from _storage(next((one.storage for one in status.processes if one.storage), None))


def _storage(storage: Storage | None) -> Iterator[tuple[str, str]]:
    if storage is None:
        yield "Free disk, last backup", UNKNOWN
        return
    yield "Archive", bytes_text(storage.archive_bytes)
    yield "Index, every generation", bytes_text(storage.index_bytes)
    yield "Free disk", f"{bytes_text(storage.free_bytes)} of {bytes_text(storage.disk_bytes)}"
    yield "Last backup", f"{storage.backed_up_at:%Y-%m-%d %H:%M} UTC" if storage.backed_up_at else "none"


def _span(time: timedelta) -> str:
    seconds = max(0, int(time.total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
