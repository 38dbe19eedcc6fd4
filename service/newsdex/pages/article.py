"""Makes an article of an HTML page: what it states, with where each value came from, and nothing else."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import htmldate
from lxml.html import HtmlElement
from pydantic import TypeAdapter, ValidationError

from newsdex.normalise.dates import PageClock
from newsdex.normalise.lines import read_lines
from newsdex.normalise.page import MAX_AGENCIES, NoTitle, page_zone, split_story, take_dateline
from newsdex.normalise.page_address import is_same_site, one_address, page_id
from newsdex.pages.body import story
from newsdex.pages.document import parse_page
from newsdex.pages.evidence import Evidence, Part, gather
from newsdex.pages.fields import StatedDate
from newsdex.pages.hints import hints_of, value_origin
from newsdex.pages.stated_dates import read_date
from newsdex.pages.titles import words
from newsdex_schemas import Article, RelatedLink, ScrapedPage
from newsdex_schemas.article import Origin
from newsdex_schemas.values.languages import Language

MAX_URL_CHARS = 2_048
MAX_TITLE_PARAGRAPH = 2
"""Among the first paragraphs the title may stand once more."""
BELIEVED = (
    "title", "summary", "section", "authors", "agencies", "tags", "language", "published_at", "updated_at"
)  # fmt: skip
_FIELD = {"agencies": "agency"}
Found = tuple[Origin, Any]
"""A value and the part of the page that states it."""

_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)
_LANGUAGE_BEGINNING = re.compile(r"\s*[A-Za-z]{2,3}(?:[-_.]|\s*$)")
"""Of a tag; some templates write `english`."""


def article_of_page(page: ScrapedPage) -> Article:
    """Make an article of a page's HTML.

    Raises `NoTitle`, `UnknownTimezone`, or `pydantic.ValidationError` where the body is too long.
    """
    clock = PageClock(zone=page_zone(page.timezone), fetched_at=page.fetched_at)
    url = page.canonical_url or page.fetched_url or page.url
    tree = parse_page(page.html or "")
    if tree is None:
        raise NoTitle("there is no element in the page")
    evidence = gather(tree, clock, url)
    parts: list[Part] = [("hint", hints_of(page, clock)), *evidence.parts]
    believed = {name: stated for name in BELIEVED if (stated := _believed(parts, name))}
    if "title" not in believed:
        raise NoTitle("the page states no title")
    if "published_at" not in believed and (guess := _guess(page.html or "", clock)):
        believed["published_at"] = ("guess", guess)
    shown = _told(tree, evidence, believed["title"][1], clock)
    found = shown | believed
    fields = {name: _in_article(value) for name, (_, value) in found.items() if name != "agencies"}
    agencies = found.get("agencies", ("page", ()))[1]
    address = page.canonical_url or _own_address(evidence, url) or url
    return Article(
        **fields,
        agency="/".join(agencies[:MAX_AGENCIES]) or None,
        id=page.id or page_id(address or ""),
        url=address,
        origins={
            {"agencies": "agency"}.get(name, name): value_origin(origin, value)
            for name, (origin, value) in found.items()
        },
    )


def _believed(parts: Sequence[Part], name: str) -> Found | None:
    """Return the value of the first part that has one which can be an article's."""
    for origin, fields in parts:
        stated = getattr(fields, name)
        value = _language(stated) if name == "language" else stated
        if value:
            return origin, value
    return None


def _language(stated: str | None) -> str | None:
    try:
        return _LANGUAGE.validate_python(stated) if stated and _LANGUAGE_BEGINNING.match(stated) else None
    except ValidationError:
        return None


def _in_article(value: Any) -> Any:
    return value.moment if isinstance(value, StatedDate) else value


def _guess(html: str, clock: PageClock) -> StatedDate | None:
    """Return the day that is likely the publication's, where none is stated: all of the page is searched for it."""
    tree = parse_page(html)
    day = htmldate.find_date(tree, original_date=True, extensive_search=True) if tree is not None else None
    return read_date(day, clock) if day else None


def _told(tree: HtmlElement, evidence: Evidence, title: str, clock: PageClock) -> dict[str, Found]:
    """Return what the story itself tells: its paragraphs, dateline and agencies, and the articles that it names."""
    descriptions = [fields.summary for _, fields in evidence.parts if fields.summary]
    stated = next((fields.body for _, fields in evidence.parts if fields.body), None)
    paragraphs = story(tree, evidence.around.element, descriptions, stated)
    own_title = words(title)
    kept = [text for at, text in enumerate(paragraphs) if at > MAX_TITLE_PARAGRAPH or words(text) != own_title]
    body, related = split_story(read_lines("\n\n".join(kept)), title, clock)
    dateline = take_dateline(body)
    found = {
        "body": "\n\n".join(body),
        "related": tuple(RelatedLink(title=text) for text in related),
        "dateline": dateline.place if dateline else None,
        "agencies": dateline.agencies if dateline else (),
    }
    return {name: ("page", value) for name, value in found.items() if value}


def _own_address(evidence: Evidence, url: str | None) -> str | None:
    """Return the address that the page calls its own, where it is of the same site and not the site's front page."""
    if evidence.own_address is None:
        return None
    try:
        own = urljoin(url or "", evidence.own_address)
    except ValueError:
        return None
    if (
        not own.startswith(("http://", "https://"))
        or len(own) > MAX_URL_CHARS
        or any(c.isspace() or c < " " for c in own)
    ):
        return None
    if url is None:
        return own
    is_front = not urlsplit(own).path.strip("/") and not urlsplit(own).query
    return own if is_same_site(own, url) and not (is_front and one_address(own) != one_address(url)) else None
