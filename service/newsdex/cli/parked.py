"""`newsdex parked`: events that could not be handled, and what an operator does with them."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from newsdex.apps.client import connected
from newsdex.apps.inspection import parked_event, parked_events
from newsdex.cli.console import moment, out
from newsdex.errors import Invalid
from newsdex.settings import load_settings
from newsdex_schemas.operations import ParkedReply

app = typer.Typer(
    name="parked", help="Look at events that could not be handled, retry or drop them.", no_args_is_help=True
)

MAX_AT_ONCE = 1_000
SHOWN_BYTES = 20_000

Ids = Annotated[
    list[int] | None, typer.Argument(metavar="ID...", help="Numbers from `parked list`.", show_default=False)
]
All = Annotated[bool, typer.Option("--all", help="Every event that is parked, up to 1,000 at once.")]


@app.command("list")
def list_(
    include_closed: Annotated[bool, typer.Option("--all", help="Also those that were retried or dropped.")] = False,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
) -> None:
    """List parked events, newest first."""
    events = parked_events(load_settings(), limit=limit, include_closed=include_closed)
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
def retry(ids: Ids = None, everything: All = False) -> None:
    """Handle parked events once more, such as after an upgrade that understands them."""
    chosen = _chosen(ids, everything=everything)

    async def ask() -> ParkedReply:
        async with connected(load_settings()) as client:
            return await client.retry_parked(chosen)

    _report(asyncio.run(ask()) if chosen else ParkedReply(results=()))


@app.command()
def drop(
    ids: Ids = None,
    everything: All = False,
    reason: Annotated[str, typer.Option(help="Why; kept with the event.")] = "",
) -> None:
    """Close parked events without handling them; they stay in `parked list --all`."""
    chosen = _chosen(ids, everything=everything)

    async def ask() -> ParkedReply:
        async with connected(load_settings()) as client:
            return await client.drop_parked(chosen, reason)

    _report(asyncio.run(ask()) if chosen else ParkedReply(results=()))


def _chosen(ids: Sequence[int] | None, *, everything: bool) -> list[int]:
    if bool(ids) == everything:
        raise Invalid("nothing_chosen", "name the events by their numbers, or all of them by --all")
    if ids:
        return list(ids)
    return [event.id for event in parked_events(load_settings(), limit=MAX_AT_ONCE, include_closed=False)]


def _report(reply: ParkedReply) -> None:
    if not reply.results:
        out.print("nothing is parked")
    for one in reply.results:
        out.print(f"{one.id}: [bold]{one.result}[/] {escape(one.reason or '')}")
    if any(one.result in ("parked", "unknown") for one in reply.results):
        raise typer.Exit(Invalid.exit_code)
