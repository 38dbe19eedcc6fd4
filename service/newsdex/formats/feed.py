"""Reads RSS, Atom and RDF feeds: an article for each item, by the name that the feed gives it."""

import calendar
import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import feedparser

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, Refused, article_item
from newsdex.formats.moments import read_moment, zone_of
from newsdex.formats.texts import text_of_html
from newsdex.formats.xml_encoding import with_plain_tags
from newsdex.formats.xml_text import refuse_depth, refuse_entities
from newsdex.pages.authors import clean_authors
from newsdex.pages.markup import has_markup

NAME = "an RSS or Atom feed"
MAX_SUMMARY_CHARS = 2_000
"""A longer description without any content beside it is the article's text."""
DATES = {"published_at": "published", "updated_at": "updated"}
_KEPT_NAMES = """
id guidislink link links title title_detail summary summary_detail subtitle content author author_detail authors tags
published published_parsed updated updated_parsed language
"""
KEPT = frozenset(_KEPT_NAMES.split())


def read(content: bytes, context: Context) -> Iterator[Item | Refused]:
    """Return the article of each item, or why it is none."""
    content = with_plain_tags(content)
    refuse_entities(content)
    refuse_depth(content)
    parsed = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    if not parsed.entries:
        if parsed.bozo:
            raise Invalid("unreadable_format", f"a feed that cannot be read: {parsed.bozo_exception}")
        raise Invalid("no_items", "the feed has no items")
    for number, entry in enumerate(parsed.entries, 1):
        place = f"[{number}]"
        try:
            yield replace(_article(entry, parsed.feed, context), place=place)
        except Invalid as error:
            yield Refused(error=error, place=place)


def _article(entry: dict[str, Any], feed: dict[str, Any], context: Context) -> Item:
    zone = zone_of(context.timezone)
    title = " ".join(_plain(entry, "title_detail").split())
    dates = {name: _moment(entry, key, zone) for name, key in DATES.items()}
    summary, body, link = _plain(entry, "summary_detail"), _content(entry), dict.get(entry, "link")
    if not body and (len(summary) > MAX_SUMMARY_CHARS or "\n\n" in summary):
        summary, body = "", summary
    unread = (name for name, key in DATES.items() if dict.get(entry, key) and dates[name] is None)
    names = (one.get("name") for one in dict.get(entry, "authors") or ())
    return article_item(
        {
            "id": dict.get(entry, "id") or link or _name(title or body or summary, feed),
            "title": title,
            "body": body,
            "summary": summary if summary != body else None,
            "authors": clean_authors(filter(None, names)),
            "tags": [term for one in dict.get(entry, "tags") or () if (term := one.get("term"))],
            "language": _language(entry) or dict.get(feed, "language"),
            "url": link if str(link).startswith(("http://", "https://")) else None,
            **dates,
        },
        (*(name for name in entry if name not in KEPT), *unread),
    )


def _name(text: str, feed: dict[str, Any]) -> str:
    """Name an item that has neither a guid nor a link, by what it says; another text is another item."""
    if not text:
        raise Invalid("missing_field", "the item has neither a guid, a link, a title nor a text", "id")
    place = dict.get(feed, "link", "")
    return f"sha256:{hashlib.sha256(f'{place} {text}'.encode()).hexdigest()}"


def _moment(entry: dict[str, Any], key: str, zone: ZoneInfo) -> str | None:
    """Return a date that the item states itself; the feed's own `get` answers with another one where it has none."""
    parsed = dict.get(entry, f"{key}_parsed")
    moment = read_moment(dict.get(entry, key), zone)
    if moment is None and parsed:
        moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    return moment.isoformat() if moment else None


def _content(entry: dict[str, Any]) -> str:
    """Return the longest of the texts that an item gives as its content, each in another type."""
    texts = [_text(one) for one in dict.get(entry, "content") or ()]
    return max(texts, key=len, default="")


def _plain(entry: dict[str, Any], name: str) -> str:
    return _text(dict.get(entry, name) or {})


def _text(detail: dict[str, Any]) -> str:
    value = detail.get("value") or ""
    return text_of_html(value) if has_markup(value) else value.strip()


def _language(entry: dict[str, Any]) -> str | None:
    detail = dict.get(entry, "title_detail") or {}
    return dict.get(entry, "language") or detail.get("language")
