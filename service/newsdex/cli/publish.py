"""`newsdex publish`: sends articles, events and pages, and waits for the broker's acknowledgement."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.client import Message, Publication, connected
from newsdex.cli.console import err, out, progress
from newsdex.cli.inputs import Pages, Refusal, read_inputs
from newsdex.errors import Invalid
from newsdex.settings import load_settings
from newsdex_schemas import EventOutcome

SHOWN_REFUSALS = 20


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(publish)


def publish(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: articles or CloudEvents as .json or .jsonl, pages as .txt. `-` is standard input.",
            show_default=False,
        ),
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until searches find what was published.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that --wait waits.", min=0.1)] = 60.0,
    url: Annotated[str | None, typer.Option(help="Address of a page given as text.")] = None,
    id_: Annotated[
        str | None,
        typer.Option("--id", help="Article id of a page given as text; else made of its address or file name."),
    ] = None,
    timezone: Annotated[str, typer.Option(help="The publisher's time zone, for dates in pages without one.")] = "UTC",
    fetched_at: Annotated[
        datetime | None, typer.Option(help="When the page was fetched; else now.", show_default=False)
    ] = None,
) -> None:
    """Publish articles, CloudEvents or scraped pages.

    What breaks the contract is named and not sent; the rest is. Ends with 0 when everything was acknowledged (with
    --wait: is searchable), 65 when something was refused or parked, 69 when the broker does not answer.
    """
    fetched = (fetched_at or datetime.now(UTC)).astimezone(UTC)
    inputs = read_inputs(paths, Pages(url=url, id=id_, timezone=timezone, fetched_at=fetched))
    refusals: list[Refusal] = []
    publication, outcomes = asyncio.run(_publish(_accepted(inputs, refusals), wait=wait, timeout_s=timeout))

    repeated = f", {publication.repeated:,} of them known to the broker" if publication.repeated else ""
    out.print(f"{publication.acknowledged:,} published{repeated}, {len(refusals):,} refused")
    if outcomes:
        counts = Counter(outcome.outcome for outcome in outcomes)
        out.print(", ".join(f"{number:,} {name}" for name, number in sorted(counts.items(), key=str)))
    parked = [outcome for outcome in outcomes if outcome.outcome == "parked"]
    for outcome in parked[:SHOWN_REFUSALS]:
        err.print(f"parked: {escape(outcome.id)} [dim]({outcome.reason})[/] {escape(outcome.place or '')}")
    if refusals or parked:
        raise typer.Exit(Invalid.exit_code)


def _accepted(inputs: Iterator[Message | Refusal], refusals: list[Refusal]) -> Iterator[Message]:
    for item in inputs:
        if isinstance(item, Message):
            yield item
            continue
        refusals.append(item)
        if len(refusals) <= SHOWN_REFUSALS:
            err.print(
                f"{escape(item.origin)}: {escape(item.error.message)} [dim]({item.error.code})[/]", soft_wrap=True
            )


async def _publish(
    messages: Iterator[Message], *, wait: bool, timeout_s: float
) -> tuple[Publication, list[EventOutcome]]:
    async with connected(load_settings()) as client:
        with progress() as bar:
            sending = bar.add_task("published", total=None)
            publication = await client.publish(messages, lambda done: bar.update(sending, completed=done))
            if not wait:
                return publication, []
            waiting = bar.add_task("searchable", total=len(publication.refs))
            outcomes = await client.wait_until_searchable(
                publication.refs, timeout_s, lambda done: bar.update(waiting, completed=done)
            )
            return publication, outcomes
