"""`newsdex get` and `newsdex withdraw`: one article as it is, and out of search."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_core import from_json, to_json
from rich.markup import escape

from newsdex.apps.client import connected
from newsdex.apps.inspection.data_folder import archived_article
from newsdex.apps.publishing import Publication
from newsdex.cli.console import err, out, write_json
from newsdex.cli.publishing.erasing import erase_articles, lift_erasure
from newsdex.errors import Invalid
from newsdex.ingest.decide import REASONS
from newsdex.normalise.page_address import page_id
from newsdex.settings import load_settings
from newsdex.validation import as_invalid
from newsdex_schemas import EventOutcome, Withdrawal
from newsdex_schemas.client import Message, message_of_event
from newsdex_schemas.client.messages import withdrawn

SOURCE = "newsdex-cli"
WITHDRAWING_S, ERASING_S = 60.0, 3600.0
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="The articles' ids.", show_default=False)]
Urls = Annotated[
    list[str] | None, typer.Option("--url", help="Address of a scraped page, instead of an id; repeat for more.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(get)
    app.command()(withdraw)


def get(
    article_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The article's id.")] = None,
    url: Annotated[str | None, typer.Option(help="Address of a scraped page, instead of an id.")] = None,
    archived: Annotated[
        bool, typer.Option("--archived", help="Read the data folder, also what is embargoed or has expired.")
    ] = False,
) -> None:
    """Print an article as it is archived, JSON. Ends with 65 where none may be shown, 69 where nobody answers."""
    (id_,) = _ids([article_id] if article_id is not None else [], [url] if url is not None else [], one=True)
    settings = load_settings()
    content = archived_article(settings, id_) if archived else asyncio.run(_shown(id_))
    write_json(to_json(from_json(content), indent=2))


async def _shown(id_: str) -> bytes:
    try:
        async with connected(load_settings()) as client:
            return (await client.get(id_)).article.to_json()
    except ValidationError as error:
        raise as_invalid(error) from error


def withdraw(  # noqa: PLR0913, PLR0917 - typer makes options of parameters
    ids: Ids = None,
    url: Urls = None,
    version: Annotated[
        int | None,
        typer.Option(help="Only this version and lower ones; else everything that was published so far.", min=0),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; for those who read the events.")] = None,
    erase: Annotated[
        bool,
        typer.Option("--erase", help="Erase their texts everywhere, for good, and take in nothing more about them."),
    ] = False,
    lift: Annotated[
        bool,
        typer.Option("--lift", help="Let erased articles be published again; copies of the erased texts stay out."),
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait until no search shows them; with --erase until it is done.")] = True,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds to wait; else 60, with --erase 3600.", min=0.1, show_default=False)
    ] = None,
) -> None:
    """Take articles out of search. What is published later shows them again.

    Ends with 0 once no search shows them, 65 where something lifts the withdrawal already, 69 where nobody answers.
    With --erase the archive's file, the messages in the stream and the index are rid of the texts; it is for operators.
    """
    if erase or lift:
        if version is not None or reason is not None or (erase and lift):
            raise Invalid("nothing_chosen", "--erase and --lift go with ids and addresses only, and not together")
        named = _ids(ids or [], url or [])
        if lift:
            asyncio.run(lift_erasure(named))
        else:
            asyncio.run(erase_articles(named, (timeout or ERASING_S) if wait else None))
        return
    messages = [_withdrawal(id_, version, reason) for id_ in _ids(ids or [], url or [])]
    outcomes = asyncio.run(_send(messages, (timeout or WITHDRAWING_S) if wait else None))
    for outcome in outcomes:
        told = REASONS.get(outcome.reason or "", outcome.reason)
        line = f"{outcome.article_id}: {'withdrawn' if outcome.current else 'not withdrawn'}: {told}"
        (out if outcome.current else err).print(f"{escape(line)} [dim]({outcome.reason})[/]", soft_wrap=True)
    if not wait:
        out.print(f"{len(messages):,} sent")
    if not all(outcome.current for outcome in outcomes):
        raise typer.Exit(Invalid.exit_code)


def _ids(ids: Sequence[str], urls: Sequence[str], *, one: bool = False) -> list[str]:
    named = [*ids, *(page_id(url) for url in urls)]
    if not named or (one and len(named) > 1):
        raise Invalid("nothing_chosen", "name an article by its id, or a scraped page by --url")
    return list(dict.fromkeys(named))


def _withdrawal(id_: str, version: int | None, reason: str | None) -> Message:
    try:
        data = Withdrawal.model_validate({"id": id_, "version": version, "reason": reason})
    except ValidationError as error:
        raise as_invalid(error) from error
    return replace(message_of_event(withdrawn(data, SOURCE)), origin=id_)


async def _send(messages: Sequence[Message], wait_s: float | None) -> Sequence[EventOutcome]:
    async with connected(load_settings()) as client:
        done = Publication()
        await client.publish(messages, lambda _: None, done)
        if wait_s is None:
            return ()
        return await client.wait_until_searchable(done.refs, wait_s, lambda _: None)
