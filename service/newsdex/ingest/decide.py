"""Tells what an event did to an article, from the article's state before and after it: pure."""

from newsdex.order import ArticleState, OrderedEvent
from newsdex.records.events import Decision

REASONS = {
    "first_version": "the first version of this article",
    "newer_version": "newer than the version before",
    "lifts_withdrawal": "newer than the withdrawal, which it lifts",
    "copy": "a copy of an event that the archive has; a copy moves nothing, however much later it is stored",
    "same_content": "the archive has the same content already, from another event",
    "older_version": "the archive has a higher version",
    "older_event": "the archive has a later event",
    "withdrawn_since": "a withdrawal was stored after it",
    "earlier_than_withdrawal": "it was stored after a withdrawal and states an earlier time, so the withdrawal holds",
    "version_withdrawn": "a withdrawal names this version or a higher one; a higher version lifts it, or the same one "
    "that is stored later and states a later time",
    "withdrawn": "taken out of search",
    "already_withdrawn": "was out of search already",
    "withdrawn_before_published": "no version has been published yet; those it covers will not be shown",
    "older_withdrawal": "the archive has later withdrawals that cover as much",
    "reprocessed": "made once more of the page that was kept, by another reader of pages",
    "erased": "the article or its text was erased; nothing of it is kept",
    "newer_version_published": "does not cover the version that was published",
}
"""Every reason, in words. `redelivered` and the codes of parked events are added elsewhere."""


def decide(event: OrderedEvent, before: ArticleState, after: ArticleState) -> Decision:
    """Return the one outcome of an event that the state before did not know, with its reason."""
    return _decide_withdrawal(before, after) if event.withdrawal else _decide_publication(event, before, after)


def decide_copy(before: ArticleState, after: ArticleState) -> Decision:
    """Return the outcome of a copy; the state differs only where the copy was stored before what was taken first."""
    return Decision(outcome="duplicate", reason="copy", content_changes=_content(before) != _content(after))


def _content(state: ArticleState) -> bytes | None:
    return state.shown.content if state.shown else None


def _decide_publication(event: OrderedEvent, before: ArticleState, after: ArticleState) -> Decision:
    changes = _content(before) != _content(after)
    newest, cover = after.chosen, after.cover_of(event.key)
    is_newest = newest is not None and newest.key.place == event.key.place
    if cover is not None and (is_newest or after.shown is None):
        return Decision(outcome="stale", reason=cover, content_changes=changes)
    if not is_newest:
        return Decision(outcome="stale", reason=_why_older(event, after), content_changes=changes)
    if not changes:
        return Decision(outcome="duplicate", reason="same_content")
    if before.shown is not None:
        return Decision(outcome="accepted", reason="newer_version", content_changes=True)
    was_withdrawn = before.withdrawn is not None or before.withdrawn_version is not None
    reason = "lifts_withdrawal" if was_withdrawn else "first_version"
    return Decision(outcome="accepted", reason=reason, content_changes=True)


def _why_older(event: OrderedEvent, after: ArticleState) -> str:
    version, highest = event.key.version, after.versioned
    is_lower = version is not None and highest is not None and version < (highest.key.version or 0)
    return "older_version" if is_lower else "older_event"


def _decide_withdrawal(before: ArticleState, after: ArticleState) -> Decision:
    if after == before:
        return Decision(outcome="stale", reason="older_withdrawal")
    if after.shown is not None:
        return Decision(outcome="stale", reason="newer_version_published")
    if before.shown is not None:
        return Decision(outcome="withdrawn", reason="withdrawn", content_changes=True)
    reason = "already_withdrawn" if before.chosen is not None else "withdrawn_before_published"
    return Decision(outcome="withdrawn", reason=reason, content_changes=True)
