"""`newsdex status`: how every part of the service is."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.operations.status import Finding, look
from newsdex.cli.console import out
from newsdex.errors import Unavailable
from newsdex.settings import load_settings

WATCH_EVERY_S = 2.0


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    watch: Annotated[bool, typer.Option("--watch", help="Look again every two seconds, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each part.")] = False,
) -> None:
    """Show how every part of the service is. Ends with 69 where something is not well."""
    settings = load_settings()
    while True:
        findings = asyncio.run(look(settings))
        if watch and not as_json:
            out.clear()
        _show(findings, as_json=as_json)
        if not watch:
            break
        time.sleep(WATCH_EVERY_S)
    if not all(finding.well for finding in findings):
        raise typer.Exit(Unavailable.exit_code)


def _show(findings: Sequence[Finding], *, as_json: bool) -> None:
    for finding in findings:
        if as_json:
            print(json.dumps(asdict(finding)), flush=True)  # noqa: T201 - for programs: no colours, no wrapping
            continue
        well = "[green]ok[/]" if finding.well else "[red]no[/]"
        code = f" ({finding.code})" if finding.code else ""
        source = "" if finding.source == "broker" else " [dim](files)[/]"
        out.print(f"{well}  {finding.part:<9} {escape(finding.text)}{code}{source}", soft_wrap=True)
