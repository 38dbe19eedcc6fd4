"""Hits of a reply as the template shows them."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from markupsafe import Markup

from newsdex.gateway.pages.address import SearchAddress
from newsdex.gateway.pages.marks import marked
from newsdex.gateway.pages.moments import moment_text, zone_of
from newsdex_schemas import Hit

MAX_PASSAGES = 2
MAX_SUMMARY_CHARS = 300
MAX_AUTHORS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """When an article was published, for machines and for people."""

    iso: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HitView:
    """One hit; texts are plain, unless they are marked."""

    href: str
    title: Markup
    passages: Markup
    language: str | None
    section: str | None
    published: Published | None
    by: tuple[str, ...]
    promoted: bool
    more_versions: int
    versions_href: str


def hit_view(hit: Hit, address: SearchAddress, *, promoted: bool = False) -> HitView:
    """Return what is shown of a hit of a search."""
    return HitView(
        href=address.article(hit.id),
        title=marked(hit.title, hit.title_marks or ()),
        passages=_passages(hit),
        language=hit.language,
        section=hit.section,
        published=published(hit.published_at or hit.updated_at, zone_of(address.timezone)),
        by=by_line(hit.authors, hit.agency),
        promoted=promoted,
        more_versions=hit.more_versions,
        versions_href=address.changed(versions_of=hit.id).href,
    )


def published(moment: datetime | None, zone: tzinfo) -> Published | None:
    """Return a moment as a `<time>` has it."""
    return None if moment is None else Published(iso=moment.isoformat(), text=moment_text(moment, zone))


def by_line(authors: tuple[str, ...], agency: str | None) -> tuple[str, ...]:
    """Return who an article is by: its first authors, else its agency."""
    if not authors:
        return (agency,) if agency else ()
    more = len(authors) - MAX_AUTHORS
    return authors[:MAX_AUTHORS] if more <= 0 else (*authors[:MAX_AUTHORS], f"{more} more")


def _passages(hit: Hit) -> Markup:
    """Return the best passages; of an article that nothing is marked in, its summary's beginning."""
    marks = hit.snippet_marks or ((),) * len(hit.snippets)
    passages = [marked(text, spans) for text, spans in zip(hit.snippets, marks, strict=False)]
    if not passages and hit.summary:
        passages = [marked(_beginning(hit.summary), ())]
    return Markup(" ⋯ ").join(passages[:MAX_PASSAGES])


def _beginning(text: str) -> str:
    if len(text) <= MAX_SUMMARY_CHARS:
        return text
    return f"{text[:MAX_SUMMARY_CHARS].rpartition(' ')[0] or text[:MAX_SUMMARY_CHARS]} …"
