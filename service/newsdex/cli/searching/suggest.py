"""`newsdex suggest`: asks the searchers what may be meant by the beginning of a query."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from newsdex.apps.client import connected
from newsdex.cli.console import out, write_json
from newsdex.cli.options import refuse_options
from newsdex.cli.searching.reply import marked_text
from newsdex.settings import load_settings
from newsdex_schemas import SuggestReply, SuggestRequest


class Kind(StrEnum):
    """Kinds of suggestions."""

    titles = "titles"
    authors = "authors"
    tags = "tags"
    terms = "terms"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(suggest)


def suggest(
    prefix: Annotated[str, typer.Argument(help="What was typed so far; the last word may be unfinished.")],
    kind: Annotated[list[Kind] | None, typer.Option(help="Only this kind; repeat for several.")] = None,
    size: Annotated[int, typer.Option(help="How many of each kind.", min=1, max=20)] = 5,
    timeout_ms: Annotated[int, typer.Option(help="The request's deadline.", min=1, max=10_000)] = 500,
    json: Annotated[bool, typer.Option("--json", help="Print the reply as JSON.")] = False,
) -> None:
    """Complete the beginning of a query with titles, authors, tags and terms, also where it has a typing error.

    Ends with 0 also where there are none, 69 where nobody answers.
    """
    kinds = {"kinds": [one.value for one in kind]} if kind else {}
    try:
        request = SuggestRequest.model_validate({"q": prefix, "size": size, "timeout_ms": timeout_ms, **kinds})
    except ValidationError as error:
        refuse_options(error)
    reply = asyncio.run(_suggest(request))
    if json:
        write_json(reply.to_json())
    else:
        _show(reply)


async def _suggest(request: SuggestRequest) -> SuggestReply:
    async with connected(load_settings()) as client:
        return await client.suggest(request)


def _show(reply: SuggestReply) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_column(style="dim", justify="right")
    for title in reply.titles:
        date = title.published_at.strftime("%Y-%m-%d") if title.published_at else ""
        table.add_row("title", marked_text(title.marked), date)
    for kind, suggestions in (("author", reply.authors), ("tag", reply.tags), ("term", reply.terms)):
        for one in suggestions:
            table.add_row(kind, marked_text(one.marked), f"{one.total:,}")
    if table.row_count:
        out.print(table)
    more = ", cut short by the deadline" if reply.partial else ""
    out.print(f"[dim]{table.row_count} suggestions in {reply.took_ms:.1f} ms{more}[/]")
