"""`newsdex stream`, `stream prune` and `redeliver`: how full the stream of events is, and what is done about it."""

import asyncio
from typing import Annotated

import typer

from newsdex.apps.client import connected
from newsdex.apps.operations.status import stream_text
from newsdex.apps.stream.redelivery import have_redelivered
from newsdex.cli.console import out
from newsdex.settings import load_settings
from newsdex_schemas.operations import StreamOrder, StreamReply

app = typer.Typer(name="stream", help="Look how full the stream of events is, and make room in it.")


def add_to(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app)
    parent.command()(redeliver)


@app.callback(invoke_without_command=True)
def stream(
    context: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print the reply as JSON.")] = False
) -> None:
    """Tell how full stream and store are, and how many handled events may go.

    Ends with 69 where no indexer answers.
    """
    if context.invoked_subcommand is None:
        _show(asyncio.run(_status()), json=json)


@app.command()
def prune(
    keep_bytes: Annotated[
        int | None, typer.Option(help="How many bytes of handled events stay; else as it is set.", min=0)
    ] = None,
    keep_days: Annotated[
        float | None, typer.Option(help="How many days handled events stay; else as it is set.", min=0)
    ] = None,
    unbacked: Annotated[
        bool, typer.Option("--unbacked", help="Also events that no backup has: the archive is then all that has them.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the reply as JSON.")] = False,
) -> None:
    """Remove the oldest handled events now. What was not handled always stays.

    Ends with 0 also where none may go, 69 where no indexer answers.
    """
    order = StreamOrder(order="prune", keep_bytes=keep_bytes, keep_days=keep_days, unbacked=unbacked)
    _show(asyncio.run(_prune(order)), json=json)


def redeliver() -> None:
    """Have the broker deliver every event in the stream once more. What the archive has becomes a duplicate.

    The running indexer does it; where none runs, the command itself does, and events come when one is started. Ends
    with 69 where the broker does not answer.
    """
    asyncio.run(have_redelivered(load_settings()))
    out.print("every event in the stream is delivered once more")


async def _status() -> StreamReply:
    async with connected(load_settings()) as client:
        return await client.stream_status()


async def _prune(order: StreamOrder) -> StreamReply:
    async with connected(load_settings()) as client:
        return await client.prune_stream(order)


def _show(reply: StreamReply, *, json: bool) -> None:
    if json:
        typer.echo(reply.to_json())
        return
    if reply.pruned is not None:
        out.print(f"{reply.pruned:,} removed")
    out.print(stream_text(reply), markup=False, soft_wrap=True)
    for fault in reply.faults:
        out.print(fault, markup=False, soft_wrap=True)
