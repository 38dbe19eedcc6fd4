"""Reads posts as WordPress' REST interface gives them, `/wp-json/wp/v2/posts`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, article_item, withdrawal_item
from newsdex.formats.moments import read_moment, zone_of
from newsdex.formats.texts import line_of, text_of_html

NAME = "a WordPress post"
_KEPT_NAMES = """
id guid date date_gmt modified modified_gmt status type link title content excerpt _embedded slug
"""
KEPT = frozenset(_KEPT_NAMES.split())


def is_post(value: Mapping[str, Any]) -> bool:
    """Return whether an object is a post, whose texts are objects with what is rendered of them."""
    texts = (value.get("title"), value.get("content"), value.get("excerpt"))
    return isinstance(value.get("id"), int) and any(isinstance(text, dict) and "rendered" in text for text in texts)


def read(value: Mapping[str, Any], context: Context) -> Iterator[Item]:
    """Return the article of a post, or the takedown of one in the bin; raise `Invalid` for an unpublished one."""
    zone, status = zone_of(context.timezone), value.get("status", "publish")
    id_ = _rendered(value, "guid") or value.get("link")
    if status == "trash":
        moment = _moment(value, "modified", zone)
        yield withdrawal_item(id=id_, version=None, time=moment)
        return
    if status not in ("publish", "future"):
        raise Invalid("not_published", f"the post is {status}, and not published", "status")
    published, updated = (_moment(value, name, zone) for name in ("date", "modified"))
    authors, terms = _embedded(value)
    yield article_item(
        {
            "id": id_,
            "title": line_of(_rendered(value, "title")),
            "body": text_of_html(_rendered(value, "content")),
            "summary": text_of_html(_rendered(value, "excerpt")) or None,
            "authors": authors,
            "section": next(iter(terms.get("category", ())), None),
            "tags": terms.get("post_tag", []),
            "url": value.get("link"),
            "published_at": published.isoformat() if published else None,
            "updated_at": updated.isoformat() if updated else None,
            "embargoed_until": published.isoformat() if published and status == "future" else None,
        },
        (name for name in value if name not in KEPT),
    )


def _rendered(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    text = text.get("rendered") if isinstance(text, dict) else text
    return text if isinstance(text, str) else ""


def _moment(value: Mapping[str, Any], name: str, zone: ZoneInfo) -> datetime | None:
    """Return a moment: of its two forms the one in UTC, which WordPress writes without a zone too."""
    in_utc = value.get(f"{name}_gmt")
    if isinstance(in_utc, str) and in_utc and not in_utc.startswith("0000"):
        return read_moment(in_utc if in_utc.endswith("Z") else f"{in_utc}Z", zone)
    return read_moment(value.get(name), zone)


def _embedded(value: Mapping[str, Any]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of authors, and of terms by taxonomy, where `_embed` asked for them."""
    embedded = value.get("_embedded")
    embedded = embedded if isinstance(embedded, dict) else {}
    authors = [name for one in embedded.get("author") or () if isinstance(name := _name(one), str)]
    terms: dict[str, list[str]] = {}
    for group in embedded.get("wp:term") or ():
        for term in group if isinstance(group, list) else ():
            if isinstance(name := _name(term), str):
                terms.setdefault(str(term.get("taxonomy")), []).append(line_of(name))
    return authors, terms


def _name(value: object) -> object:
    return value.get("name") if isinstance(value, dict) else None
