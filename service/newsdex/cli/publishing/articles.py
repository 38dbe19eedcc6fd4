"""`newsdex articles`: what the archive has, for other programs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.inspection.article_export import exported_lines
from newsdex.archive.snapshot import open_snapshot
from newsdex.cli.console import err, out
from newsdex.cli.json_lines import write_lines
from newsdex.clock import now_us
from newsdex.errors import Invalid
from newsdex.records.feed import FeedPosition
from newsdex.settings import load_settings

app = typer.Typer(name="articles", help="Write the archived articles out.", no_args_is_help=True)


@app.command()
def export(
    everything: Annotated[
        bool, typer.Option("--all", help="Embargoed and expired articles too; withdrawn ones never.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            help="Only what has changed, or began to be shown, since an export that ended at this position.",
            metavar="POSITION",
        ),
    ] = None,
    withdrawn: Annotated[
        bool,
        typer.Option("--withdrawn", help="What is not exported too, as withdrawals: by their ids, without texts."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file, readable for its owner only, instead of standard output."),
    ] = None,
) -> None:
    """Write the articles that are shown now as JSON Lines, in the order of their last changes.

    All are of one moment, whatever is published meanwhile; its position, for the next --since, is told at the end.
    `newsdex publish` takes what it writes.
    """
    position = None if since is None else _position(since)
    with open_snapshot(load_settings().data_dir, now_us()) as snapshot:
        lines = exported_lines(snapshot, position, everything=everything, withdrawn=withdrawn)
        number = write_lines(output, lines)
    told = f"{number:,} lines" if withdrawn else f"{number:,} articles"
    place = "" if output is None else f" in {output}"
    (err if output is None else out).print(escape(f"{told}{place}, up to {snapshot.position}"), soft_wrap=True)


def _position(text: str) -> FeedPosition:
    try:
        return FeedPosition.parsed(text)
    except (ValueError, OverflowError) as error:
        raise Invalid("invalid_position", f"--since takes a position as an export tells it, not {text!r}") from error


def add_to(parent: typer.Typer) -> None:
    """Add the command to the others."""
    parent.add_typer(app)
