"""Reads a JSON Feed, versions 1 and 1.1: an article for each item."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, Refused, article_item
from newsdex.formats.moments import read_moments, zone_of
from newsdex.formats.texts import line_of, text_of_html
from newsdex.pages.authors import clean_authors

NAME = "a JSON Feed"
_KEPT_NAMES = """
id url external_url title content_html content_text summary date_published date_modified author authors tags language
"""
KEPT = frozenset(_KEPT_NAMES.split())


def is_feed(value: Mapping[str, Any]) -> bool:
    """Return whether an object is a JSON Feed, which says so itself."""
    return str(value.get("version", "")).startswith(("https://jsonfeed.org/", "http://jsonfeed.org/"))


def read(value: Mapping[str, Any], context: Context) -> Iterator[Item | Refused]:
    """Return the article of each item, or why it is none."""
    items = value.get("items")
    if not isinstance(items, list):
        raise Invalid("wrong_type", "items: must be a list", "items")
    for number, item in enumerate(items, 1):
        place = f"[{number}]"
        try:
            yield replace(_article(item, value, context), place=place)
        except Invalid as error:
            yield Refused(error=error, place=place)


def _article(item: Any, feed: Mapping[str, Any], context: Context) -> Item:
    if not isinstance(item, dict):
        raise Invalid("wrong_type", "must be an object")
    dates, unread = read_moments(
        {"published_at": item.get("date_published"), "updated_at": item.get("date_modified")}, zone_of(context.timezone)
    )
    content = item.get("content_html")
    id_ = item.get("id", item.get("url"))
    unkept = (name for name in item if name not in KEPT and not name.startswith("_"))
    return article_item(
        {
            "id": str(id_) if isinstance(id_, int | float) else id_,
            "title": line_of(item.get("title")),
            "body": text_of_html(content) if content else str(item.get("content_text") or ""),
            "summary": item.get("summary"),
            "authors": clean_authors(_authors(item) or _authors(feed)),
            "tags": [tag for tag in item.get("tags") or () if isinstance(tag, str)],
            "language": item.get("language") or feed.get("language"),
            "url": item.get("url") or item.get("external_url"),
            **dates,
        },
        (*unkept, *unread),
    )


def _authors(value: Mapping[str, Any]) -> tuple[str, ...]:
    given = value.get("authors") or [value.get("author")]
    names = (one.get("name") for one in given if isinstance(one, dict)) if isinstance(given, list) else ()
    return tuple(name for name in names if isinstance(name, str))
