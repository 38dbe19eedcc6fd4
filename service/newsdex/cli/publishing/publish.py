"""`newsdex publish`: sends articles, events and pages, and waits for the broker's acknowledgement."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.client import connected
from newsdex.apps.publishing import Publication
from newsdex.cli.console import err, out
from newsdex.cli.progress import progress
from newsdex.cli.publishing.files import Skipped
from newsdex.cli.publishing.inputs import Pages, Refusal, read_inputs
from newsdex.errors import Invalid, NewsdexError
from newsdex.ingest.decide import REASONS
from newsdex.settings import load_settings
from newsdex_schemas import Article, EventOutcome
from newsdex_schemas.client import Message

SHOWN_REFUSALS = 20


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(publish)


def publish(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: articles or CloudEvents as JSON or JSON Lines, feeds, ninjs, JSON-LD, NewsML-G2, "
            "posts of WordPress, CSV, pages as HTML or text; each also as .gz. `-` is standard input.",
            show_default=False,
        ),
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until searches find what was published.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that --wait waits.", min=0.1)] = 60.0,
    url: Annotated[str | None, typer.Option(help="Address of a page given as text.")] = None,
    id_: Annotated[
        str | None,
        typer.Option("--id", help="Article id of a page given as text; else made of its address, or of its file."),
    ] = None,
    timezone: Annotated[str, typer.Option(help="The publisher's time zone, for dates in pages without one.")] = "UTC",
    fetched_at: Annotated[
        datetime | None, typer.Option(help="When the page was fetched; else now.", show_default=False)
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="Which column of CSV, or field of JSON, an article's field is in, such as title=headline; repeatable.",
            show_default=False,
        ),
    ] = None,
    bulk: Annotated[
        bool,
        typer.Option(
            "--bulk",
            help="Send as fast as the broker takes it. Else few events wait at a time, and news comes between.",
        ),
    ] = False,
) -> None:
    """Publish articles, CloudEvents or scraped pages.

    What breaks the contract is named and not sent; the rest is. Ends with 0 when everything was acknowledged (with
    --wait: and is what counts now), 65 when something was refused or parked, or another version or a takedown counts
    instead, 69 when the broker does not answer.
    """
    fetched = (fetched_at or datetime.now(UTC)).astimezone(UTC)
    pages = Pages(url=url, id=id_, timezone=timezone, fetched_at=fetched, mapping=_mapping(mapping or ()))
    unkept = Counter[str]()
    inputs = read_inputs(paths, pages, unkept)
    refusals: list[Refusal] = []
    done = Publication()
    try:
        outcomes = asyncio.run(_publish(_accepted(inputs, refusals), done, wait_s=timeout if wait else None, bulk=bulk))
    except NewsdexError:
        if done.acknowledged or refusals:
            out.print(_summary(done, refusals))
        raise
    out.print(_summary(done, refusals))
    if unkept:
        out.print(f"not kept: {_counts(unkept)}", soft_wrap=True)
    for origin, error in done.refused[:SHOWN_REFUSALS]:
        _show(origin, error)
    if outcomes:
        counts = Counter(outcome.outcome for outcome in outcomes)
        out.print(", ".join(f"{number:,} {name}" for name, number in sorted(counts.items(), key=str)))
    for outcome in [outcome for outcome in outcomes if outcome.searchable_from][:SHOWN_REFUSALS]:
        out.print(f"archived, searchable from {outcome.searchable_from:%Y-%m-%dT%H:%M:%SZ}: {escape(outcome.id)}")
    parked = [outcome for outcome in outcomes if outcome.outcome == "parked"]
    for outcome in parked[:SHOWN_REFUSALS]:
        err.print(f"parked: {escape(outcome.id)} [dim]({outcome.reason})[/] {escape(outcome.message or '')}")
    overruled = overruled_in(outcomes)
    for outcome in overruled[:SHOWN_REFUSALS]:
        reason = f"{outcome.outcome}: {REASONS.get(outcome.reason or '', '')} [dim]({outcome.reason})[/]"
        err.print(f"not what counts now: {escape(outcome.article_id or '')}, {reason}", soft_wrap=True)
    if refusals or done.refused or parked or overruled:
        raise typer.Exit(Invalid.exit_code)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    mapping = dict(pair.partition("=")[::2] for pair in pairs)
    for field, column in mapping.items():
        if field not in Article.model_fields or not column:
            known = ", ".join(Article.model_fields)
            raise typer.BadParameter(f"{field}={column}: must be FIELD=COLUMN, where FIELD is one of {known}")
    return mapping


def _counts(unkept: Counter[str]) -> str:
    shown = ", ".join(f"{number:,} {escape(name)}" for name, number in unkept.most_common(SHOWN_REFUSALS))
    return shown if len(unkept) <= SHOWN_REFUSALS else f"{shown} and {len(unkept) - SHOWN_REFUSALS} more"


def _summary(done: Publication, refusals: Sequence[Refusal]) -> str:
    repeated = f", {done.repeated:,} of them known to the broker" if done.repeated else ""
    return f"{done.acknowledged:,} published{repeated}, {len(refusals) + len(done.refused):,} refused"


def overruled_in(outcomes: Sequence[EventOutcome]) -> list[EventOutcome]:
    """Return the last outcome of each article of which nothing that was sent counts now.

    Of several events about an article one is enough: the others were to be replaced by it.
    """
    last = {outcome.article_id: outcome for outcome in outcomes if outcome.outcome != "parked"}
    current = {outcome.article_id for outcome in outcomes if outcome.current}
    return [outcome for article_id, outcome in last.items() if article_id not in current]


def _accepted(inputs: Iterator[Message | Refusal | Skipped], refusals: list[Refusal]) -> Iterator[Message]:
    for item in inputs:
        if isinstance(item, Message):
            yield item
        elif isinstance(item, Skipped):
            err.print(f"{escape(str(item.folder))}: {escape(str(item))}", soft_wrap=True)
        else:
            refusals.append(item)
            if len(refusals) <= SHOWN_REFUSALS:
                _show(item.origin, item.error)


def _show(origin: str, error: Invalid) -> None:
    err.print(f"{escape(origin)}: {escape(error.message)} [dim]({error.code})[/]", soft_wrap=True)


async def _publish(
    messages: Iterator[Message], done: Publication, *, wait_s: float | None, bulk: bool
) -> Sequence[EventOutcome]:
    async with connected(load_settings()) as client:
        with progress() as bar:
            sending = bar.add_task("published", total=None)
            pace = None if bulk else client.pace()
            await client.publish(messages, lambda number: bar.update(sending, completed=number), done, pace)
            if pace is not None and pace.stalled:
                err.print("what was sent before did not become less: the rest was sent all the same")
            if wait_s is None:
                return ()
            waiting = bar.add_task("searchable", total=len(done.refs))
            return await client.wait_until_searchable(
                done.refs, wait_s, lambda number: bar.update(waiting, completed=number)
            )
