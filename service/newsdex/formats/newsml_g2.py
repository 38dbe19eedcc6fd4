"""Reads NewsML-G2, the IPTC's news in XML: a news item, or the items of a news message."""

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from lxml import etree

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, Refused, article_item, withdrawal_item
from newsdex.formats.moments import read_moment, read_moments, required_moment, zone_of
from newsdex.formats.texts import agency_of, read_credits, text_of_html
from newsdex.formats.xml_text import name_of, parse_xml, text_in
from newsdex.normalise.agencies import read_agencies
from newsdex.pages.authors import clean_authors

NAME = "NewsML-G2"
NAMESPACE = "http://iptc.org/std/nar/2006-10-01/"
XML = "http://www.w3.org/XML/1998/namespace"
_N = {"n": NAMESPACE}
WITHDRAWN = frozenset(("canceled", "withheld"))
OTHERS = frozenset(("packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem", "hopDescription"))
ITEMS = tuple(f"{{{NAMESPACE}}}{name}" for name in ("newsItem", *OTHERS))
_META_NAMES = "itemClass provider versionCreated firstCreated embargoed pubStatus title"
_CONTENT_NAMES = "contentCreated located creator by creditline language subject headline description keyword"
KEPT = {"itemMeta": frozenset(_META_NAMES.split()), "contentMeta": frozenset(_CONTENT_NAMES.split())}


def read(content: bytes, context: Context) -> Iterator[Item | Refused]:
    """Return the article or the takedown of each news item, or why it is none.

    An item within another one is part of that: read for itself too, it would have its text read as often as it is deep.
    """
    root = parse_xml(content)
    items = [one for one in root.iter(*ITEMS) if next(one.iterancestors(*ITEMS), None) is None]
    if not items:
        raise Invalid("no_items", "no news item stands in it")
    for number, item in enumerate(items, 1):
        place = f"[{number}]" if len(items) > 1 else ""
        try:
            yield replace(_item(item, context), place=place)
        except Invalid as error:
            yield Refused(error=error, place=place)


def _item(item: etree._Element, context: Context) -> Item:
    if name_of(item) in OTHERS:
        raise Invalid("unreadable_format", f"this is a {name_of(item)}, which newsdex does not read")
    zone, id_, version = zone_of(context.timezone), item.get("guid"), _version(item.get("version"))
    status = (_first(item, "n:itemMeta/n:pubStatus/@qcode") or "stat:usable").rpartition(":")[2]
    created = _first(item, "n:itemMeta/n:versionCreated")
    unkept = tuple(_unkept(item))
    if status in WITHDRAWN:
        return withdrawal_item(id=id_, version=version, time=read_moment(created, zone), unkept=unkept)
    if status != "usable":
        raise Invalid("not_allowed", "pubStatus: must be usable, withheld or canceled", "pubStatus")
    dates, unread = _dates(item, created, zone)
    authors, agency = read_credits(_text(item, "n:contentMeta/n:by"))
    credit = _text(item, "n:contentMeta/n:creditline") or _text(item, "n:itemMeta/n:provider/n:name")
    return article_item(
        {
            "id": id_,
            "title": _text(item, "n:contentMeta/n:headline") or _text(item, "n:itemMeta/n:title"),
            "body": _body(item),
            "summary": _text(item, "n:contentMeta/n:description") or None,
            "authors": authors or clean_authors(text_in(one) for one in _all(item, "n:contentMeta/n:creator/n:name")),
            "agency": agency or agency_of(read_agencies(credit)),
            "dateline": _text(item, "n:contentMeta/n:located/n:name") or None,
            "tags": list(_tags(item)),
            "language": _first(item, "n:contentMeta/n:language/@tag") or item.get(f"{{{XML}}}lang"),
            "version": version,
            "embargoed_until": required_moment(_first(item, "n:itemMeta/n:embargoed"), zone, "embargoed"),
            **dates,
        },
        (*unkept, *unread),
    )


def _dates(item: etree._Element, created: str, zone: ZoneInfo) -> tuple[dict[str, str], tuple[str, ...]]:
    first = _first(item, "n:itemMeta/n:firstCreated") or _first(item, "n:contentMeta/n:contentCreated") or created
    return read_moments({"published_at": first, "updated_at": created}, zone)


def _tags(item: etree._Element) -> Iterator[str]:
    """Yield the names of subjects, and keywords, in their order; a union of paths would take the square of them."""
    for one in _all(item, "n:contentMeta/*[self::n:subject or self::n:keyword]"):
        named = one.find("n:name", _N) if name_of(one) == "subject" else one
        if named is not None:
            yield text_in(named)


def _version(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() else None


def _body(item: etree._Element) -> str:
    """Return the text of the content: NITF or XHTML inline, or data that is text or HTML."""
    for inline in _all(item, "n:contentSet/n:inlineXML"):
        bodies = [*inline.iter("{*}body.content", "{*}body")]
        if text := text_in(bodies[-1] if bodies else inline):
            return text
    for data in _all(item, "n:contentSet/n:inlineData"):
        content_type = data.get("contenttype", "text/plain")
        if data.get("encoding") is None and content_type.startswith(("text/", "application/xhtml")):
            text = "".join(map(str, data.itertext()))
            return text_of_html(text) if "html" in content_type else text.strip()
    return ""


def _unkept(item: etree._Element) -> Iterator[str]:
    for meta, kept in KEPT.items():
        yield from (name for one in _all(item, f"n:{meta}/*") if (name := name_of(one)) not in kept)
    yield from (name_of(one) for one in item if name_of(one) in ("rightsInfo", "assert", "partMeta"))
    yield from (name_of(one) for one in _all(item, "n:contentSet/n:remoteContent"))


def _all(item: etree._Element, path: str) -> list[etree._Element]:
    found = item.xpath(path, namespaces=_N)
    return list(found) if isinstance(found, list) else []  # type: ignore[arg-type]  # the path names elements


def _text(item: etree._Element, path: str) -> str:
    return next((" ".join(text_in(one).split()) for one in _all(item, path)), "")


def _first(item: etree._Element, path: str) -> str:
    found = item.xpath(f"string({path})", namespaces=_N)
    return str(found).strip()
