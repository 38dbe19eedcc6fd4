"""The filters beside the hits: values to choose, and those that are chosen."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsdex.gateway.pages.address import FACETS, SearchAddress
from newsdex.gateway.pages.language_names import language_name
from newsdex.gateway.pages.moments import bare_day, day_text
from newsdex_schemas import Facet
from newsdex_schemas.search import FacetName

LEGENDS = {"section": "Section", "authors": "Author", "tags": "Tag", "agency": "Agency", "language": "Language"}
SHOWN_AT_ONCE = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A value of a field."""

    value: str
    label: str
    count: int | None
    """None where the search did not say."""
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """The values of one field."""

    name: str
    legend: str
    first: tuple[Choice, ...]
    others: tuple[Choice, ...]
    more: int
    """How many further values there are, which are not shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """A filter that can be removed."""

    label: str
    name: str
    """What it is called where it is removed."""
    without: SearchAddress


def choices(facets: Mapping[FacetName, Facet], address: SearchAddress) -> list[Choices]:
    """Return the values of each field, the chosen ones first, even where no article has them."""
    return [one for name in FACETS if (one := _choices(name, facets.get(name), address)) is not None]


def _choices(name: str, facet: Facet | None, address: SearchAddress) -> Choices | None:
    chosen = address.values.get(name, ())
    small = {value.casefold() for value in chosen}
    counted = list(facet.values) if facet else []
    known = {one.value.casefold() for one in counted}
    missing = [
        _choice(name, value, 0 if facet else None, chosen=True) for value in chosen if value.casefold() not in known
    ]
    shown = [_choice(name, one.value, one.count, chosen=one.value.casefold() in small) for one in counted]
    ordered = [*(one for one in shown if one.chosen), *missing, *(one for one in shown if not one.chosen)]
    if not ordered:
        return None
    at_once = max(SHOWN_AT_ONCE, len(chosen))
    return Choices(
        name=name,
        legend=LEGENDS[name],
        first=tuple(ordered[:at_once]),
        others=tuple(ordered[at_once:]),
        more=facet.more if facet else 0,
    )


def _choice(name: str, value: str, count: int | None, *, chosen: bool) -> Choice:
    return Choice(value=value, label=value_text(name, value), count=count, chosen=chosen)


def value_text(name: str, value: str) -> str:
    """Return a value as people read it."""
    return language_name(value) if name == "language" else value


def chips(address: SearchAddress) -> list[Chip]:
    """Return every filter of an address."""
    several = [
        Chip(
            label=value_text(name, value),
            name=f"{LEGENDS[name]}: {value_text(name, value)}",
            without=address.without(name, value),
        )
        for name, value in address.filters
    ]
    if address.has_dates:
        dates = dates_text(address)
        several.append(Chip(label=dates, name=f"Date: {dates}", without=address.without_dates()))
    if address.versions_of:
        versions = "Versions of one story"
        several.append(Chip(label=versions, name=versions, without=address.changed(versions_of="")))
    return several


def dates_text(address: SearchAddress) -> str:
    """Return the dates of an address, the last day included."""
    first, last = bare_day(address.first_day), bare_day(address.last_day)
    if first and last:
        return day_text(first) if first == last else f"{day_text(first)} – {day_text(last)}"
    if first:
        return f"from {day_text(first)}"
    return f"until {day_text(last)}" if last else "dates that cannot be read"
