"""`newsdex why`: what became of an article."""

from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.inspection.article_story import tell_story
from newsdex.apps.inspection.data_folder import archived_origins, story_of
from newsdex.cli.console import moment, out
from newsdex.cli.publishing.origins import origin_lines
from newsdex.clock import now_us
from newsdex.records.moments import microseconds
from newsdex.settings import load_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(why)


def why(article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")]) -> None:
    """Tell everything the ledger knows of one article, how it stands now, and where a page's values were read."""
    settings = load_settings()
    story = tell_story(story_of(settings, article_id), now_us())
    for event in story.events:
        at = moment(microseconds(event.at))
        out.print(f"[dim]{at}[/] [bold]{event.outcome}[/]: {escape(event.message)}", soft_wrap=True)
    out.print(f"[bold]now[/] {escape(story.message)}", soft_wrap=True)
    for page in story.pages:
        told = f"of {moment(microseconds(page.stored_at))}, {page.bytes:,} bytes, read by {page.reader}"
        again = f"; this release reads otherwise: newsdex reprocess {article_id}" if page.outdated else ""
        out.print(f"[bold]page[/] kept: {escape(told + again)}", soft_wrap=True)
    for line in origin_lines(archived_origins(settings, article_id)):
        out.print(f"[bold]read[/] {escape(line)}", soft_wrap=True)
