"""Makes the events that other services get of what has become of articles: never a text."""

from newsdex.records.feed import Change
from newsdex.records.ledger import Cause
from newsdex.records.moments import moment_of
from newsdex_schemas.changes import ArticleChange, ArticleChanged, WhatHappened

SOURCE = "urn:newsdex"
FIRST_SHOWN = frozenset({"first_version", "lifts_withdrawal"})


def changed_event(
    change: Change, cause: Cause, *, incarnation: str, moment_us: int, turned: bool
) -> ArticleChanged | None:
    """Return the event of a change, or of an article that began or ceased to be shown by the clock.

    None for an article that nobody has seen yet. One that a clock that was set back hides again was seen.
    """
    if change.is_secret_at(moment_us) and not turned:
        return None
    what = _what_happened(change, cause, moment_us, turned=turned)
    article = change.article() if change.shown_at(moment_us) else None
    at_us = _turned_us(change, moment_us) if turned else cause.erased_us or cause.at_us
    return ArticleChanged(
        id=f"{incarnation}.{change.sequence}.{what}",
        source=SOURCE,
        time=moment_of(moment_us if at_us is None else at_us),
        subject=change.id,
        data=ArticleChange(
            id=change.id,
            sequence=change.sequence,
            change=what,
            **(article.model_dump(include={"version", "url", "published_at", "updated_at"}) if article else {}),
        ),
    )


def _what_happened(change: Change, cause: Cause, moment_us: int, *, turned: bool) -> WhatHappened:
    if change.content is None:
        return "withdrawn" if cause.erased_us is None else "erased"
    if change.shown_at(moment_us):
        if turned:
            return "embargo_ended"
        return "published" if cause.reason in FIRST_SHOWN else "updated"
    if change.expires_us is not None and change.expires_us <= moment_us:
        return "expired"
    return "hidden"


def _turned_us(change: Change, moment_us: int) -> int | None:
    turns = [turn for turn in (change.embargoed_us, change.expires_us) if turn is not None and turn <= moment_us]
    return max(turns, default=None)
