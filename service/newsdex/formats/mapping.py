"""Makes articles of rows and objects whose fields have names of their own, by a mapping."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from newsdex.formats.items import Context, Item, article_item
from newsdex.formats.moments import read_moment, required_moment, zone_of
from newsdex.formats.texts import block_of, line_of
from newsdex.normalise.page_address import page_id
from newsdex_schemas import Article

MOMENTS = ("published_at", "updated_at")
ENDS = ("embargoed_until", "expires_at")
LISTS = ("authors", "tags")
_BETWEEN = re.compile(r"\s*[;|]\s*")


def mapped_item(value: Mapping[str, Any], fields: Mapping[str, str], context: Context) -> Item:
    """Return the article of a row or an object; a field's name may be a path, such as `fields.headline`.

    The id may be a number; where there is none, the address stands for it. Raises `Invalid` where it is no article.
    """
    found = {field: _at(value, way) for field, way in fields.items()}
    zone, article, unread = zone_of(context.timezone), dict[str, Any](), list[str]()
    for field, raw in found.items():
        if raw in (None, ""):
            continue
        if field in MOMENTS:
            moment = read_moment(raw, zone)
            article[field] = moment.isoformat() if moment else None
            unread += [] if moment else [field]
        elif field in ENDS:
            article[field] = required_moment(raw, zone, field)
        elif field in LISTS:
            article[field] = list(_names(raw))
        elif field == "version":
            article[field] = int(raw) if isinstance(raw, str) and raw.strip().isdecimal() else raw
        elif field == "body":
            article[field] = block_of(str(raw))
        elif field in ("title", "summary"):
            article[field] = line_of(str(raw)) if field == "title" else block_of(str(raw))
        else:
            article[field] = str(raw) if isinstance(raw, int | float) else raw
    if not article.get("id") and article.get("url"):
        article["id"] = page_id(str(article["url"]))
    used = {way.partition(".")[0] for way in fields.values()}
    return article_item(article, (*(name for name in value if name not in used), *unread))


def mapping_of(pairs: Mapping[str, str], value: Mapping[str, Any]) -> dict[str, str]:
    """Return the mapping for an object: fields with the contract's names need none."""
    return {field: field for field in Article.model_fields if field in value} | dict(pairs)


def _at(value: Mapping[str, Any], way: str) -> Any:
    if way in value:
        return value[way]
    found: Any = value
    for name in way.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _names(raw: Any) -> Iterator[str]:
    """Return the names in a cell, parted by semicolons or bars, or in a list of texts or of objects with a name."""
    for one in raw if isinstance(raw, list) else _BETWEEN.split(str(raw)):
        name = one.get("name") if isinstance(one, Mapping) else one
        if isinstance(name, str) and name.strip():
            yield name.strip()
