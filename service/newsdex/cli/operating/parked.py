"""`newsdex parked`: events that could not be handled, and what an operator does with them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from newsdex.apps.client import Client, connected
from newsdex.apps.inspection.data_folder import every_parked, parked_event, parked_events
from newsdex.cli.console import moment, out
from newsdex.cli.operating.parked_choice import Before, Codes, Ids, Since, chosen_ids, parked_choice
from newsdex.cli.operating.parked_export import export_to
from newsdex.cli.progress import progress
from newsdex.errors import Invalid, NewsdexError
from newsdex.settings import load_settings
from newsdex_schemas.operations import ParkedResult

app = typer.Typer(
    name="parked", help="Look at events that could not be handled, retry or drop them.", no_args_is_help=True
)

SHOWN_BYTES = 20_000
SHOWN_RESULTS = 20
All = Annotated[bool, typer.Option("--all", help="Every event that is parked.")]
ClosedToo = Annotated[bool, typer.Option("--all", help="Also those that were retried, dropped or superseded.")]


def add_to(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app)


@app.command("list")
def list_(
    include_closed: ClosedToo = False,
    code: Codes = None,
    since: Since = None,
    before: Before = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
) -> None:
    """List parked events, newest first."""
    choice = parked_choice(code, since, before, include_closed=include_closed)
    events = parked_events(load_settings(), choice, limit=limit)
    if not events:
        out.print("nothing is parked")
        return
    table = Table("id", "parked at", "code", "place", "channel", "article", "event", "tries", box=None)
    for event in events:
        state = "" if event.status == "open" else f" ({event.status})"
        table.add_row(
            str(event.id),
            moment(event.at_us),
            event.fault.code + state,
            escape(event.fault.place or ""),
            event.delivery.subject,
            escape(event.article_id or ""),
            escape(event.event_id),
            str(event.attempts),
        )
    out.print(table)


@app.command()
def show(
    id_: Annotated[int, typer.Argument(metavar="ID", help="Number from `parked list`.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the message's bytes as they came, and nothing else.")
    ] = False,
) -> None:
    """Show one parked event: why it was parked, and the message."""
    event = parked_event(load_settings(), id_)
    body = event.delivery.body
    if raw:
        typer.get_binary_stream("stdout").write(body)
        return
    facts = {
        "code": event.fault.code,
        "message": event.fault.message,
        "place": event.fault.place,
        "parked at": f"{moment(event.at_us)} UTC",
        "status": f"{event.status}: {event.resolution}" if event.resolution else event.status,
        "closed at": f"{moment(event.closed_us)} UTC" if event.closed_us else None,
        "channel": f"{event.delivery.subject}, message {event.delivery.stream_sequence}",
        "event": f"{event.event_id} from {event.source}",
        "article": event.article_id,
        "correlation": event.correlation_id,
        **{f"header {name}": value for name, value in event.delivery.headers.items()},
        "size": f"{len(body):,} bytes",
    }
    for name, value in facts.items():
        if value is not None:
            out.print(f"[dim]{escape(name):>12}[/]  {escape(value)}", soft_wrap=True)
    text = body[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    out.print(text, markup=False, soft_wrap=True)
    if len(body) > SHOWN_BYTES:
        out.print(f"[dim]… the first {SHOWN_BYTES:,} bytes; all of it: newsdex parked show {id_} --raw[/]")


@app.command()
def export(
    include_closed: ClosedToo = False,
    code: Codes = None,
    since: Since = None,
    before: Before = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file, readable for its owner only, instead of standard output."),
    ] = None,
) -> None:
    """Write parked events as JSON Lines, oldest first: all that is known, and the message's bytes in base64."""
    choice = parked_choice(code, since, before, include_closed=include_closed)
    number = export_to(output, every_parked(load_settings(), choice))
    if output is not None:
        out.print(f"{number:,} events in {escape(str(output))}", soft_wrap=True)


@app.command()
def retry(
    ids: Ids = None, everything: All = False, code: Codes = None, since: Since = None, before: Before = None
) -> None:
    """Handle parked events once more, such as after an upgrade that understands them.

    As often as you like: what was handled before is not handled again. Ends with 65 where an event stays parked.
    """
    chosen = chosen_ids(load_settings(), ids, parked_choice(code, since, before), everything=everything)
    _redrive(chosen, lambda client: client.retry_parked(chosen), named=bool(ids))


@app.command()
def drop(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    ids: Ids = None,
    everything: All = False,
    code: Codes = None,
    since: Since = None,
    before: Before = None,
    reason: Annotated[str, typer.Option(help="Why; kept with the event.")] = "",
) -> None:
    """Close parked events without handling them; they stay in `parked list --all`."""
    chosen = chosen_ids(load_settings(), ids, parked_choice(code, since, before), everything=everything)
    _redrive(chosen, lambda client: client.drop_parked(chosen, reason), named=bool(ids))


def _redrive(chosen: list[int], ask: Callable[[Client], AsyncIterator[ParkedResult]], *, named: bool) -> None:
    """Ask for it, and say what became of the events, also where the indexer stops answering in the middle."""
    results: list[ParkedResult] = []

    async def gather() -> None:
        async with connected(load_settings()) as client:
            with progress() as bar:
                task = bar.add_task("parked events", total=len(chosen))
                async for result in ask(client):
                    results.append(result)
                    bar.update(task, completed=len(results))

    if not chosen:
        out.print("nothing is parked")
        return
    try:
        asyncio.run(gather())
    except NewsdexError:
        if results:
            _report(results, named=named)
        raise
    _report(results, named=named)
    if any(one.result in ("parked", "unknown") for one in results):
        raise typer.Exit(Invalid.exit_code)


def _report(results: list[ParkedResult], *, named: bool) -> None:
    """Return a line for each event that was named; of many, the numbers, and a line for some that stay parked."""
    if named:
        shown = results
    else:
        counts = Counter(one.result for one in results)
        out.print(", ".join(f"{number:,} {result}" for result, number in sorted(counts.items())))
        shown = [one for one in results if one.result == "parked"][:SHOWN_RESULTS]
    for one in shown:
        out.print(f"{one.id}: [bold]{one.result}[/] {escape(one.reason or '')}", soft_wrap=True)
