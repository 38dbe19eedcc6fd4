"""Measures the normaliser on real pages as the text that scrapers leave of them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from tests.extraction import dumps
from tests.extraction.pages import pages_with_bodies, pages_with_labels

from newsdex.normalise.agencies import _ALIASES
from newsdex.normalise.calendar_names import MONTHS
from newsdex.normalise.page import NoTitle, normalise_page
from newsdex_schemas import Article, ScrapedPage
from newsdex_schemas.events import MAX_PAGE_CHARS

FETCHED = datetime(2026, 1, 1, tzinfo=UTC)
KINDS: dict[str, Callable[[bytes], str | None]] = {
    "reader's view with the site's head lines": dumps.reader_view,
    "full page": dumps.full_page,
    "Markdown": dumps.markdown,
    "text alone": dumps.plain_text,
}


def figures() -> dict[str, dict[str, float]]:
    """Return the shares of titles and days that are right, by the kind of text; days of those that the text has.

    Invented is what stands nowhere in the text; that is counted over all pages, those without labels too.
    """
    return {kind: _shares(_counted(dump)) for kind, dump in KINDS.items()}


def _counted(dump: Callable[[bytes], str | None]) -> Counter[str]:
    counts = Counter[str]()
    for page in chain(pages_with_labels(), pages_with_bodies()):
        text = (dump(page.html) or "")[:MAX_PAGE_CHARS]
        if not text:
            continue
        article = article_of(text, page.url)
        counts.update(invented(article, text) if article else ())
        if "must_have" in page.label:
            counts.update(judged(page.label, text, article))
    return counts


def article_of(text: str, url: str) -> Article | None:
    """Return the article that is made of a text."""
    try:
        return normalise_page(ScrapedPage(url=url, text=text, fetched_at=FETCHED))
    except NoTitle:
        return None


def invented(article: Article, text: str) -> Iterator[str]:
    """Return what an article says that stands nowhere in its text."""
    folded = _folded(text)
    yield from ("invented" for name in article.authors if _folded(name) not in folded)
    for agency in article.agency.split("/") if article.agency else ():
        names = (agency, *_ALIASES.get(agency, ()))
        yield from [] if any(_folded(name) in folded for name in names) else ["invented"]
    for moment in filter(None, (article.published_at, article.updated_at)):
        yield from [] if states_day(text, moment.date().isoformat()) else ["invented"]


def judged(label: dict[str, Any], text: str, article: Article | None) -> Iterator[str]:
    """Return what was right about a page."""
    yield "pages"
    yield from ["parked"] if article is None else []
    shown = _folded(label.get("title") or "") in _folded(text)
    if label.get("title") and shown:
        yield "titles_there"
        if article and _same(article.title, label["title"]):
            yield "titles_right"
    day = label.get("date")
    if day and states_day(text, day):
        yield "days_there"
    if article and article.published_at:
        yield "days_found"
        if day and article.published_at.date().isoformat() == day:
            yield "days_right"
            yield from ["days_there_right"] if states_day(text, day) else []
    if article and article.authors:
        yield "authors_found"
        known = _folded(label.get("author") or "")
        yield from ["authors_wrong"] if not any(_folded(name) in known for name in article.authors) else []


def _shares(found: Counter[str]) -> dict[str, float]:
    def share(part: str, whole: str) -> float:
        return round(found[part] / max(1, found[whole]), 3)

    return {
        "pages": found["pages"],
        "parked": found["parked"],
        "title right of those there": share("titles_right", "titles_there"),
        "day right of those there": share("days_there_right", "days_there"),
        "day wrong of those found": round(1 - share("days_right", "days_found"), 3),
        "authors wrong of those found": share("authors_wrong", "authors_found"),
        "invented": found["invented"],
    }


_MONTH_NAMES = {number: [name for name, of in MONTHS.items() if of == number] for number in range(1, 13)}


def states_day(text: str, day: str) -> bool:
    """Return whether a text has a day, year included, in one of the usual forms."""
    year, month, date = (int(part) for part in day.split("-"))
    names = "|".join(map(re.escape, _MONTH_NAMES[month]))
    forms = (
        rf"\b{year}[-/.]0?{month}[-/.]0?{date}(?!\d)",
        rf"\b0?{date}[-/.]\s?0?{month}[-/.]\s?{year}(?!\d)",
        rf"\b0?{month}/0?{date}/{year}(?!\d)",
        rf"\b0?{date}(?:st|nd|rd|th|\.|er|º)?\s(?:de\s)?(?:{names})\.?,?\s(?:del?\s)?{year}(?!\d)",
        rf"\b(?:{names})\.?\s0?{date}(?:st|nd|rd|th)?,?\s{year}(?!\d)",
        rf"{year}年0?{month}月0?{date}日",
    )
    return any(re.search(form, text, re.IGNORECASE) for form in forms)


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _same(found: str, wanted: str) -> bool:
    """Return whether two titles are the same; a short topic before or behind may be there or not."""
    one, other = _folded(found), _folded(wanted)
    return one == other or (
        min(len(one), len(other)) > 0.7 * max(len(one), len(other)) and (one in other or other in one)
    )
