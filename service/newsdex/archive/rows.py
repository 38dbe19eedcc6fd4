"""Reads rows into values."""

import json
import sqlite3

from newsdex.records import ArticleState, Claim, Delivery, Fault, ParkedEvent, VersionKey, WaitingEvent


def state_from_row(row: sqlite3.Row) -> ArticleState:
    """Give what is known of an article."""
    published = None if row["digest"] is None else VersionKey(row["version"], row["time_us"], row["digest"])
    return ArticleState(
        published=published, withdrawn_version=row["withdrawn_version"], withdrawn_us=row["withdrawn_us"]
    )


def parked_from_row(row: sqlite3.Row) -> ParkedEvent:
    """Give a parked event as a value, its message ready to be tried again."""
    delivery = Delivery(
        subject=row["subject"],
        headers=json.loads(row["headers"]),
        body=row["body"],
        stream_sequence=row["stream_sequence"],
        stored_us=row["stored_us"],
        deliveries=1,
        correlation_id=row["correlation_id"],
        parked_id=row["id"],
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
    """Give what tells whether a parked event was superseded."""
    return WaitingEvent(
        id=row["id"],
        subject=row["subject"],
        stored_us=row["stored_us"],
        source=row["source"],
        event_id=row["event_id"],
        article_id=row["article_id"],
        claim=Claim(row["claimed_version"], row["claimed_us"]),
    )
