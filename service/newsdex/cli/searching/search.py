"""`newsdex search`: asks the searchers."""

import asyncio
import uuid
from typing import Annotated, get_args

import typer
from pydantic import ValidationError

from newsdex.apps.client import connected
from newsdex.cli.console import err, out, write_json
from newsdex.cli.options import name_option, refuse_options
from newsdex.cli.searching.reply import show_reply
from newsdex.cli.searching.search_options import (
    Agencies,
    Authors,
    From,
    Languages,
    Most,
    Recency,
    RepeatsShown,
    Sections,
    Sort,
    SortBy,
    Tags,
    Timezone,
    To,
    filters_of,
)
from newsdex.errors import Refused
from newsdex.settings import load_settings
from newsdex_schemas import SearchRequest
from newsdex_schemas.client import CORRELATION_ID
from newsdex_schemas.search import MAX_SIZE, FacetName

SHOWN_VALUES = 8
"""So many values of each facet are shown."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    query: Annotated[
        str,
        typer.Argument(help='Words, "phrases", title:word, pre*, a OR b, -c, published:yesterday. Empty: everything.'),
    ] = "",
    section: Sections = None,
    author: Authors = None,
    tag: Tags = None,
    agency: Agencies = None,
    language: Languages = None,
    published_from: From = None,
    published_to: To = None,
    sort: SortBy = Sort.relevance,
    repeats: RepeatsShown = None,
    versions_of: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this article and its versions, all of them.")
    ] = None,
    size: Annotated[int, typer.Option(help="How many hits.", min=0, max=100)] = 10,
    offset: Annotated[int, typer.Option(help="How many hits to pass over.", min=0, max=10_000)] = 0,
    cursor: Annotated[str | None, typer.Option(help="The page behind this cursor, of the same search.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every hit, page by page.")] = False,
    most: Most = False,
    recency: Recency = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each score is made of.")] = False,
    facets: Annotated[bool, typer.Option("--facets", help="Count all matches by field and by date.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse what breaks the grammar of queries.")] = False,
    timezone: Timezone = "UTC",
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
    values = {"section": section, "authors": author, "tags": tag, "agency": agency, "language": language}
    fields = {
        "q": query,
        "strict": strict,
        "timezone": timezone,
        "filters": filters_of(values, published_from, published_to, timezone),
        "sort": sort.value,
        "repeats": repeats.value if repeats else None,
        "versions_of": versions_of,
        "size": MAX_SIZE if every else size,
        "offset": offset,
        "cursor": cursor,
        "words": "most" if most else "all",
        "recency": {"weight": recency} if recency is not None else None,
        "explain": explain,
        "facets": get_args(FacetName) if facets else (),
        "facet_size": SHOWN_VALUES,
        "histogram": facets,
        "timeout_ms": timeout_ms,
        "wait_for": dict(zip(("source", "id"), wait_for, strict=True)) if wait_for else None,
    }
    try:
        request = SearchRequest.model_validate(fields)
    except ValidationError as error:
        refuse_options(error)
    try:
        asyncio.run(_search(request, every=every, json=json))
    except Refused as error:
        if json:
            write_json(error.problem.to_json())
        _point_at(query, error)
        name_option(error)
        raise


async def _search(request: SearchRequest, *, every: bool, json: bool) -> None:
    """Ask for a page, or for one behind the other, and show each as it comes."""
    number, id_ = request.offset, str(uuid.uuid4())
    CORRELATION_ID.set(id_)
    async with connected(load_settings()) as client:
        while True:
            reply = await client.search(request)
            more = every and reply.next_cursor is not None
            if json:
                write_json(reply.to_json())
            else:
                show_reply(reply, request, number, last=not more)
                if request.explain:
                    out.print(f"[dim]this search is {id_} in the logs[/]")
            if not more:
                return
            number += len(reply.hits)
            # counts are of all matches: the first page has them
            request = request.model_copy(
                update={"cursor": reply.next_cursor, "offset": 0, "facets": (), "histogram": False}
            )


def _point_at(query: str, error: Refused) -> None:
    place = error.problem.place
    if place is not None and place.start is not None:
        width = max(1, (place.end or place.start + 1) - place.start)
        err.print(f"  {query}\n  {' ' * place.start}{'^' * width}", markup=False, soft_wrap=True)
