"""Reads the line under a headline: agency, author and dates."""

import re
from dataclasses import dataclass

from newsdex.normalise.agencies import read_agencies
from newsdex.normalise.bylines import is_name, is_nobody, read_byline
from newsdex.normalise.dates import FoundDate, PageClock, find_dates
from newsdex.normalise.lines import ends_sentence

MAX_METADATA_CHARS = 300
MAX_DATED_CHARS, MAX_WORDS_BESIDE_DATE = 120, 6

_PUBLISHED = (
    r"(?:(?:first|originally)\s)?(?:published|posted|issued|released|publish(?:ing)?\sdate|date|written)(?:\s(?:on|at))?"
    r"|veröffentlicht(?:\sam)?|veröffentlichung|erstellt(?:\sam)?|erschienen(?:\sam)?|stand|datum|vom|am"
    r"|publié(?:e)?(?:\s(?:le|dans))?|publicado(?:\s(?:el|em|en))?|fecha|data|pubblicat[oa](?:\sil)?|del|el|le|il"
    r"|gepubliceerd(?:\sop)?|geplaatst(?:\sop)?|publicerad|publisert|offentliggjort|udgivet|julkaistu"
    r"|opublikowano|data\spublikacji|zveřejněno|publicat(?:\s(?:la|pe))?|yayınlanma(?:\starihi)?|giriş(?:\starihi)?"
    r"|опубликовано|дата(?:\sпубликации)?|опубліковано|نشر\sفي|تاريخ\sالنشر|نُشر\sفي|تاریخ\sانتشار|प्रकाशित|पब्लिश्ड"
    r"|发布时间|发布于|發布時間|公開日|掲載|配信|入力|입력|등록"
)
_UPDATED = (
    r"(?:last\s)?(?:updated?|modified|edited)(?:\s(?:on|at))?|(?:zuletzt\s|letzte\s)?(?:aktualisiert|geändert|bearbeitet"
    r"|aktualisierung|änderung)(?:\sam)?|(?:mise?|modifié)\sà?\s?(?:jour)?(?:\sle)?|actualizad[oa](?:\s(?:el|em|en))?"
    r"|atualizado(?:\sem)?|aggiornat[oa](?:\sil)?|bijgewerkt(?:\sop)?|uppdaterad|oppdatert|opdateret|päivitetty"
    r"|aktualizacja|zaktualizowano|aktualizováno|actualizat|güncelleme(?:\starihi)?|güncellenme"
    r"|обновлено|оновлено|آخر\sتحديث|به‌روزرسانی|अपडेटेड|अपडेट|更新时间|更新於|更新于|更新日|更新|수정"
)
_LABEL = re.compile(rf"(?<!\w)(?:(?P<published>{_PUBLISHED})|(?P<updated>{_UPDATED}))\s?[:：]?\s*$", re.IGNORECASE)
_BETWEEN_CREDITS = re.compile(r"\s*[|•·‧;]\s*|\s+[-–—/]+\s+")
_SOURCE = re.compile(
    r"^(?:(?:source|quelle|fuente|источник|来源|來源|المصدر)\s?[:：]\s?|(?:via|from)\s)", re.IGNORECASE
)
_ASIDE = re.compile(
    r"""(?:(?:read(?:ing)?\ time|lesezeit|lesedauer|temps\ de\ lecture|tiempo\ de\ lectura|tempo\ di\ lettura):?\s?)?
        \d{1,2}[\s-]?(?:min|mins|minutes?|minuten|minutos|minuti|мин)\.?
        (?:\s(?:read|lesezeit|lesen|de\ lectura|de\ lecture))?
      | (?:\d{1,6}|no|keine?|add|leave\ a|post\ a|write\ a|aucun)\s
        (?:comments?|replies|reply|kommentare?|commentaires?|comentarios?|views?|shares?|комментари\w*)
      | comments?(?:\s\(\d+\))? | uhr | in | at | um | druckvorschau | drucken | print | merken | teilen | share""",
    re.IGNORECASE | re.VERBOSE,
)
"""What stands beside a date and says nothing about the article."""
_BULLETS = "-*•·–—"
"""What an item of the story's own begins with, such as the date of a match."""
_ACRONYM = re.compile(r"[A-Z]{3,6}")
_EDGES = " ,;|•·‧-–—:/،"


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What a line says about the article."""

    agencies: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: FoundDate | None = None
    updated: FoundDate | None = None
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
    if not (dates or agencies or authors or is_nobody(line)):
        return None
    return Metadata(
        agencies=tuple(agencies),
        authors=tuple(authors),
        published=published,
        updated=updated,
        dated=bool(dates),
    )


def read_dated(line: str, clock: PageClock) -> Metadata | None:
    """Read the dates of a line that is understood in part, such as `5 May 2024 admin News`; None for a sentence.

    What beside them is a labelled byline counts as well. The line stays the article's, since some of it may be.
    """
    if len(line) > MAX_DATED_CHARS or line[0] in _BULLETS or ends_sentence(line):
        return None
    dates = find_dates(line, clock)
    if not any(date.moment for date in dates):
        return None
    published, updated, credits_ = _split(line, dates)
    if sum(len(text.split()) for text, _ in credits_) > MAX_WORDS_BESIDE_DATE:
        return None
    parts = [part.strip(_EDGES) for text, _ in credits_ for part in _BETWEEN_CREDITS.split(text)]
    authors = tuple(name for part in parts for name in read_byline(part) or ())
    return Metadata(authors=authors, published=published, updated=updated, dated=True)


def _split(line: str, dates: list[FoundDate]) -> tuple[FoundDate | None, FoundDate | None, list[tuple[str, bool]]]:
    """Part a line into the moment published, the moment updated, and the texts between the dates.

    Each text says whether a label followed it. The first date of a kind counts; one without a label is the publication.
    """
    labelled: dict[str, FoundDate] = {}
    unlabelled: list[FoundDate] = []
    texts: list[tuple[str, bool]] = []
    start = 0
    for date in dates:
        before = line[start : date.start].rstrip(_EDGES)
        label = _LABEL.search(before)
        texts.append((before[: label.start()] if label else before, label is not None))
        if label:
            labelled.setdefault("published" if label["published"] else "updated", date)
        else:
            unlabelled.append(date)
        start = date.end
    texts.append((line[start:], False))
    published = labelled.get("published", unlabelled[0] if unlabelled else None)
    return published, labelled.get("updated"), texts


def _read_credit(part: str, agencies: list[str], authors: list[str], *, before_label: bool) -> bool:
    """Add the agencies or authors that a text names; False where it names neither."""
    if not part or _ASIDE.fullmatch(part) or is_nobody(part):
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
