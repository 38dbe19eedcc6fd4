"""newsdex and its peers, each as a function from a page to what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from newsdex.normalise.page import NoTitle
from newsdex.pages.article import article_of_page
from newsdex.pages.charset import decode_page
from newsdex_schemas import ScrapedPage

FETCHED_AT = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extraction:
    """What was found on a page; empty where nothing was."""

    body: str = ""
    title: str | None = None
    day: str | None = None
    authors: Sequence[str] = ()
    has_minute: bool = False


Extractor = Callable[[bytes, str], Extraction]


def newsdex(page: bytes, url: str) -> Extraction:
    """Extract as the indexer does."""
    try:
        article = article_of_page(ScrapedPage(html=decode_page(page), url=url, fetched_at=FETCHED_AT))
    except NoTitle:
        return Extraction()
    published = article.published_at
    return Extraction(
        body="\n".join((article.body, *(link.title for link in article.related))),
        title=article.title,
        day=published.date().isoformat() if published else None,
        authors=article.authors,
        has_minute=published is not None and (article.origins or {})["published_at"].precision == "minute",
    )


def trafilatura(page: bytes, url: str) -> Extraction:
    """Extract by trafilatura as it is, its metadata too."""
    import trafilatura  # noqa: PLC0415 - a peer

    found = trafilatura.bare_extraction(page, url=url, include_comments=False, with_metadata=True)
    if found is None:
        return Extraction()
    authors = (found.author or "").split("; ")
    return Extraction(body=found.text or "", title=found.title, day=found.date, authors=[a for a in authors if a])


def readability(page: bytes, url: str) -> Extraction:
    """Extract by readability-lxml, which finds a title and a body."""
    from lxml import html  # noqa: PLC0415 - a peer's
    from readability import Document  # noqa: PLC0415 - a peer

    document = Document(decode_page(page), url=url)
    body = html.fromstring(document.summary()).text_content()
    return Extraction(body=body, title=document.short_title())


def newspaper4k(page: bytes, url: str) -> Extraction:
    """Extract by newspaper4k."""
    from newspaper import Article  # noqa: PLC0415 - a peer

    article = Article(url, fetch_images=False)
    article.download(input_html=decode_page(page))
    article.parse()
    day = article.publish_date.date().isoformat() if article.publish_date else None
    return Extraction(body=article.text, title=article.title, day=day, authors=article.authors)


EXTRACTORS: dict[str, tuple[Extractor, str]] = {
    "newsdex": (newsdex, "newsdex"),
    "trafilatura": (trafilatura, "trafilatura"),
    "readability-lxml": (readability, "readability"),
    "newspaper4k": (newspaper4k, "newspaper"),
}
"""Name → what extracts, and the module that it needs."""
