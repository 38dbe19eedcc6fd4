"""Decides what an event does to an article: pure, and independent of the order and number of deliveries.

The state of an article is three maxima (`ArticleState`), each of which an event can only raise. A maximum of a set does
not depend on the order in which the set is read, so neither does the archive; the outcomes, of course, do.

A withdrawal without a version is compared by time alone: a takedown that forgot the version must still work.
"""

from dataclasses import replace

from newsdex.records import ArticleState, Decision, ReceivedEvent, VersionKey

REASONS = {
    "first_version": "the first version of this article",
    "newer_version": "newer than the version before",
    "lifts_withdrawal": "newer than the withdrawal, which it lifts",
    "same_version": "the archive has this very version",
    "same_content": "only the event's time differs from what the archive has",
    "older_version": "the archive has a higher version",
    "older_event": "the archive has a later event",
    "withdrawn_since": "a withdrawal covers it",
    "withdrawn": "taken out of search",
    "already_withdrawn": "was out of search already",
    "withdrawn_before_published": "no version has been published yet; those it covers will not be shown",
    "same_withdrawal": "the archive has this very withdrawal",
    "older_withdrawal": "the archive has a later withdrawal",
    "newer_version_published": "does not cover the version that was published",
}
"""Every reason, in words. `redelivered` and the codes of parked events are added elsewhere."""


def decide(event: ReceivedEvent, known: ArticleState | None) -> Decision:
    """Give the one outcome of an event, with its reason and the state it leads to."""
    return decide_key(event.key, known or ArticleState(), withdrawal=event.article is None)


def decide_key(key: VersionKey, state: ArticleState, *, withdrawal: bool) -> Decision:
    """Decide by the only thing of an event that counts: its place in the order."""
    return _decide_withdrawal(key, state) if withdrawal else _decide_article(key, state)


def _decide_article(key: VersionKey, state: ArticleState) -> Decision:
    newest = state.published
    if newest is not None and key == newest:
        return Decision(outcome="duplicate", reason="same_version")
    if newest is not None and key < newest:
        older_version = key.version < newest.version
        return Decision(outcome="stale", reason="older_version" if older_version else "older_event")

    raised = replace(state, published=key)
    if raised.covers(key):
        # a higher version with an earlier time may be covered while the version before it was not
        return Decision(outcome="stale", reason="withdrawn_since", state=raised, content_changes=state.live)
    if not state.live:
        withdrawn_before = state.withdrawn_us is not None or state.withdrawn_version is not None
        reason = "lifts_withdrawal" if withdrawn_before else "first_version"
        return Decision(outcome="accepted", reason=reason, state=raised, content_changes=True)
    if newest is not None and (newest.version, newest.digest) == (key.version, key.digest):
        return Decision(outcome="duplicate", reason="same_content", state=raised)
    return Decision(outcome="accepted", reason="newer_version", state=raised, content_changes=True)


def _decide_withdrawal(key: VersionKey, state: ArticleState) -> Decision:
    if key.version >= 0:
        before, now = state.withdrawn_version, key.version
        raised = replace(state, withdrawn_version=now)
    else:
        before, now = state.withdrawn_us, key.time_us
        raised = replace(state, withdrawn_us=now)

    if before is not None and now == before:
        return Decision(outcome="duplicate", reason="same_withdrawal")
    if before is not None and now < before:
        return Decision(outcome="stale", reason="older_withdrawal")
    if raised.live:
        return Decision(outcome="stale", reason="newer_version_published", state=raised)
    reason = "withdrawn" if state.live else "already_withdrawn" if state.published else "withdrawn_before_published"
    return Decision(outcome="withdrawn", reason=reason, state=raised, content_changes=True)
