"""Checks what ninjs' JSON Schemas demand of an item, so that nothing is published half understood: pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from newsdex.errors import Invalid

_TEXTS = """
uri guid type mimetype representationtype profile version firstcreated versioncreated contentcreated embargoed
embargoeduntil pubstatus expires copyrightholder copyrightnotice usageterms ednote language slugline title headline by
byline located
"""
_LISTS = """
bodies descriptions headlines genre genres subject subjects people person organisation organisations place places event
object objects infosource infosources trustindicator trustindicators plannedcoverage advices
"""
_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(_TEXTS.split(), str),
    **dict.fromkeys(_LISTS.split(), list),
    **dict.fromkeys(("charcount", "wordcount", "urgency"), (int, float)),
    **dict.fromkeys(("standard", "$standard", "rightsinfo", "digitalsourcetype", "eventdetails"), dict),
    # `events` is an object in an example of the IPTC's
    **dict.fromkeys(("altids", "associations", "renditions", "events"), (dict, list)),
}
"""The type of every property, by its name without capitals."""
_SUPERDESK_NAMES = """
priority service authors extra extra_items evolvedfrom readtime source products assignment_id annotations rewrite_of
keywords slug usage_terms signal correction_sequence coverage_id ingest_id ingest_version description
"""
_SUPERDESK = frozenset(_SUPERDESK_NAMES.split())
"""What the newsroom system adds that sends most of the ninjs there is."""
_OPEN = re.compile(r"(?:headline|body|description)_[a-z0-9_].*", re.DOTALL)
"""Behind the first character anything stands: so it does in the schemas up to 1.3, by an error that they keep."""
_IPTC = re.compile(r"https?://(?:www\.)?iptc\.org/", re.IGNORECASE)
_VALUES: dict[str, tuple[str, ...]] = {
    "type": ("text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"),
    "pubstatus": ("usable", "withheld", "canceled"),
    "representationtype": ("complete", "incomplete", "full", "partial"),
}
_URGENCIES = frozenset(range(1, 10))
_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\S+)?)?)?")
_GEOJSON_NAMES = """
Point MultiPoint LineString MultiLineString Polygon MultiPolygon GeometryCollection Feature FeatureCollection
"""
_GEOJSON = frozenset(_GEOJSON_NAMES.split())


def check(item: Mapping[str, Any], *, extended: bool | None = None) -> None:
    """Raise `Invalid` with the property's name where an item breaks the rules.

    A property that no version has is refused, unless the item names a schema of its publisher's own.
    """
    if extended is None:
        extended = _has_own_schema(item)
    if not (item.get("uri") or item.get("guid")):
        raise Invalid("missing_field", "uri: an item needs one", "uri")
    for name, value in item.items():
        _check_property(name, value, extended=extended)
    if "rightsinfo" in item:
        _check_rights(item["rightsinfo"])
    if item.get("type") == "event" and "renditions" in item:
        raise _wrong("renditions", "an event has none")
    _check_event(item.get("eventdetails", {}))
    for association in _members(item.get("associations", ())):
        inner = {name.lower(): value for name, value in association.items()}
        named = "name" in inner
        if isinstance(item["associations"], list) and not named:
            raise _wrong("associations", "each needs a name")
        inner.pop("name", None)
        check(inner, extended=extended)


def _has_own_schema(item: Mapping[str, Any]) -> bool:
    standard = item.get("standard") or item.get("$standard")
    schema = standard.get("schema") if isinstance(standard, dict) else None
    return isinstance(schema, str) and not _IPTC.match(schema)


def _check_property(name: str, value: Any, *, extended: bool) -> None:
    wanted = str if _OPEN.fullmatch(name) else _TYPES.get(name)
    if wanted is None:
        if extended or name in _SUPERDESK:
            return
        raise Invalid("unknown_field", f"{name}: no property of ninjs", name)
    members = value if isinstance(value, list) else ()
    if not isinstance(value, wanted) or isinstance(value, bool) or not all(isinstance(one, dict) for one in members):
        raise _wrong(name, "has another type in ninjs", "wrong_type")
    if name in _VALUES and value not in _VALUES[name]:
        raise _wrong(name, f"must be one of {', '.join(_VALUES[name])}")
    if name == "urgency" and value not in _URGENCIES:
        raise _wrong(name, "must be a whole number from 1 to 9")
    if name == "digitalsourcetype" and not _lower(value) & {"uri"}:
        raise _wrong(name, "needs a uri")
    for one in members:
        _check_member(name, one, extended=extended)


def _check_member(name: str, member: Mapping[str, Any], *, extended: bool) -> None:
    if name in ("place", "places"):
        _check_geometry(member)
    elif name == "advices":
        _check_advice(member)
    elif name == "plannedcoverage":
        _check_property("urgency", member.get("urgency", 1), extended=extended)


def _check_advice(advice: Mapping[str, Any]) -> None:
    for name in ("importance", "lifetime"):
        if name in advice and not (isinstance(advice[name], dict) and "code" in advice[name]):
            raise _wrong("advices", f"{name} needs a code")


def _check_rights(rights: Mapping[str, Any]) -> None:
    stated = [value for name, value in rights.items() if name.lower() in ("linkedrights", "encodedrights")]
    if len(stated) != 1 or not isinstance(stated[0], str):
        raise _wrong("rightsinfo", "needs linked or encoded rights, not both")


def _check_event(details: Mapping[str, Any]) -> None:
    dates = {name.lower(): value for name, value in dict(details.get("dates") or {}).items()}
    for name in ("startdate", "enddate"):
        if {name, f"expected{name}"} <= dates.keys():
            raise _wrong("eventdetails", f"has {name} and the one expected")
    for name, value in dates.items():
        if name.startswith("expected") and name.endswith("date") and not _DAY.fullmatch(str(value)):
            raise _wrong("eventdetails", f"{name} is no date", "invalid_datetime")


def _check_geometry(place: Mapping[str, Any]) -> None:
    geometry = place.get("geojson", place.get("geoJSON"))
    if isinstance(geometry, dict) and geometry.get("type") not in _GEOJSON:
        raise _wrong("places", "its geometry is no GeoJSON")


def _members(group: Any) -> Iterable[Mapping[str, Any]]:
    members = group.values() if isinstance(group, dict) else group
    return [one for one in members if isinstance(one, dict)]


def _lower(value: Any) -> set[str]:
    return {name.lower() for name in value}


def _wrong(name: str, what: str, code: str = "not_allowed") -> Invalid:
    return Invalid(code, f"{name}: {what}", name)
