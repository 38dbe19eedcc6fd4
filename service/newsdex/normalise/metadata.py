"""Reads the line under a headline: agency, author and dates."""

import re
from dataclasses import dataclass
from datetime import datetime

from newsdex.normalise.agencies import read_agencies
from newsdex.normalise.bylines import is_name, read_byline
from newsdex.normalise.dates import FoundDate, PageClock, find_dates

MAX_METADATA_CHARS = 300

_PUBLISHED = (
    r"(?:(?:first|originally)\s)?(?:published|posted|issued|released|publish(?:ing)?\sdate|date)(?:\s(?:on|at))?"
    r"|veröffentlicht(?:\sam)?|erstellt(?:\sam)?|publié(?:e)?(?:\sle)?|publicado(?:\s(?:el|em))?|pubblicato(?:\sil)?"
    r"|опубликовано|дата|نشر\sفي|تاريخ\sالنشر|发布时间|发布于|發布時間|入力"
)
_UPDATED = (
    r"(?:last\s)?(?:updated|modified|edited)(?:\s(?:on|at))?|aktualisiert(?:\sam)?|mise?\sà\sjour(?:\sle)?"
    r"|actualizado(?:\s(?:el|em))?|atualizado(?:\s(?:em))?|aggiornato(?:\sil)?|обновлено|آخر\sتحديث|更新时间|更新於|更新于|更新"
)
_LABEL = re.compile(rf"(?<!\w)(?:(?P<published>{_PUBLISHED})|(?P<updated>{_UPDATED}))\s?[:：]?\s*$", re.IGNORECASE)
_BETWEEN_CREDITS = re.compile(r"\s*[|•·‧;]\s*|\s+[-–—]+\s+")
_SOURCE = re.compile(
    r"^(?:(?:source|quelle|fuente|источник|来源|來源|المصدر)\s?[:：]\s?|(?:via|from)\s)", re.IGNORECASE
)
_READING_TIME = re.compile(r"(?:reading time:?\s)?\d{1,2}[\s-](?:min|mins|minute|minutes)(?:\sread)?", re.IGNORECASE)
_BULLETS = "-*•·–—"
"""What an item of the story's own begins with, such as the date of a match."""
_ACRONYM = re.compile(r"[A-Z]{3,6}")
_EDGES = " ,;|•·‧-–—:/،"


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What a line says about the article."""

    agencies: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    dated: bool = False
    """Whether a date stands in the line, one that could be read or not."""


def read_metadata(line: str, clock: PageClock) -> Metadata | None:
    """Read a line as metadata; None where any word of it is not understood, so that no text is lost."""
    if len(line) > MAX_METADATA_CHARS or line[0] in _BULLETS:
        return None
    dates = find_dates(line, clock)
    published, updated, credits_ = _split(line, dates)
    agencies: list[str] = []
    authors: list[str] = []
    for text, before_label in credits_:
        for part in _BETWEEN_CREDITS.split(text):
            understood = _read_credit(part.strip(_EDGES), agencies, authors, before_label=before_label)
            if not understood:
                return None
    if not (dates or agencies or authors):
        return None
    return Metadata(
        agencies=tuple(agencies),
        authors=tuple(authors),
        published_at=published,
        updated_at=updated,
        dated=bool(dates),
    )


def _split(line: str, dates: list[FoundDate]) -> tuple[datetime | None, datetime | None, list[tuple[str, bool]]]:
    """Part a line into the moment published, the moment updated, and the texts between the dates.

    Each text says whether a label followed it. The first date of a kind counts; one without a label is the publication.
    """
    labelled: dict[str, datetime | None] = {}
    unlabelled: list[datetime | None] = []
    texts: list[tuple[str, bool]] = []
    start = 0
    for date in dates:
        before = line[start : date.start].rstrip(_EDGES)
        label = _LABEL.search(before)
        texts.append((before[: label.start()] if label else before, label is not None))
        if label:
            labelled.setdefault("published" if label["published"] else "updated", date.moment)
        else:
            unlabelled.append(date.moment)
        start = date.end
    texts.append((line[start:], False))
    published = labelled.get("published", unlabelled[0] if unlabelled else None)
    return published, labelled.get("updated"), texts


def _read_credit(part: str, agencies: list[str], authors: list[str], *, before_label: bool) -> bool:
    """Add the agencies or authors that a text names; False where it names neither."""
    if not part or _READING_TIME.fullmatch(part):
        return True
    part = _SOURCE.sub("", part, count=1)
    if named := _agencies(part):
        agencies += [name for name in named if name not in agencies]
        return True
    if before_label and _ACRONYM.fullmatch(part):
        # `ENS Published 3 May`: an agency that we do not know has the shape of one
        agencies += [part] if part not in agencies else []
        return True
    person, _, agency = part.rpartition(",")
    house = _agencies(agency) if person else None
    credit = person if house else part
    names = read_byline(credit)
    if names is None and (before_label or house) and is_name(credit):
        # between nothing and `Published`, or before an agency, the shape of a name is enough
        names = (credit,)
    if names is None:
        return False
    authors += [name for name in names if name not in authors]
    agencies += [name for name in house or () if name not in agencies]
    return True


def _agencies(text: str) -> tuple[str, ...] | None:
    return read_agencies(text.strip().removeprefix("By ").removeprefix("BY "))
