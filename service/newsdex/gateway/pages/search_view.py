"""Everything that the search page shows of a reply, or of the error in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsdex.apps.operations.findings import LATE_S
from newsdex.gateway.pages.address import PAGE_SIZE, SearchAddress
from newsdex.gateway.pages.alternatives import Alternative
from newsdex.gateway.pages.chart import Chart, make_chart
from newsdex.gateway.pages.filters import Chip, Choices, chips, choices
from newsdex.gateway.pages.hits import HitView, hit_view
from newsdex.gateway.pages.moments import zone_of
from newsdex_schemas import Problem, SearchReply
from newsdex_schemas.search import MAX_OFFSET, Histogram

ORDERS = {"relevance": "Best match", "newest": "Newest first", "oldest": "Oldest first"}
LONGEST_SEARCH_MS = 10_000
TOLD_OTHERWISE = frozenset({"most_words"})
"""Notes for which the page has words of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Meant:
    """Another spelling of the query."""

    text: str
    href: str
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchView:
    """What the template draws."""

    address: SearchAddress
    heading: str
    title: str
    read_as: str | None
    notes: tuple[str, ...]
    most_words: bool
    meant: Meant | None
    alternatives: Sequence[Alternative]
    partial: str | None
    """Why there may be more, where that is so."""
    longer_href: str | None
    """The same search with as much time as there may be."""
    hits: tuple[HitView, ...]
    range: str
    as_of: str
    chart: Chart | None
    choices: Sequence[Choices]
    chips: Sequence[Chip]
    orders: Sequence[tuple[str, str]]
    previous_href: str | None
    next_href: str | None
    pages: str
    json_href: str | None
    problem: Problem | None


def view_of(
    address: SearchAddress,
    reply: SearchReply,
    undated_filter: Histogram | None,
    others: Sequence[Alternative],
    now: datetime,
) -> SearchView:
    """Return the page of a reply; the histogram may be of another one, without the address's dates."""
    first = (address.page - 1) * PAGE_SIZE + 1
    last = first + len(reply.hits) - 1
    histogram = undated_filter or reply.histogram
    promoted = tuple(hit_view(hit, address, promoted=True) for hit in reply.promoted)
    next_exists = reply.next_cursor is not None and last <= MAX_OFFSET
    return SearchView(
        address=address,
        heading=_heading(reply),
        title=_title(address),
        read_as=reply.interpretation.query if address.q else None,
        notes=tuple(note.message for note in reply.interpretation.notes if note.code not in TOLD_OTHERWISE),
        most_words=reply.words == "most" and address.words != "most",
        meant=_meant(address, reply),
        alternatives=others,
        partial=_partial(address, reply),
        longer_href=None if address.timeout_ms == str(LONGEST_SEARCH_MS) else _longer(address),
        hits=(*promoted, *(hit_view(hit, address) for hit in reply.hits)),
        range=f"{first:,}–{last:,}" if last > first else (f"{first:,}" if reply.hits else ""),
        as_of=f"{now.astimezone(zone_of(address.timezone)):%H:%M:%S}",
        chart=make_chart(histogram, address) if histogram else None,
        choices=choices(reply.facets or {}, address),
        chips=chips(address),
        orders=_orders(address),
        previous_href=_page(address, address.page - 1) if address.page > 1 else None,
        next_href=_page(address, address.page + 1) if next_exists else None,
        pages=_pages(address, reply),
        json_href=address.json_href,
        problem=None,
    )


def view_of_problem(address: SearchAddress, problem: Problem, *, fault_is_ours: bool) -> SearchView:
    """Return the page where there is no reply; query and filters are kept."""
    readable = problem.code != "unknown_timezone"
    known = address if readable else SearchAddress(q=address.q)
    return SearchView(
        address=known,
        heading="The search did not answer" if fault_is_ours else "This search cannot be run",
        title="The search did not answer" if fault_is_ours else "This search cannot be run",
        read_as=None,
        notes=(),
        most_words=False,
        meant=None,
        alternatives=(),
        partial=None,
        longer_href=None,
        hits=(),
        range="",
        as_of="",
        chart=None,
        choices=choices({}, known),
        chips=chips(known),
        orders=_orders(known),
        previous_href=None,
        next_href=None,
        pages="",
        json_href=None,
        problem=problem,
    )


def stale_text(late_s: float) -> str | None:
    """Return which articles are not in the results yet, where that is worth a word."""
    if late_s <= LATE_S:
        return None
    minutes = round(late_s / 60)
    last = "minute is" if minutes == 1 else f"{minutes:,} minutes are"
    return f"The last {last} not in these results yet."


def count_text(total: int, *, at_least: bool = False) -> str:
    """Return a number of articles in words."""
    return f"{'at least ' if at_least else ''}{total:,} {'article' if total == 1 else 'articles'}"


def _heading(reply: SearchReply) -> str:
    if reply.total == 0 and not reply.promoted:
        return "No articles"
    count = count_text(reply.total, at_least=reply.total_is == "at_least")
    return f"{count[0].upper()}{count[1:]}"


def _title(address: SearchAddress) -> str:
    page = f"page {address.page}" if address.page > 1 else ""
    return ", ".join(filter(None, (address.q, page)))


def _meant(address: SearchAddress, reply: SearchReply) -> Meant | None:
    meant = reply.did_you_mean
    if meant is None:
        return None
    return Meant(text=meant.text, href=address.changed(q=meant.text).href, total=meant.total)


def _partial(address: SearchAddress, reply: SearchReply) -> str | None:
    if not reply.partial:
        return None
    limit_ms = address.request().timeout_ms
    if reply.took_ms < limit_ms / 2:
        return "A pattern of the query stands for too many words."
    seconds = f"{limit_ms / 1000:g}"
    match = "matches" if reply.total == 1 else "match"
    found = f"at least {count_text(reply.total)} {match}"
    return f"The search was stopped after {seconds} second{'' if seconds == '1' else 's'}; {found}."


def _longer(address: SearchAddress) -> str:
    return address.changed(timeout_ms=str(LONGEST_SEARCH_MS), page=address.page).href


def _orders(address: SearchAddress) -> list[tuple[str, str]]:
    return [(name, text) for name, text in ORDERS.items() if address.q or name != "relevance"]


def _page(address: SearchAddress, page: int) -> str:
    return address.changed(page=page, timeout_ms=address.timeout_ms).href


def _pages(address: SearchAddress, reply: SearchReply) -> str:
    """Return which page it is, and of how many where that is known: by relevance, versions of a story are one hit."""
    pages = -(-reply.total // PAGE_SIZE)
    if pages <= 1 and address.page == 1:
        return ""
    known = reply.total_is == "exact" and address.order != "relevance"
    return f"Page {address.page:,} of {pages:,}" if known else f"Page {address.page:,}"
