"""Reads OpenGraph and the many other meta elements of a page."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from lxml.html import HtmlElement

from newsdex.normalise.dates import PageClock
from newsdex.pages.authors import agencies_of, clean_authors
from newsdex.pages.fields import StatedDate, StatedFields
from newsdex.pages.stated_dates import read_date
from newsdex.pages.text import one_line

MAX_TITLE_CHARS = 1_000
MAX_SUMMARY_CHARS = 10_000
MAX_NAME_CHARS = 200
Metas = Mapping[str, Sequence[str]]
"""Name of a meta element, in lower case → what they say, in the order of the page."""

_TITLES = ("og:title", "twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "headline")
_SUMMARIES = ("og:description", "description", "twitter:description", "dc.description", "dcterms.abstract")
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "og:pubdate", "parsely-pub-date",
    "datepublished", "date.published", "published-date", "publish-date", "publish_date", "publishdate", "pubdate",
    "publication_date", "publication-date", "article.published", "article:published", "article_date_original",
    "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date.created", "dc.date.published", "dcterms.date", "dc.date", "date", "ptime",
    "rnews:datepublished", "lastpubdate", "creation_date",
    "article:create", "displaydate", "dcsext.articlefirstpublished",
    "citation_publication_date", "citation_date", "vr:published_time", "og:date",
)  # fmt: skip
_UPDATED = (
    "article:modified_time", "og:updated_time", "og:article:modified_time", "article:updated_time", "datemodified",
    "last-modified", "lastmod", "dcterms.modified", "dc.date.modified", "modified", "revised", "moddate", "utime",
)  # fmt: skip
_AUTHORS = (
    "article:author_name", "author", "parsely-author", "sailthru.author", "cxenseparse:author", "byl", "byline",
    "dc.creator", "dcterms.creator", "dcterms.creator.creator", "citation_author", "article:author",
    "og:article:author", "rnews:author", "authors", "dcsext.author", "article.author",
)  # fmt: skip
_SECTIONS = ("article:section", "og:article:section", "parsely-section", "section", "article.section")
_TAGS = ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "keywords")


def read_metas(tree: HtmlElement) -> Metas:
    """Return what the page's meta elements say, by name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for meta in tree.iter("meta"):
        content = meta.get("content")
        if content and content.strip():
            for name in filter(None, map(meta.get, ("property", "name", "itemprop", "http-equiv"))):
                found[name.lower().strip()].append(content)
    return found


def from_metas(metas: Metas, clock: PageClock) -> StatedFields:
    """Return what the meta elements state; the site's own name is no author."""
    sites = {text.casefold().strip() for name in ("og:site_name", "publisher") for text in metas.get(name, ())}
    people = [[text for text in metas.get(name, ()) if text.casefold().strip() not in sites] for name in _AUTHORS]
    return StatedFields(
        title=_text(metas, _TITLES, MAX_TITLE_CHARS),
        summary=_text(metas, _SUMMARIES, MAX_SUMMARY_CHARS),
        section=_text(metas, _SECTIONS, MAX_NAME_CHARS),
        authors=next((names for texts in people if (names := clean_authors(texts))), ()),
        agencies=agencies_of(text for name in _AUTHORS for text in metas.get(name, ())),
        tags=_tags(metas),
        language=_text(metas, ("og:locale", "content-language", "dc.language", "language"), MAX_NAME_CHARS),
        url=next(iter(metas.get("og:url", ())), None),
        published_at=_date(metas, _PUBLISHED, clock),
        updated_at=_date(metas, _UPDATED, clock),
    )


def _text(metas: Metas, names: Sequence[str], max_chars: int) -> str | None:
    texts = (one_line(text, max_chars) for name in names for text in metas.get(name, ()))
    return next((text for text in texts if text), None)


def _date(metas: Metas, names: Sequence[str], clock: PageClock) -> StatedDate | None:
    dates = (read_date(text, clock) for name in names for text in metas.get(name, ()))
    return next((date for date in dates if date), None)


def _tags(metas: Metas) -> tuple[str, ...]:
    for name in _TAGS:
        texts = metas.get(name, ())
        parts = [part for text in texts for part in (text.split(",") if len(texts) == 1 else [text])]
        if found := [tag for part in parts if (tag := one_line(part, MAX_NAME_CHARS))]:
            return tuple(dict.fromkeys(found))
    return ()
