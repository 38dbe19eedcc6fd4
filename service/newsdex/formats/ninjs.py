"""Reads ninjs, the IPTC's news in JSON, versions 1.0 to 3.1, whose names differ in plurals and capitals."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, article_item, withdrawal_item
from newsdex.formats.moments import read_moment, read_moments, required_moment, zone_of
from newsdex.formats.ninjs_rules import check
from newsdex.formats.texts import agency_of, line_of, read_credits, text_of_html
from newsdex.normalise.agencies import read_agencies

NAME = "ninjs"
_SUBJECT_NAMES = """
subject subjects people person organisation organisations place places event events object objects
"""
SUBJECTS = tuple(_SUBJECT_NAMES.split())
_KEPT_NAMES = """
uri guid standard $standard type pubstatus version versioncreated firstcreated contentcreated embargoed embargoeduntil
expires headlines title slugline descriptions bodies by byline language located copyrightholder mimetype
"""
KEPT = frozenset((*_KEPT_NAMES.split(), *SUBJECTS))
KEPT_PREFIXES = ("headline", "description_", "body_")
MAIN_ROLES = ("main", "headline", "caption", "summary")
WITHDRAWN = frozenset(("canceled", "withheld"))
"""By the IPTC's rules both take what was published out of the public's sight; `withheld` until something is usable."""


def is_item(value: Mapping[str, Any]) -> bool:
    """Return whether an object is a ninjs item: it has the name that ninjs wants, and none of the contract's."""
    names = {name.lower() for name in value}
    superdesk = {"guid", "versioncreated"} <= names
    return ("uri" in names or superdesk) and not names & {"id", "@type", "@context", "specversion"}


def read(value: Mapping[str, Any], context: Context) -> Iterator[Item]:
    """Return the article or the takedown of an item; raise `Invalid` for what is no ninjs."""
    item = {name.lower(): field for name, field in value.items()}
    check(item)
    zone = zone_of(context.timezone)
    id_, version = item.get("uri") or item.get("guid"), _version(item.get("version"))
    unkept = tuple(name for name in item if name not in KEPT and not name.startswith(KEPT_PREFIXES))
    if item.get("pubstatus") in WITHDRAWN:
        moment = read_moment(item.get("versioncreated"), zone)
        yield withdrawal_item(id=id_, version=version, time=moment, unkept=unkept)
        return
    created = item.get("firstcreated") or item.get("contentcreated") or item.get("versioncreated")
    dates, unread = read_moments({"published_at": created, "updated_at": item.get("versioncreated")}, zone)
    title = _text(item, "headline", "headlines") or item.get("title") or item.get("slugline") or ""
    body = _text(item, "body", "bodies")
    summary = _text(item, "description", "descriptions")
    if not (title or body or summary):
        raise Invalid("missing_field", "the item has no headline, description or body", "title")
    embargo = item.get("embargoed") or item.get("embargoeduntil")
    authors, agency = read_credits(item.get("byline") or item.get("by"))
    yield article_item(
        {
            "id": id_,
            "title": line_of(title),
            "body": _without_title(body, title) if body or title else summary,
            "summary": summary if body or title else None,
            "authors": authors,
            "agency": agency or agency_of(read_agencies(item.get("copyrightholder") or "")),
            "tags": list(_subjects(item)),
            "dateline": item.get("located"),
            "language": item.get("language"),
            "version": version,
            "embargoed_until": required_moment(embargo, zone, "embargoed"),
            "expires_at": required_moment(item.get("expires"), zone, "expires"),
            **dates,
        },
        (*unkept, *unread),
    )


def _version(text: object) -> int | None:
    """Return a version that can be compared: ninjs writes it as a text, which may be any."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else None


def _text(item: Mapping[str, Any], name: str, names: str) -> str:
    """Return the text of a kind: of HTML and plain text the HTML, which has the paragraphs."""
    if item.get(names):
        return _of_values([{key.lower(): value for key, value in one.items()} for one in item[names]])
    named = {key: text for key, text in item.items() if text and (key == name or key.startswith(f"{name}_"))}
    html = next((text for key, text in named.items() if key.endswith("html")), None)
    if html:
        return text_of_html(html)
    plain = (named.get(key) for key in (name, f"{name}_text", f"{name}_main"))
    return str(next(filter(None, plain), None) or next(iter(named.values()), "")).strip()


def _of_values(values: Sequence[Mapping[str, Any]]) -> str:
    """Return a text of ninjs 2 and 3, where each says of which media type and of which role it is."""
    given = [(_media_type(one), one.get("role"), text) for one in values if isinstance(text := one.get("value"), str)]
    for media_type, _, text in given:
        if "html" in media_type:
            return text_of_html(text)
    plain = [one for one in given if "xml" not in one[0] and "nitf" not in one[0]]
    for _, _, text in (*(one for one in plain if one[1] in MAIN_ROLES), *plain):
        if text.strip():
            return str(text.strip())
    return next((text_of_html(text) for _, _, text in given if "<body.content" in text), "")


def _media_type(value: Mapping[str, Any]) -> str:
    return str(value.get("contenttype") or value.get("role") or "").lower()


def _without_title(body: str, title: str) -> str:
    first, _, rest = body.partition("\n\n")
    return rest if first.strip() == title.strip() and rest else body


def _subjects(item: Mapping[str, Any]) -> Iterator[str]:
    for kind in SUBJECTS:
        group = item.get(kind) or ()
        for one in [group] if isinstance(group, dict) else group:
            name = one.get("name") if isinstance(one, dict) else None
            if isinstance(name, str):
                yield name
