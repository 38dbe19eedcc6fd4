"""`newsdex trace`: the way of one event, article or query through the processes."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.inspection.data_folder import outcomes_of
from newsdex.apps.operations.log_sources import log_lines
from newsdex.apps.operations.trace import Step, follow
from newsdex.cli.console import err, out, write_json
from newsdex.errors import NewsdexError
from newsdex.settings import load_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(trace)


def trace(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="An article's or event's id, or a correlation id, as a reply has it.")
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LOG]...", help="Logs: files, also gzipped, folders, or - for a pipe."),
    ] = None,
    journal: Annotated[bool, typer.Option("--journal", help="Read journald, too.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each step, with all of the line.")
    ] = False,
) -> None:
    """Show the way of one event, article or query through the processes, with the time of each step.

    From the logs that are named, and the ledger of the data folder where there is one. Ends with 1 where neither
    knows the id.
    """
    entries = outcomes_of(load_settings(), id_)
    with log_lines(sources or (), journal=journal, on_fault=_tell_fault) as lines:
        steps = follow(id_, lines, entries)
    if not steps:
        raise NewsdexError("unknown_trace", f"neither the ledger nor a line of these logs names {id_}")
    if as_json:
        for step in steps:
            line = {"timestamp": step.at.isoformat(), "process": step.process, "event": step.event, **step.details}
            write_json(json.dumps(line, ensure_ascii=False).encode())
    else:
        _show(steps)


def _tell_fault(fault: str) -> None:
    err.print(f"[yellow]not read to its end:[/] {escape(fault)}", soft_wrap=True)


def _show(steps: Sequence[Step]) -> None:
    first = before = steps[0].at
    out.print(f"[dim]{first.isoformat()}, ms since then and since the step before[/]", soft_wrap=True)
    for step in steps:
        since_first, since_before = ((step.at - other).total_seconds() * 1e3 for other in (first, before))
        times = f"{since_first:>12,.1f} {since_before:>+12,.1f}"
        out.print(f"{times}  {step.process:<9} [bold]{escape(step.event)}[/] {escape(step.told())}", soft_wrap=True)
        before = step.at
