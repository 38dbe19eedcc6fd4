"""`newsdex search`: asks the searchers."""

import asyncio
import re
import sys
from enum import StrEnum
from html import unescape
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from newsdex.apps.client import Refused, connected
from newsdex.cli.console import err, out
from newsdex.settings import load_settings
from newsdex.validation import as_invalid
from newsdex_schemas import Hit, SearchReply, SearchRequest


class Sort(StrEnum):
    """Orders of hits."""

    relevance = "relevance"
    newest = "newest"
    oldest = "oldest"


Values = list[str] | None
MARKS = {"<mark>": "bold yellow", "</mark>": ""}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    query: Annotated[
        str, typer.Argument(help='Words, "phrases", title:word, pre*, a OR b, NOT c. Empty: everything.')
    ] = "",
    section: Annotated[
        Values, typer.Option(help="Only this section; repeat for alternatives, as with the others.")
    ] = None,
    author: Annotated[Values, typer.Option(help="Only by this author.")] = None,
    tag: Annotated[Values, typer.Option(help="Only with this tag.")] = None,
    agency: Annotated[Values, typer.Option(help="Only of this agency.")] = None,
    language: Annotated[Values, typer.Option(help="Only in this language, a BCP 47 tag.")] = None,
    published_from: Annotated[
        str | None, typer.Option("--from", help="RFC 3339 time or date (UTC), inclusive.")
    ] = None,
    published_to: Annotated[str | None, typer.Option("--to", help="RFC 3339 time or date (UTC), exclusive.")] = None,
    sort: Annotated[Sort, typer.Option(help="Order of the hits.")] = Sort.relevance,
    size: Annotated[int, typer.Option(help="How many hits.", min=0, max=100)] = 10,
    offset: Annotated[int, typer.Option(help="How many hits to pass over.", min=0, max=10_000)] = 0,
    timeout_ms: Annotated[int, typer.Option(help="The query's deadline.", min=1, max=10_000)] = 1_000,
    wait_for: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="SOURCE ID", help="Wait, up to the deadline, until this event is reflected."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the reply as JSON.")] = False,
) -> None:
    """Search the published articles.

    Ends with 0 also where nothing was found, 65 for a query that cannot be read, 69 where nobody answers.
    """
    filters = {
        "section": section, "authors": author, "tags": tag, "agency": agency, "language": language,
        "published_from": _moment(published_from), "published_to": _moment(published_to),
    }  # fmt: skip
    try:
        request = SearchRequest.model_validate({
            "q": query,
            "filters": {name: value for name, value in filters.items() if value},
            "sort": sort.value, "size": size, "offset": offset, "timeout_ms": timeout_ms,
            "wait_for": dict(zip(("source", "id"), wait_for, strict=True)) if wait_for else None,
        })  # fmt: skip
    except ValidationError as error:
        raise as_invalid(error) from error
    try:
        reply = asyncio.run(_search(request))
    except Refused as error:
        if json:
            sys.stdout.buffer.write(error.problem.to_json() + b"\n")
        _point_at(query, error)
        raise
    if json:
        sys.stdout.buffer.write(reply.to_json() + b"\n")
    else:
        _show(reply, offset)


async def _search(request: SearchRequest) -> SearchReply:
    async with connected(load_settings()) as client:
        return await client.search(request)


def _moment(text: str | None) -> str | None:
    """Let a date stand for its first moment in UTC."""
    return f"{text}T00:00:00Z" if text and re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text


def _point_at(query: str, error: Refused) -> None:
    place = error.problem.place
    if place is not None and place.start is not None:
        width = max(1, (place.end or place.start + 1) - place.start)
        err.print(f"  {query}\n  {' ' * place.start}{'^' * width}", markup=False, soft_wrap=True)


def _show(reply: SearchReply, offset: int) -> None:
    table = Table(box=None, padding=(0, 1, 1, 0), show_header=False)
    table.add_column(justify="right", style="dim")
    table.add_column(ratio=1, overflow="fold")
    for number, hit in enumerate(reply.hits, offset + 1):
        table.add_row(str(number), _text_of(hit))
    if reply.hits:
        out.print(table)
    more = "at least " if reply.partial else ""
    articles = "article" if reply.total == 1 else "articles"
    out.print(f"[dim]{more}{reply.total:,} {articles} in {reply.took_ms:.1f} ms, as of change {reply.position:,}[/]")


def _text_of(hit: Hit) -> Text:
    date = hit.published_at.strftime("%Y-%m-%d %H:%M %z") if hit.published_at else None
    facts = [date, hit.section, hit.agency, hit.dateline, ", ".join(hit.authors), hit.id]
    lines = [
        Text(hit.title, style="bold"),
        *(_marked(snippet) for snippet in hit.snippets),
        Text(" · ".join(fact for fact in facts if fact), style="dim"),
    ]
    return Text("\n").join(lines)


def _marked(snippet: str) -> Text:
    """Show the contract's HTML marks as a terminal does."""
    shown, style = Text(), ""
    for part in re.split(r"(</?mark>)", snippet):
        if part in MARKS:
            style = MARKS[part]
        else:
            shown.append(unescape(part), style=style)
    return shown
