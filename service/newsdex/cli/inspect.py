"""`newsdex why`: what became of an article."""

from typing import Annotated

import typer
from rich.markup import escape

from newsdex.apps.inspection import Story, story_of
from newsdex.cli.console import moment, out
from newsdex.cli.withdrawn import place_text, withdrawn_text
from newsdex.clock import now_us
from newsdex.ingest.decide import REASONS
from newsdex.order import Place
from newsdex.records import LedgerEntry, Standing
from newsdex.settings import load_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(why)


def why(article_id: Annotated[str, typer.Argument(metavar="ID", help="The article's id.")]) -> None:
    """Tell everything the ledger knows of one article, oldest first, and how it stands now."""
    story = story_of(load_settings(), article_id)
    for entry in story.history:
        out.print(_sentence(entry), soft_wrap=True)
    out.print(f"[bold]now[/] {escape(_standing(story))}", soft_wrap=True)


def _sentence(entry: LedgerEntry) -> str:
    reason = REASONS.get(entry.reason, entry.reason)
    if entry.reason == "redelivered":
        reason = "this message had its outcome already; only its acknowledgement was lost"
    change = f", change {entry.sequence:,}" if entry.sequence else ""
    parked = f", parked as {entry.parked_id} ({_parked(entry)})" if entry.parked_id else ""
    other = f", where the archive had that of {entry.other_source}" if entry.other_source else ""
    place = place_text(Place(entry.incarnation, entry.stream_sequence))
    event = f"{entry.type or 'an event'} {entry.event_id} from {entry.source}, {place}"
    text = escape(f"{reason}{other}{change}{parked} — {event}")
    return f"[dim]{moment(entry.at_us)}[/] [bold]{entry.outcome}[/]: {text}"


def _parked(entry: LedgerEntry) -> str:
    return f"closed: {entry.resolution}" if entry.resolution else f"newsdex parked show {entry.parked_id}"


def _standing(story: Story) -> str:
    standing = story.standing
    if standing is None:
        return "not in the archive: no event about it could be accepted"
    hidden = hidden_text(standing)
    if hidden:
        return f"not found by search: {hidden}"
    if standing.sequence > story.position:
        return f"accepted, not yet searchable: the index is at change {story.position:,} of {standing.sequence:,}"
    if standing.embargoed_us is not None and standing.embargoed_us > story.as_of_us:
        return f"its embargo is over since {moment(standing.embargoed_us)}; not yet searchable: the index follows"
    return f"found by search, since change {standing.sequence:,}"


def hidden_text(standing: Standing) -> str | None:
    """Return why search must not show an article now; None where it may."""
    if not standing.has_content:
        return withdrawn_text(standing.state)
    if standing.embargoed_us is not None and standing.embargoed_us > now_us():
        return f"embargoed until {moment(standing.embargoed_us)}"
    if standing.expires_us is not None and standing.expires_us <= now_us():
        return f"expired since {moment(standing.expires_us)}"
    return None
