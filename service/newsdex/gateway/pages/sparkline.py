"""A figure over the last hour as a small curve: from zero, and shaded where nothing was measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

WIDTH, HEIGHT = 112.0, 44.0
TOP = 4.0
"""Room for the line's own width."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sparkline:
    """What the template draws."""

    lines: tuple[str, ...]
    """Points of each stretch that was measured without a gap."""
    gaps: tuple[tuple[str, str], ...]
    """Left edge and width of each stretch without a measurement."""
    dot: tuple[str, str] | None
    """Where the newest measurement is."""
    limit: str | None
    """How high the limit is, where it is in sight."""
    said: str
    """The curve in words."""


def sparkline(values: Sequence[float | None], span: int, *, unit: str, limit: float | None = None) -> Sparkline:
    """Return the curve of the newest of `span` measurements at equal distances; the time before the first is a gap."""
    points = [*([None] * (span - len(values))), *values][-span:]
    known = [value for value in points if value is not None]
    highest = max([*known, *([limit] if limit else []), 0.0]) or 1.0
    step = WIDTH / max(1, span - 1)

    def place(at: int, value: float) -> tuple[str, str]:
        return f"{at * step:.1f}", f"{HEIGHT - (HEIGHT - TOP) * value / highest:.1f}"

    last = points[-1] if points else None
    return Sparkline(
        lines=tuple(_lines(points, place)),
        gaps=tuple((f"{start * step:.1f}", f"{length * step:.1f}") for start, length in _gaps(points)),
        dot=None if last is None else place(span - 1, last),
        limit=place(0, limit)[1] if limit else None,
        said=f"Over the last hour between {min(known):,.1f} and {max(known):,.1f} {unit}"
        if known
        else "Not measured yet",
    )


def _lines(points: Sequence[float | None], place: object) -> Iterator[str]:
    assert callable(place)
    for is_known, part in groupby(enumerate(points), lambda one: one[1] is not None):
        if is_known:
            yield " ".join(",".join(place(at, value)) for at, value in part)


def _gaps(points: Sequence[float | None]) -> Iterator[tuple[int, int]]:
    for is_known, part in groupby(enumerate(points), lambda one: one[1] is not None):
        stretch = [at for at, _ in part]
        if not is_known:
            yield max(0, stretch[0] - 1), len(stretch) + 1
