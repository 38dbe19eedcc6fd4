"""Makes an article of a scraped page.

The rule above the others: what the page does not say stays empty, and what it says is not lost. Every line ends in the
title, in the body, among the related articles, or is one of which every word is understood as metadata or furniture.
"""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from newsdex.normalise.dateline import Dateline, is_labelled, read_dateline
from newsdex.normalise.dates import FoundDate, PageClock
from newsdex.normalise.furniture import furniture_lines
from newsdex.normalise.head import read_head
from newsdex.normalise.lines import Line, paragraphs, read_lines, without
from newsdex.normalise.page_address import page_id
from newsdex.normalise.related import bare_headlines, marked_titles
from newsdex_schemas import Article, RelatedLink, ScrapedPage
from newsdex_schemas.article import ValueOrigin

NORMALISER_VERSION = 2
"""Raised whenever the article made of any page changes."""

MAX_RELATED = 100
MAX_AUTHORS = 100
MAX_AGENCIES = 5
"""More names than this are no one article's; the rest is left out rather than the page refused."""
MAX_DATELINE_PARAGRAPH = 2
"""The story may begin under a standfirst."""


class NoTitle(ValueError):  # noqa: N818 - the condition is the name
    """No line of the page can be its title."""


class UnknownTimezone(ValueError):  # noqa: N818 - the condition is the name
    """The page's zone is not in the IANA database."""


def normalise_page(page: ScrapedPage) -> Article:
    """Make an article of a page's plain text.

    Raises `NoTitle`, `UnknownTimezone`, or `pydantic.ValidationError` where the body is longer than an article's may
    be; no other limit of the contract can be broken.
    """
    clock = PageClock(zone=page_zone(page.timezone), fetched_at=page.fetched_at)
    lines = read_lines(page.text or "")
    head = read_head(lines, clock)
    if head is None:
        raise NoTitle("the page has neither a title nor a text")
    body, related = split_story(without(lines, head.lines), head.title, clock)
    dateline = take_dateline(body)
    known = head.metadata
    credits_ = (*(line.agencies for line in known), dateline.agencies if dateline else ())
    dates = {
        name: next((date for date in found if date is not None and date.moment is not None), None)
        for name, found in (
            ("published_at", [line.published for line in known]),
            ("updated_at", [line.updated for line in known]),
        )
    }
    return Article(
        id=page.id or page_id(page.url or ""),
        title=head.title,
        body="\n\n".join(body),
        section=head.section,
        authors=_unique(name for line in known for name in line.authors)[:MAX_AUTHORS],
        agency="/".join(_unique(name for names in credits_ for name in names)[:MAX_AGENCIES]) or None,
        dateline=dateline.place if dateline else None,
        url=page.url,
        **{name: date.moment for name, date in dates.items() if date},
        origins={name: _origin(date) for name, date in dates.items() if date} or None,
        related=tuple(RelatedLink(title=title) for title in related),
    )


def _origin(date: FoundDate) -> ValueOrigin:
    """Tell that a date stood on the page, and whether with its clock time and zone."""
    return ValueOrigin(
        origin="page",
        precision="minute" if date.has_time else "day",
        zone="stated" if date.has_zone else "assumed",
    )


def page_zone(name: str) -> ZoneInfo:
    """Return a publisher's zone; raise `UnknownTimezone` where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # no such zone; no zone's file; a folder of zones
        raise UnknownTimezone(f"{name} is not an IANA time zone") from error


def split_story(lines: list[Line], title: str, clock: PageClock) -> tuple[list[str], list[str]]:
    """Part what is below the head into the body's paragraphs and the titles of related articles, marked ones first."""
    marked = marked_titles(lines)
    furniture = furniture_lines(lines, clock) - marked.keys()
    body = paragraphs(without(lines, furniture | marked.keys()))
    bare = bare_headlines(body, title)
    related = _unique((*(found for found in marked.values() if found), *(body[at] for at in sorted(bare))))
    if len(related) > MAX_RELATED:
        return paragraphs(without(lines, furniture)), []
    return [text for at, text in enumerate(body) if at not in bare], list(related)


def take_dateline(body: list[str]) -> Dateline | None:
    """Take the dateline off the story's first paragraph, in place."""
    if sum(map(is_labelled, body)) > 1:
        return None  # an interview, or reports from several places
    for at, paragraph in enumerate(body[:MAX_DATELINE_PARAGRAPH]):
        dateline = read_dateline(paragraph)
        if dateline:
            body[at] = dateline.story
            return dateline
    return None


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
