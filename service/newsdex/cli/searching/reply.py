"""Shows the reply to a search on a terminal."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from itertools import count

from rich.table import Table
from rich.text import Text

from newsdex.cli.console import out
from newsdex.visible import visible
from newsdex_schemas import Facet, Histogram, Hit, SearchReply, SearchRequest
from newsdex_schemas.search import MAX_OFFSET

MARKS = {"<mark>": "bold yellow", "</mark>": ""}
BAR_CHARS = 40
PROMOTED = "★"
FORMATS = {"hour": "%Y-%m-%d %H:%M", "day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m"}
"""How the beginning of an interval is written; longer ones by their year."""


def show_reply(reply: SearchReply, request: SearchRequest, passed: int, *, last: bool) -> None:
    """Print a page of hits, and with the last one what is known of all; `passed` hits stood on the pages before."""
    if passed == request.offset:
        _show_reading(reply, request)
    show_hits(reply.promoted, [PROMOTED] * len(reply.promoted))
    show_hits(reply.hits, range(passed + 1, passed + 1 + len(reply.hits)))
    for name, facet in (reply.facets or {}).items():
        _show_facet(name, facet)
    if reply.histogram:
        _show_histogram(reply.histogram)
    if last:
        _show_total(reply, request, passed + len(reply.hits))


def show_hits(hits: Sequence[Hit], labels: Iterable[int | str] | None = None) -> None:
    """Print hits, each behind its label."""
    table = Table(box=None, padding=(0, 1, 1, 0), show_header=False)
    table.add_column(justify="right", style="dim")
    table.add_column(ratio=1, overflow="fold")
    for hit, label in zip(hits, labels or count(1), strict=False):
        table.add_row(str(label), _text_of(hit))
    if hits:
        out.print(table)


def _show_reading(reply: SearchReply, request: SearchRequest) -> None:
    """Say how the query was read, where that is not how it was written."""
    read = reply.interpretation
    if read.query not in ("*", " ".join(request.q.split())):
        out.print(Text.assemble(("read as ", "dim"), read.query), soft_wrap=True)
    for note in read.notes:
        piece = f"{request.q[note.start : note.end]}: " if note.start is not None else ""
        out.print(Text.assemble(("note ", "dim"), piece, note.message, (f" ({note.code})", "dim")), soft_wrap=True)
    if read.notes:
        out.print()


def _show_total(reply: SearchReply, request: SearchRequest, shown: int) -> None:
    more = "at least " if reply.total_is == "at_least" else ""
    articles = "article" if reply.total == 1 else "articles"
    out.print(f"[dim]{more}{reply.total:,} {articles} in {reply.took_ms:.1f} ms, as of change {reply.position:,}[/]")
    if reply.next_cursor and request.cursor is None and shown <= MAX_OFFSET:
        out.print(f"[dim]next page: --offset {shown}; every hit: --all[/]")
    elif reply.next_cursor:
        out.print(f"[dim]next page: --cursor {reply.next_cursor}[/]", soft_wrap=True)
    if reply.did_you_mean:
        meant = reply.did_you_mean
        out.print(Text.assemble("did you mean ", marked_text(meant.marked), f"? It finds {meant.total:,}."))


def _show_facet(name: str, facet: Facet) -> None:
    if not facet.values:
        return
    shown = [f"{value.value} {value.count:,}" for value in facet.values]
    more = [f"and {facet.more:,} more"] if facet.more else []
    out.print(Text.assemble((f"{name}: ", "bold"), " · ".join([*shown, *more])))


def _show_histogram(histogram: Histogram) -> None:
    most = max((bucket.count for bucket in histogram.buckets), default=0)
    for bucket in histogram.buckets:
        start = bucket.start.strftime(FORMATS.get(histogram.interval, "%Y"))
        bar = "▇" * round(BAR_CHARS * bucket.count / most)
        out.print(Text.assemble((start, "bold"), f" {bucket.count:>7,} ", (bar, "dim")))
    if histogram.undated:
        out.print(Text.assemble(("undated", "bold"), f" {histogram.undated:,}"))


def _text_of(hit: Hit) -> Text:
    date = hit.published_at.strftime("%Y-%m-%d %H:%M %z") if hit.published_at else None
    facts = [date, hit.section, hit.agency, hit.dateline, ", ".join(hit.authors), hit.id]
    lines = [
        marked_text(hit.title_html or hit.title, "bold"),
        *(marked_text(snippet) for snippet in hit.snippets),
        Text(visible(" · ".join(fact for fact in facts if fact)), style="dim"),
        *_more_versions(hit),
        *(Text(f"{reason.score:8.2f}  {reason.text}", style="cyan") for reason in hit.reasons),
    ]
    return Text("\n").join(lines)


def _more_versions(hit: Hit) -> Iterator[Text]:
    if hit.more_versions:
        versions = "version" if hit.more_versions == 1 else "versions"
        yield Text(f"{hit.more_versions:,} more {versions}: --versions-of {hit.id}", style="dim")


def marked_text(html: str, style: str = "") -> Text:
    """Show the contract's HTML marks as a terminal does; what a table measures is what is printed."""
    shown, own = Text(style=style), ""
    for part in re.split(r"(</?mark>)", html):
        if part in MARKS:
            own = MARKS[part]
        else:
            shown.append(visible(unescape(part)), style=own)
    return shown
