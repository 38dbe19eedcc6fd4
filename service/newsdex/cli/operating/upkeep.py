"""`newsdex check`, `rebuild`, `rollback`, `backup` and `restore`: what keeps the data folder in order."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.operations import upkeep
from newsdex.apps.operations.upkeep import OnStatus
from newsdex.cli.console import out
from newsdex.cli.progress import progress
from newsdex.errors import Invalid
from newsdex.host.private import private_folder
from newsdex.log import log_to_stderr
from newsdex.settings import Settings, load_settings
from newsdex_schemas.operations import IndexReply


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (check, rebuild, rollback, backup, restore):
        app.command()(command)


def check(
    index: Annotated[bool, typer.Option("--index", help="Only the index.")] = False,
    archive: Annotated[bool, typer.Option("--archive", help="Only the archive.")] = False,
) -> None:
    """Check every byte of index and archive, and that the two agree. Changes nothing; others may go on working.

    One line for each thing that is wrong. Ends with 0 where all is well, else with 65.
    """
    both = index == archive
    findings = 0
    for text in upkeep.check(load_settings(), index=index or both, archive=archive or both):
        findings += 1
        out.print(text, markup=False, soft_wrap=True)
    if findings:
        raise typer.Exit(Invalid.exit_code)
    out.print("nothing is wrong")


def rebuild() -> None:
    """Build the index anew from the archive, beside the one that serves, and let it serve once it is verified.

    The running indexer does it, and goes on with it should this command be interrupted; where none runs, the command
    itself does. Ends with 69 where the new index could not be made.
    """
    _made_ready(upkeep.rebuild, "rebuild")


def rollback() -> None:
    """Go back to the index that served before the last rebuild, once it has caught up with the archive."""
    _made_ready(upkeep.roll_back, "rollback")


def _made_ready(make: Callable[[Settings, OnStatus], IndexReply], name: str) -> None:
    log_to_stderr()
    with progress() as bar:
        task = bar.add_task(name, total=None)

        def show(reply: IndexReply) -> None:
            if reply.building is not None:
                building = reply.building
                bar.update(task, description=f"{name}: {building.phase}", completed=building.position)
                bar.update(task, total=building.head)

        reply = make(load_settings(), show)
    out.print(f"{reply.generation} serves, at change {reply.position:,}")


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder; or one that exists, to make one in.", metavar="FOLDER")],
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Make one in FOLDER, then delete all but the newest N there.", metavar="N"),
    ] = None,
) -> None:
    """Copy the archive as it is at one moment, with a manifest, while everything goes on. The index is made from it.

    With --keep for a timer: only what `newsdex backup` made under a name of its own is deleted, and only after the
    new backup is whole.
    """
    if keep is not None:
        private_folder(target)
    with progress() as bar:
        task = bar.add_task("pages", total=None)
        folder, manifest, gone = upkeep.make_backup(
            load_settings(), target, lambda done, total: bar.update(task, completed=done, total=total), keep
        )
    text = f"{folder}: {manifest.articles:,} articles up to change {manifest.sequence:,}, {manifest.bytes:,} bytes"
    out.print(escape(text), soft_wrap=True)
    for old in gone:
        out.print(escape(f"{old} deleted"), soft_wrap=True)


def restore(
    source: Annotated[Path, typer.Argument(help="What `newsdex backup` made.", metavar="FOLDER")],
) -> None:
    """Put a backup into a data folder that has neither archive nor index; overwrites nothing.

    Ends with 65 for a backup that is not what was written.
    """
    settings = load_settings()
    manifest = upkeep.put_back(settings, source)
    articles = f"{manifest.articles:,} articles up to change {manifest.sequence:,}"
    text = f"{settings.data_dir}: {articles}, as of {manifest.made_at}"
    out.print(escape(text), soft_wrap=True)
    out.print("start the indexer: it builds the index")
