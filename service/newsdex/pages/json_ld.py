"""Reads articles of schema.org as JSON-LD: the values are as publishers write them, which is not as schema.org says."""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from newsdex.normalise.dates import PageClock
from newsdex.pages.authors import agencies_of, clean_authors
from newsdex.pages.fields import StatedFields
from newsdex.pages.markup import plain_text
from newsdex.pages.stated_dates import read_date
from newsdex.pages.text import one_line

MAX_TITLE_CHARS = 1_000
MAX_SUMMARY_CHARS = 10_000
MAX_NAME_CHARS = 200
MAX_DEPTH = 12
MAX_OBJECTS = 5_000
ARTICLE_TYPES = frozenset((
    "advertisercontentarticle", "analysisnewsarticle", "apireference", "article", "askpublicnewsarticle",
    "backgroundnewsarticle", "blogposting", "criticreview", "discussionforumposting", "liveblogposting",
    "medicalscholarlyarticle", "newsarticle", "opinionnewsarticle", "report", "reportagenewsarticle",
    "reviewnewsarticle", "satiricalarticle", "scholarlyarticle", "socialmediaposting", "techarticle",
))  # fmt: skip
PAGE_TYPES = frozenset(("webpage", "itempage", "recipe", "videoobject", "podcastepisode", "howto", "event"))
"""Kinds that are no articles; on a page without one, their dates and names are the page's."""
Object = Mapping[str, Any]
"""A JSON object whose keys are in lower case."""

_COMMENT = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*$"
)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")


def load(text: str) -> Any:
    """Parse a JSON-LD block; raise `ValueError` for what is none.

    Line breaks in strings, trailing commas, a semicolon at the end, and the comments that once hid scripts from
    browsers are tolerated.
    """
    bare = _COMMENT.sub("", _COMMENT.sub("", text)).strip().removesuffix(";")
    try:
        return json.loads(bare, strict=False)
    except RecursionError as error:
        raise ValueError("the block is nested too deep") from error
    except ValueError:
        return json.loads(_TRAILING_COMMA.sub("", bare), strict=False)


def articles_in(value: object, types: frozenset[str] = ARTICLE_TYPES) -> list[Object]:
    """Return the article objects of a parsed block, wherever in a graph or an array they stand.

    References by `@id` to other objects of the block are resolved, one step deep.
    """
    objects = list(_objects(value))
    named = {str(item["@id"]): item for item in objects if "@id" in item and len(item) > 1}
    return [{key: _resolved(part, named) for key, part in item.items()} for item in objects if types & types_of(item)]


def types_of(item: Object) -> set[str]:
    """Return the types of an object, in lower case, without the vocabulary's address."""
    return {re.split(r"[/#:]", str(name))[-1].lower() for name in _list(item.get("@type"))}


def _objects(value: object) -> Iterator[Object]:
    waiting: deque[tuple[object, int]] = deque([(value, 0)])
    count = 0
    while waiting and count < MAX_OBJECTS:
        item, depth = waiting.popleft()
        count += 1
        if depth > MAX_DEPTH:
            continue
        if isinstance(item, list):
            waiting += [(part, depth + 1) for part in item]
        elif isinstance(item, dict):
            lowered = {str(key).lower(): part for key, part in item.items()}
            yield lowered
            nested = (lowered.get(key) for key in ("@graph", "mainentity", "mainentityofpage", "author", "creator"))
            waiting += [(part, depth + 1) for part in nested if isinstance(part, list | dict)]


def _resolved(value: Any, named: Mapping[str, Object]) -> Any:
    if isinstance(value, list):
        return [_resolved(part, named) for part in value]
    if isinstance(value, dict) and "@id" in value and not value.get("name"):
        return {**named.get(str(value["@id"]), {}), **value}
    return value


def read_article(item: Object, clock: PageClock) -> StatedFields:
    """Return what an article object states; keys in any case are known."""
    item = {str(key).lower(): part for key, part in item.items()}
    people = _people(item.get("author")) or _people(item.get("creator"))
    sections = [name for name in map(_name, _list(item.get("articlesection"))) if name]
    return StatedFields(
        title=one_line(_first(item.get("headline")) or _first(item.get("name")), MAX_TITLE_CHARS),
        body=_body(item.get("articlebody") or item.get("text")),
        summary=one_line(_first(item.get("description")), MAX_SUMMARY_CHARS),
        # several sections are keywords by another name
        section=sections[0] if len(set(sections)) == 1 else None,
        authors=clean_authors(people),
        agencies=agencies_of([*people, *_names(item.get("sourceorganization"))]),
        tags=tuple(dict.fromkeys(_keywords(item.get("keywords")))),
        language=_language(item.get("inlanguage")),
        url=_url(item),
        published_at=read_date(_first(item.get("datepublished")), clock)
        or read_date(_first(item.get("datecreated")), clock),
        updated_at=read_date(_first(item.get("datemodified")), clock),
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(value: object) -> object:
    """Return the value, of a list the first, of a value object what it holds."""
    found = _list(value)[0] if _list(value) else None
    return found.get("@value") if isinstance(found, dict) else found


def _name(value: object) -> str | None:
    if isinstance(value, dict):
        value = _first(value.get("name") or value.get("@value"))
    return one_line(value, MAX_NAME_CHARS)


def _people(value: object) -> list[str]:
    """Return the names of authors; an organisation that is one is who publishes it, unless it is an agency."""
    return [name for person in _list(value) for name in _names(person) if not _is_house(person, name)]


def _is_house(person: object, name: str) -> bool:
    types = types_of(person) if isinstance(person, dict) else set()
    is_organization = any(type_.endswith("organization") for type_ in types) and "person" not in types
    return is_organization and not agencies_of([name])


def _names(value: object) -> list[str]:
    """Return the names of a person or an organisation: an object's, a text, or several."""
    parts = _list(value)
    named = [name for part in parts for name in (_list(part.get("name")) if isinstance(part, dict) else [part])]
    return [name for name in map(_name, named) if name]


def _keywords(value: object) -> Iterator[str]:
    for part in _list(value):
        if isinstance(part, list):
            yield from _keywords(part)
        elif name := _name(part):
            if len(_list(value)) == 1 and isinstance(part, str):
                yield from (word for piece in re.split(r"[,;،、]", part) if (word := one_line(piece, MAX_NAME_CHARS)))
            else:
                yield name


def _language(value: object) -> str | None:
    first = _list(value)[0] if _list(value) else None
    if isinstance(first, dict):
        first = first.get("alternatename") or first.get("alternateName") or first.get("name")
    return one_line(first, MAX_NAME_CHARS)


def _url(item: Object) -> str | None:
    page = _list(item.get("mainentityofpage"))
    page_id = page[0].get("@id") or page[0].get("url") if page and isinstance(page[0], dict) else None
    for value in (item.get("url"), page_id, page[0] if page else None):
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return value
    return None


def _body(value: object) -> str | None:
    first = _first(value)
    text = plain_text(first) if isinstance(first, str) else ""
    return text or None
