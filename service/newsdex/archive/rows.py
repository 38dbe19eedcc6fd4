"""Reads rows into values, and writes values as rows."""

import hashlib
import json
import sqlite3

from newsdex.order import (
    ArticleEvents,
    ArticleState,
    Bound,
    EventKey,
    EventName,
    OrderedEvent,
    Place,
    Publication,
)
from newsdex.records.events import Delivery, Fault
from newsdex.records.moments import microseconds
from newsdex.records.parked import Claim, ParkedEvent, WaitingEvent
from newsdex_schemas import Article

STATE_COLUMNS = (
    "shown", "version",
    *(
        f"{kind}_{name}"
        for kind in ("versioned", "unversioned")
        for name in ("stated_us", "stored_us", "incarnation", "position", "source", "content")
    ),
    "withdrawn_incarnation", "withdrawn_position", "withdrawn_us",
    "withdrawn_by_version_incarnation", "withdrawn_by_version_position", "withdrawn_by_version_us",
    "withdrawn_version",
    "withdrawn_this_version_incarnation", "withdrawn_this_version_position", "withdrawn_this_version_us",
)  # fmt: skip
CONTENT_COLUMNS = ("content", "digest", "embargoed_us", "expires_us")
STILL_UNSEEN = "unseen AND (content IS NULL OR coalesce(embargoed_us, 0) > ?)"
"""Whether nobody has seen an article until it is changed now; takes the moment."""
UNSETTLED_COLUMNS = (
    "article_id", "source", "event_id", "fingerprint", "withdrawal", "version", "stated_us", "stored_us",
    "incarnation", "position", "content",
)  # fmt: skip
NO_PUBLICATION = (None,) * 6
NO_BOUND = (None,) * 3
MAY_HAVE_DATES = (b'"embargoed_until"', b'"expires_at"')


def state_from_row(row: sqlite3.Row) -> ArticleState:
    """Return what is known of an article by its settled events."""
    return ArticleState(
        versioned=_publication(row, "versioned", row["version"]),
        unversioned=_publication(row, "unversioned", None),
        withdrawn=_bound(row, "withdrawn"),
        withdrawn_by_version=_bound(row, "withdrawn_by_version"),
        withdrawn_version=row["withdrawn_version"],
        withdrawn_this_version=_bound(row, "withdrawn_this_version"),
    )


def _publication(row: sqlite3.Row, kind: str, version: int | None) -> Publication | None:
    position = row[f"{kind}_position"]
    if position is None:
        return None
    place = Place(row[f"{kind}_incarnation"], position)
    return Publication(
        key=EventKey(version, row[f"{kind}_stated_us"], row[f"{kind}_stored_us"], place),
        source=row[f"{kind}_source"],
        content=row["content"] if row["shown"] == kind else row[f"{kind}_content"],
    )


def _bound(row: sqlite3.Row, name: str) -> Bound | None:
    position = row[f"{name}_position"]
    return None if position is None else Bound(Place(row[f"{name}_incarnation"], position), row[f"{name}_us"])


def state_to_row(events: ArticleEvents) -> tuple[object, ...]:
    """Return the values of STATE_COLUMNS; a text that is shown stands in `content` only."""
    state, shown = events.settled, events.state.shown
    versioned, unversioned = state.versioned, state.unversioned
    is_shown = [
        shown is not None and one is not None and one.key.place == shown.key.place for one in (versioned, unversioned)
    ]
    return (
        "versioned" if is_shown[0] else "unversioned" if is_shown[1] else None,
        versioned.key.version if versioned else None,
        *_publication_to_row(versioned, is_shown=is_shown[0]),
        *_publication_to_row(unversioned, is_shown=is_shown[1]),
        *_bound_to_row(state.withdrawn),
        *_bound_to_row(state.withdrawn_by_version),
        state.withdrawn_version,
        *_bound_to_row(state.withdrawn_this_version),
    )


def _publication_to_row(publication: Publication | None, *, is_shown: bool) -> tuple[object, ...]:
    if publication is None:
        return NO_PUBLICATION
    key, content = publication.key, None if is_shown else publication.content
    return key.stated_us, key.stored_us, *key.place, publication.source, content


def _bound_to_row(bound: Bound | None) -> tuple[object, ...]:
    return NO_BOUND if bound is None else (*bound.place, bound.time_us)


def content_to_row(events: ArticleEvents) -> tuple[object, ...]:
    """Return the values of CONTENT_COLUMNS: what search shows, and when; all None for a tombstone."""
    shown = events.state.shown
    content = shown.content if shown else None
    if content is None:
        return (None,) * len(CONTENT_COLUMNS)
    return content, hashlib.sha256(content).hexdigest(), *_dates(content)


def is_unseen(events: ArticleEvents, now_us: int) -> bool:
    """Return whether nobody may see an article now, nor may have seen it because of what its events say now."""
    shown = events.state.shown
    if shown is None:
        return events.state.chosen is not None
    embargoed_us, _ = _dates(shown.content) if shown.content else (None, None)
    return embargoed_us is not None and embargoed_us > now_us


def _dates(content: bytes) -> tuple[int | None, int | None]:
    """Return when an embargo ends and when an article expires."""
    if not any(name in content for name in MAY_HAVE_DATES):
        return None, None
    article = Article.model_validate_json(content)
    return (
        microseconds(article.embargoed_until) if article.embargoed_until else None,
        microseconds(article.expires_at) if article.expires_at else None,
    )


def unsettled_from_row(row: sqlite3.Row) -> OrderedEvent:
    """Return an event that is not settled yet."""
    place = Place(row["incarnation"], row["position"])
    return OrderedEvent(
        name=EventName(row["source"], row["event_id"], row["fingerprint"]),
        key=EventKey(row["version"], row["stated_us"], row["stored_us"], place),
        withdrawal=bool(row["withdrawal"]),
        content=row["content"],
    )


def unsettled_to_row(article_id: str, event: OrderedEvent) -> tuple[object, ...]:
    """Return the values of UNSETTLED_COLUMNS."""
    key = event.key
    return (
        article_id, *event.name, int(event.withdrawal), key.version, key.stated_us, key.stored_us, *key.place,
        event.content,
    )  # fmt: skip


def parked_from_row(row: sqlite3.Row) -> ParkedEvent:
    """Return a parked event as a value, its message ready to be tried again."""
    delivery = Delivery(
        subject=row["subject"],
        headers=json.loads(row["headers"]),
        body=row["body"],
        stream_sequence=row["stream_sequence"],
        stored_us=row["stored_us"],
        deliveries=1,
        correlation_id=row["correlation_id"],
        parked_id=row["id"],
        incarnation=row["incarnation"],
    )
    return ParkedEvent(
        id=row["id"],
        at_us=row["at_us"],
        delivery=delivery,
        fault=Fault(code=row["code"], message=row["message"], place=row["place"]),
        source=row["source"],
        event_id=row["event_id"],
        correlation_id=row["correlation_id"],
        status=row["status"],
        attempts=row["attempts"],
        resolution=row["resolution"],
        article_id=row["article_id"],
        closed_us=row["closed_us"],
    )


def waiting_from_row(row: sqlite3.Row) -> WaitingEvent:
    """Return what tells whether a parked event was superseded."""
    return WaitingEvent(
        id=row["id"],
        subject=row["subject"],
        place=Place(row["incarnation"], row["stream_sequence"]),
        stored_us=row["stored_us"],
        source=row["source"],
        event_id=row["event_id"],
        article_id=row["article_id"],
        claim=Claim(row["claimed_version"], row["claimed_us"]),
    )
