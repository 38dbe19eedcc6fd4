"""Reads a row of the parked events."""

import json
import sqlite3

from newsdex.records import Delivery, Fault, ParkedEvent


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
    )
