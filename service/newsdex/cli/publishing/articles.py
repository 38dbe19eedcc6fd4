"""`newsdex articles`: what the archive has, for other programs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.inspection.data_folder import every_article
from newsdex.cli.console import out
from newsdex.cli.json_lines import write_lines
from newsdex.clock import now_us
from newsdex.settings import load_settings

app = typer.Typer(name="articles", help="Write the archived articles out.", no_args_is_help=True)


@app.command()
def export(
    everything: Annotated[
        bool, typer.Option("--all", help="Embargoed and expired articles too; withdrawn ones never.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file, readable for its owner only, instead of standard output."),
    ] = None,
) -> None:
    """Write the articles that are shown now as JSON Lines, in the order of their last changes.

    All are of one moment, whatever is published meanwhile. `newsdex publish` takes what it writes.
    """
    number = write_lines(output, every_article(load_settings(), None if everything else now_us()))
    if output is not None:
        out.print(f"{number:,} articles in {escape(str(output))}", soft_wrap=True)


def add_to(parent: typer.Typer) -> None:
    """Add the command to the others."""
    parent.add_typer(app)
