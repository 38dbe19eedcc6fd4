"""Makes an article of a scraped page, of its HTML or of its text, with what the scraper itself knows."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from pydantic import ValidationError

from newsdex.errors import Invalid
from newsdex.normalise.dates import PageClock
from newsdex.normalise.page import NoTitle, UnknownTimezone, normalise_page, page_zone
from newsdex.pages.fields import StatedDate
from newsdex.pages.hints import hints_of, value_origin
from newsdex.validation import as_invalid
from newsdex.version import newsdex_version
from newsdex_schemas import Article, ScrapedPage

LIBRARIES = ("trafilatura", "htmldate", "lxml")
CODE = ("newsdex.pages", "newsdex.normalise")
HINTS = ("title", "published_at", "authors", "language", "section")


def read_page(page: ScrapedPage) -> Article:
    """Return the article of a page; the text stands in where the HTML gives none.

    Raises `Invalid`: `pages_not_installed` where the HTML cannot be read for want of libraries.
    """
    place = "data.html" if page.text is None else "data.text"
    try:
        return _from_html(page) if page.html is not None else _from_text(page)
    except NoTitle as error:
        if page.html is not None and page.text is not None:
            return read_page(page.model_copy(update={"html": None}))
        raise Invalid("no_title", str(error), place) from error
    except UnknownTimezone as error:
        raise Invalid("unknown_timezone", "the page's time zone is no IANA time zone", "data.timezone") from error
    except ValidationError as error:
        fault = as_invalid(error)
        raise Invalid(fault.code, f"the page's article: {fault.message}", place) from error


def _from_html(page: ScrapedPage) -> Article:
    try:
        from newsdex.pages.article import article_of_page  # noqa: PLC0415 - needs the extra `pages`
    except ImportError as error:
        message = (
            "HTML is read by libraries that are not installed: install newsdex[pages], then retry the parked events"
        )
        raise Invalid("pages_not_installed", message, "data.html") from error
    return article_of_page(page)


def _from_text(page: ScrapedPage) -> Article:
    address = page.canonical_url or page.fetched_url or page.url
    # a title above the others is the title, and what repeats it is left out
    text = f"{page.title}\n\n{page.text}" if page.title else page.text
    article = normalise_page(page.model_copy(update={"url": address, "text": text}))
    stated = hints_of(page, PageClock(zone=page_zone(page.timezone), fetched_at=page.fetched_at))
    known = {name: value for name in HINTS if (value := getattr(stated, name))}
    if not known:
        return article
    values = {name: value.moment if isinstance(value, StatedDate) else value for name, value in known.items()}
    origins = {name: value_origin("hint", value) for name, value in known.items()}
    return Article(**{**dict(article), **values, "origins": {**(article.origins or {}), **origins}})


@cache
def page_reader() -> str:
    """Return what reads pages here: the release, and a digest of the code and the libraries that read them.

    Two that differ may make two articles of one page. Nobody has to remember to raise a number.
    """
    digest = hashlib.sha256()
    for package in CODE:
        for module in sorted(files(package).iterdir(), key=lambda one: one.name):
            if module.name.endswith(".py"):
                digest.update(module.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {_version(library)}\n".encode())
    return f"{newsdex_version()}+{digest.hexdigest()[:8]}"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # HTML is not read here
        return "none"
