"""`newsdex similar`: asks the searchers for articles about the same as another one."""

import asyncio
from typing import Annotated

import typer
from pydantic import ValidationError

from newsdex.apps.client import connected
from newsdex.cli.console import out, write_json
from newsdex.cli.options import DATE_HELP, first_moment, name_option, refuse_options
from newsdex.cli.searching.reply import show_hits
from newsdex.cli.searching.search_options import Values
from newsdex.clock import now_us
from newsdex.errors import Refused
from newsdex.settings import load_settings
from newsdex_schemas import SimilarReply, SimilarRequest


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(similar)


def similar(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")],
    section: Annotated[Values, typer.Option(help="Only this section; repeat for alternatives.")] = None,
    tag: Annotated[Values, typer.Option(help="Only with this tag.")] = None,
    language: Annotated[Values, typer.Option(help="Only in this language, a BCP 47 tag.")] = None,
    published_from: Annotated[str | None, typer.Option("--from", help=f"{DATE_HELP} is included.")] = None,
    published_to: Annotated[str | None, typer.Option("--to", help="Likewise; it is not included.")] = None,
    size: Annotated[int, typer.Option(help="How many articles.", min=1, max=100)] = 10,
    timeout_ms: Annotated[int, typer.Option(help="The request's deadline.", min=1, max=10_000)] = 1_000,
    json: Annotated[bool, typer.Option("--json", help="Print the reply as JSON.")] = False,
) -> None:
    """Find articles about the same as another one, by its significant words.

    Ends with 0 also where there are none, 65 where no such article may be shown, 69 where nobody answers.
    """
    filters = {
        "section": section, "tags": tag, "language": language,
        "published_from": first_moment(published_from, "--from", timezone="UTC", now_us=now_us()),
        "published_to": first_moment(published_to, "--to", timezone="UTC", now_us=now_us()),
    }  # fmt: skip
    try:
        request = SimilarRequest.model_validate({
            "id": article_id,
            "filters": {name: value for name, value in filters.items() if value},
            "size": size, "timeout_ms": timeout_ms,
        })  # fmt: skip
    except ValidationError as error:
        refuse_options(error)
    try:
        reply = asyncio.run(_similar(request))
    except Refused as error:
        name_option(error)
        raise
    if json:
        write_json(reply.to_json())
    else:
        _show(reply)


async def _similar(request: SimilarRequest) -> SimilarReply:
    async with connected(load_settings()) as client:
        return await client.similar(request)


def _show(reply: SimilarReply) -> None:
    show_hits(reply.hits)
    articles = "article" if len(reply.hits) == 1 else "articles"
    by = f", by {', '.join(reply.terms)}" if reply.terms else ""
    out.print(f"{len(reply.hits)} {articles} in {reply.took_ms:.1f} ms{by}", style="dim", markup=False)
