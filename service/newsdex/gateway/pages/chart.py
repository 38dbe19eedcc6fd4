"""Draws the histogram of dates as SVG, and tells the same in a sentence and a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from newsdex.gateway.pages.address import SearchAddress
from newsdex.gateway.pages.moments import MONTHS, day_text, month_text, zone_of
from newsdex_schemas import Histogram
from newsdex_schemas.values.timestamps import LATEST

YEARS = {"year": 1, "decade": 10, "century": 100, "millennium": 1000}
MOST_TICKS = 4
LOWEST_BAR = 3.0
"""A single article beside a thousand is seen too."""
RIGHT_PART = 75.0
"""A tick further right has its text before it."""
CHAR_PART = 3.3
"""How much of the narrowest axis, of 232 px, a letter takes, with some room."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One interval of the table."""

    label: str
    count: int
    href: str
    """The same search, in this interval."""
    first_day: str
    last_day: str
    start: str
    """As the address has it."""
    end: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A place on the axis, in percent."""

    at: float
    label: str
    leftwards: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """All that the template draws."""

    sentence: str
    interval: str
    chosen_bars: str
    """A path in a square of 100."""
    other_bars: str
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    first: int
    """The first interval that is chosen."""
    last: int
    undated: int


def make_chart(histogram: Histogram, address: SearchAddress) -> Chart | None:
    """Return the chart of a histogram without the address's own dates; None where nothing has a date."""
    if not histogram.buckets:
        return None
    zone, interval = zone_of(address.timezone), histogram.interval
    starts = [bucket.start.astimezone(zone) for bucket in histogram.buckets]
    ends = [*starts[1:], _end(starts[-1], interval, zone)]
    rows = tuple(
        _row(start, end, bucket.count, interval, address)
        for start, end, bucket in zip(starts, ends, histogram.buckets, strict=True)
    )
    chosen = _chosen(rows, starts, address)
    shown = [place in chosen for place in range(len(rows))] if address.has_dates else [False] * len(rows)
    counts = [row.count for row in rows]
    return Chart(
        sentence=_sentence(rows, interval),
        interval=interval,
        chosen_bars=_bars(counts, shown),
        other_bars=_bars(counts, [not one for one in shown]),
        ticks=tuple(_ticks(starts, rows, interval)),
        rows=rows,
        first=chosen.start if chosen else 0,
        last=max(chosen.start, chosen.stop - 1) if chosen else len(rows) - 1,
        undated=histogram.undated,
    )


def _end(start: datetime, interval: str, zone: tzinfo) -> datetime:
    """Return the end of an interval; that of the last ones of the calendar is as late as a date can be."""
    if interval == "hour":
        return (start + timedelta(hours=1)).astimezone(zone)
    try:
        if interval in ("day", "week"):
            day = start.date() + timedelta(days=7 if interval == "week" else 1)
        elif interval == "month":
            day = (start.date().replace(day=1) + timedelta(days=32)).replace(day=1)
        else:
            day = date(start.year + YEARS[interval], 1, 1)
        return min(datetime(day.year, day.month, day.day, tzinfo=zone), LATEST)
    except (ValueError, OverflowError):
        return LATEST


def _row(start: datetime, end: datetime, count: int, interval: str, address: SearchAddress) -> Row:
    is_hour = interval == "hour"
    from_, to = (one.isoformat() if is_hour else one.date().isoformat() for one in (start, end))
    return Row(
        label=_label(start, interval),
        count=count,
        href=address.changed(published_from=from_, published_to=to).href,
        first_day=start.date().isoformat(),
        last_day=(end - timedelta(microseconds=1)).date().isoformat(),
        start=from_,
        end=to,
    )


def _label(start: datetime, interval: str) -> str:
    day = day_text(start)
    labels = {
        "hour": f"{day}, {start:%H:%M}",
        "day": day,
        "week": f"week of {day}",
        "month": month_text(start),
        "year": str(start.year),
        "decade": f"{start.year}s",
    }
    return labels.get(interval) or f"{start.year}–{start.year + YEARS[interval] - 1}"


def _chosen(rows: Sequence[Row], starts: Sequence[datetime], address: SearchAddress) -> range:
    """Return the intervals that begin within the address's dates."""
    if not address.has_dates:
        return range(len(rows))
    request = address.request()
    since, before = request.filters.published_from, request.filters.published_to
    inside = [
        place
        for place, start in enumerate(starts)
        if (since is None or start >= since) and (before is None or start < before)
    ]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def _sentence(rows: Sequence[Row], interval: str) -> str:
    most = max(rows, key=lambda row: row.count)
    if len(rows) == 1:
        return f"Articles by {interval}: {most.count:,} in {most.label}."
    return f"Articles by {interval}, {rows[0].label} to {rows[-1].label}. Most in {most.label}: {most.count:,}."


def _bars(counts: Sequence[int], drawn: Sequence[bool]) -> str:
    most, step = max(*counts, 1), 100 / len(counts)
    width = min(step * 0.8, 8.0)
    path = []
    for place, (count, shown) in enumerate(zip(counts, drawn, strict=True)):
        if shown and count:
            height = max(100 * count / most, LOWEST_BAR)
            left = place * step + (step - width) / 2
            path.append(f"M{left:.2f} 100v-{height:.1f}h{width:.2f}v{height:.1f}z")
    return "".join(path)


def _ticks(starts: Sequence[datetime], rows: Sequence[Row], interval: str) -> list[Tick]:
    """Return ticks where a longer interval begins; where fewer than two do, at the first and the last interval."""
    begins = [(place, text) for place, start in enumerate(starts) if (text := _tick_text(start, interval))]
    if len(begins) < 2:  # noqa: PLR2004 - a scale needs two points
        begins = [
            (place, _edge_text(starts[place], rows[place], interval)) for place in dict.fromkeys((0, len(rows) - 1))
        ]
    step = 100 / len(starts)
    ticks = [Tick(at=place * step, label=text, leftwards=place * step > RIGHT_PART) for place, text in begins]
    stride = max(1, -(-len(ticks) // MOST_TICKS))
    while any(_span(left)[1] > _span(right)[0] for left, right in pairwise(ticks[::stride])):
        stride += 1
    return ticks[::stride]


def _span(tick: Tick) -> tuple[float, float]:
    """Return from where to where the text of a tick reaches, in percent."""
    width = len(tick.label) * CHAR_PART
    return (tick.at - width, tick.at) if tick.leftwards else (tick.at, tick.at + width)


def _edge_text(start: datetime, row: Row, interval: str) -> str:
    if interval == "hour":
        return f"{start.day} {MONTHS[start.month - 1][:3]}, {start:%H:%M}"
    return row.label.removeprefix("week of ")


def _tick_text(start: datetime, interval: str) -> str:
    is_first_of_month = start.day <= (7 if interval == "week" else 1)
    match interval:
        case "hour":
            return f"{start.day} {MONTHS[start.month - 1][:3]}" if start.hour == 0 else ""
        case "day" | "week":
            return f"{MONTHS[start.month - 1][:3]} {start.year}" if is_first_of_month else ""
        case "month":
            return str(start.year) if start.month == 1 else ""
        case "millennium":
            return str(start.year)
        case _:
            return str(start.year) if start.year % (YEARS[interval] * 10) == 0 else ""
