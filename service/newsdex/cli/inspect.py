"""`newsdex why`: what became of an article."""

from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.article_story import tell_story
from newsdex.apps.inspection import story_of
from newsdex.cli.console import moment, out
from newsdex.clock import now_us
from newsdex.records import microseconds
from newsdex.settings import load_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(why)


def why(article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")]) -> None:
    """Tell everything the ledger knows of one article, oldest first, and how it stands now."""
    story = tell_story(story_of(load_settings(), article_id), now_us())
    for event in story.events:
        at = moment(microseconds(event.at))
        out.print(f"[dim]{at}[/] [bold]{event.outcome}[/]: {escape(event.message)}", soft_wrap=True)
    out.print(f"[bold]now[/] {escape(story.message)}", soft_wrap=True)
