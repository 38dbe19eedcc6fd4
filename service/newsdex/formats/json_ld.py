"""Reads articles of schema.org as JSON-LD: NewsArticle and its kinds, in objects, arrays and graphs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, Refused, article_item
from newsdex.formats.moments import zone_of
from newsdex.normalise.dates import PageClock
from newsdex.normalise.page_address import page_id
from newsdex.pages.json_ld import articles_in, load, read_article, types_of

__all__ = ["NAME", "has_no_article", "is_object", "load", "read"]

NAME = "JSON-LD"
_KEPT_NAMES = """
@context @type @id headline name articlebody text description articlesection author creator keywords inlanguage url
mainentityofpage datepublished datecreated datemodified liveblogupdate
"""
KEPT = frozenset(_KEPT_NAMES.split())
MAX_POSTS = 5_000
"""More of them would take longer than a second."""


def is_object(value: Mapping[str, Any]) -> bool:
    """Return whether an object says of which type it is, or has a graph of such."""
    return bool({"@type", "@context", "@graph"} & value.keys())


def has_no_article(value: object) -> bool:
    """Return whether a value is JSON-LD about something else, such as a site or a trail of breadcrumbs."""
    return isinstance(value, dict) and is_object(value) and not articles_in(value)


def read(value: Mapping[str, Any], context: Context) -> Iterator[Item | Refused]:
    """Return the articles in an object; raise `Invalid` where there is none."""
    found = articles_in(value)
    if not found:
        types = ", ".join(sorted(types_of({str(key).lower(): part for key, part in value.items()}))) or "no type"
        raise Invalid("no_items", f"no article stands in this JSON-LD ({types})")
    for number, one in enumerate(found, 1):
        place = f"[{number}]" if len(found) > 1 else ""
        try:
            yield replace(_article(one, context, alone=len(found) == 1), place=place)
        except Invalid as error:
            yield Refused(error=error, place=place)


def _article(value: Mapping[str, Any], context: Context, *, alone: bool) -> Item:
    clock = PageClock(zone=zone_of(context.timezone), fetched_at=context.fetched_at)
    stated = read_article(value, clock)
    url = stated.url if stated.url and stated.url.startswith(("http://", "https://")) else None
    url = url or (context.url if alone else None)
    named = str(value.get("@id", ""))
    # an `@id` may be `#article`, which names it within its page only
    address = url or (named if named.startswith(("http://", "https://")) else None)
    own = page_id(address) if address else named if ":" in named else None
    id_ = (context.id or own or context.name) if alone else own
    if id_ is None:
        raise Invalid("missing_field", "the article has neither an address nor an @id that names it", "id")
    return article_item(
        {
            "id": id_,
            "title": stated.title,
            "body": "\n\n".join(filter(None, (stated.body, *_posts(value, clock)))) or None,
            "summary": stated.summary,
            "section": stated.section,
            "authors": stated.authors,
            "tags": stated.tags,
            "language": stated.language,
            "url": url,
            "published_at": stated.published_at.moment.isoformat() if stated.published_at else None,
            "updated_at": stated.updated_at.moment.isoformat() if stated.updated_at else None,
        },
        tuple(name for name in value if name not in KEPT),
    )


def _posts(value: Mapping[str, Any], clock: PageClock) -> Iterator[str]:
    """Yield titles and texts of a live blog's posts: their addresses are the blog's, and one page is one article."""
    stated = value.get("liveblogupdate")
    updates = stated if isinstance(stated, list) else [stated]
    if len(updates) > MAX_POSTS:
        raise Invalid("too_many", f"a live blog has at most {MAX_POSTS:,} posts", "liveBlogUpdate")
    for update in updates:
        if isinstance(update, dict):
            post = read_article(update, clock)
            yield from filter(None, (post.title, post.body or post.summary))
