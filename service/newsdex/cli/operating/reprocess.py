"""`newsdex reprocess`: articles made once more of their pages."""

import asyncio
from collections import Counter
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.client import connected
from newsdex.cli.console import err, out
from newsdex.cli.progress import progress
from newsdex.errors import Invalid, NewsdexError
from newsdex.normalise.page_address import page_id
from newsdex.settings import load_settings
from newsdex_schemas.operations import ReprocessedArticle

SHOWN = 20
RESULTS = {
    "changed": "made anew",
    "unchanged": "read as before",
    "failed": "not readable now, and left as they were",
    "erased": "with a text that was erased",
    "superseded": "replaced meanwhile",
    "no_page": "without a page that is kept",
}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(reprocess)


def reprocess(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="The articles' ids.", show_default=False)
    ] = None,
    url: Annotated[
        list[str] | None, typer.Option("--url", help="Address of a scraped page, instead of an id; repeat for more.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every article whose page another release of newsdex read.")
    ] = False,
) -> None:
    """Make articles once more of the scraped pages that are kept of them, such as after an upgrade.

    Ids, versions and what wins stay as they are; as often as you like. Ends with 65 where a page cannot be read now or
    none is kept: its article stays as it was.
    """
    named = list(dict.fromkeys([*(ids or ()), *(page_id(one) for one in url or ())]))
    if bool(named) == everything:
        raise Invalid("nothing_chosen", "name articles by their ids or --url, or take --all")
    done: list[ReprocessedArticle] = []
    try:
        asyncio.run(_reprocess(named, done))
    except NewsdexError:
        if done:
            _report(done)
        raise
    if not done:
        out.print("every page that is kept was read by this release")
        return
    _report(done)
    if any(one.result in ("failed", "no_page") for one in done):
        raise typer.Exit(Invalid.exit_code)


async def _reprocess(ids: list[str], done: list[ReprocessedArticle]) -> None:
    async with connected(load_settings()) as client:
        with progress() as bar:
            task = bar.add_task("pages", total=len(ids) or None)
            async for article in client.reprocess(ids):
                done.append(article)
                bar.update(task, completed=len(done))


def _report(done: list[ReprocessedArticle]) -> None:
    counts = Counter[str](one.result for one in done)
    out.print(", ".join(f"{counts[result]:,} {told}" for result, told in RESULTS.items() if counts[result]))
    for one in [one for one in done if one.result in ("failed", "no_page")][:SHOWN]:
        reason = one.reason or RESULTS[one.result]
        err.print(f"{escape(one.article_id)}: {escape(reason)}", soft_wrap=True)
