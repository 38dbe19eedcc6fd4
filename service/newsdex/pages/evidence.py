"""Weighs what the parts of a page state: each value is that of the first part that has one, and keeps its origin."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from newsdex.normalise.dates import PageClock
from newsdex.pages.document import remove_invisible
from newsdex.pages.fields import StatedFields
from newsdex.pages.metas import Metas, from_metas, read_metas
from newsdex.pages.microdata import from_microdata
from newsdex.pages.scripts import from_json_ld
from newsdex.pages.shown import Surroundings, document_title, from_page, surroundings
from newsdex.pages.stated_dates import date_in_address
from newsdex.pages.titles import is_rewording, site_names, without_site
from newsdex_schemas.article import Origin

Part = tuple[Origin, StatedFields]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the parts of a page state, those that are believed first before others."""

    parts: Sequence[Part]
    around: Surroundings
    own_address: str | None
    """What the page says its address is; it may be relative."""


def gather(tree: HtmlElement, clock: PageClock, url: str | None) -> Evidence:
    """Return what a page states; takes scripts and styles out of the tree."""
    metas = read_metas(tree)
    stated: list[Part] = [
        ("json_ld", from_json_ld(tree, clock, url)),
        ("microdata", from_microdata(tree, clock)),
        ("meta", from_metas(metas, clock)),
    ]
    remove_invisible(tree)
    whole = document_title(tree)
    titles = [fields.title for _, fields in stated if fields.title]
    around = surroundings(tree, [*titles, *([whole] if whole else [])])
    page = from_page(tree, around, clock)
    sites = site_names(metas, url)
    parts = [(origin, _titled(fields, sites, around.heading, origin)) for origin, fields in stated]
    if page.title is None and whole:
        page = replace(page, title=without_site(whole, sites, None))
    address = StatedFields(published_at=date_in_address(url, clock) if url else None)
    return Evidence(
        parts=[*parts, ("address", address), ("page", page)],
        around=around,
        own_address=_own_address(tree, metas, parts),
    )


def _titled(fields: StatedFields, sites: Sequence[str], heading: str | None, origin: Origin) -> StatedFields:
    """Return fields with the title's site taken off, and without a title that rewords the page's own heading.

    OpenGraph's titles are often written for other sites, so less likeness is enough there.
    """
    if fields.title is None:
        return fields
    title = without_site(fields.title, sites, heading)
    if (
        heading
        and title != heading
        and is_rewording(title, heading, MIN_LIKENESS_OF_META if origin == "meta" else MIN_LIKENESS)
    ):
        return replace(fields, title=None)
    return replace(fields, title=title)


MIN_LIKENESS = 0.8
MIN_LIKENESS_OF_META = 0.6


def _own_address(tree: HtmlElement, metas: Metas, parts: Sequence[Part]) -> str | None:
    links = (link for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split())
    stated = [next((link.get("href") for link in links if link.get("href")), None), *metas.get("og:url", ())]
    return next((url.strip() for url in stated if url and url.strip()), parts[0][1].url)
