"""Says in words what a hit's score is made of: pure."""

from collections.abc import Sequence

from whoosh.query import Query

from newsdex.index.columnar.query.explanation import Occurrence, ScorePart
from newsdex.index.columnar.query.statistics import Statistics
from newsdex.index.reader import View
from newsdex_schemas import Hit, ScoreReason

FIELDS = {"title": "title", "summary": "summary", "body": "text"}
KINDS = {
    "stem": "", "exact": "", "loose": " (marks left out)", "related": " (related)", "synonym": " (synonym)",
    "spelling": " (nearest spelling)",
}  # fmt: skip
TIMES = {1: "once", 2: "twice"}


def explained(
    hits: Sequence[Hit], view: View, query: Query, deadline: float, statistics: Statistics | None
) -> tuple[Hit, ...]:
    """Return the hits with the reasons of their scores; without any for those that time does not suffice for."""
    parts = view.explained(query, [hit.id for hit in hits], deadline, statistics)
    documents = view.snapshot.live_documents
    return tuple([hit.model_copy(update={"reasons": reasons(parts.get(hit.id, ()), documents)}) for hit in hits])


def reasons(parts: Sequence[ScorePart], documents: int) -> tuple[ScoreReason, ...]:
    """Return the parts of a score, greatest first; `documents` is how many articles the index has."""
    ordered = sorted(parts, key=lambda part: -part.score)
    return tuple(ScoreReason(text=_text(part, documents), score=round(part.score, 4)) for part in ordered)


def _text(part: ScorePart, documents: int) -> str:
    shown = " ".join(f"“{word}”" for word in part.words)
    match part.kind:
        case "word":
            return f"{shown}: {_places(part.occurrences)}; in {part.documents:,} of {documents:,} articles"
        case "pair":
            return f"{shown} stand side by side"
        case "first":
            return f"{shown or 'every word'} is there: before articles without"
        case "recency":
            return f"published {part.age_days:,.0f} {'day' if round(part.age_days) == 1 else 'days'} ago"
    return f"{shown} matches"


def _places(occurrences: Sequence[Occurrence]) -> str:
    """Say where the variants stand; of a stem whose exact form is counted beside it, how many are exact."""
    said = []
    for one in occurrences:
        if one.kind != "exact":
            times = TIMES.get(one.times, f"{one.times} times")
            said.append(f"{one.term}{KINDS[one.kind]} {times} in the {FIELDS[one.field]}")
        elif one.term:
            said.append(f"as {one.term} {TIMES.get(one.times, f'{one.times} times')} of these")
    return ", ".join(said)
