"""Draws histories of articles: publications, updates, withdrawals and scraped pages, versions and times at odds."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.events import NOON_US, delivery, event

from newsdex.records.events import Delivery

MOMENTS = [datetime(2024, 6, 11, 8, minute, tzinfo=UTC).isoformat() for minute in range(4)]
"""Few, so that many events have the same time."""
VERSIONS = (None, None, 1, 2, 3)
TITLES = ("Ebb", "Flood", "Slack water")
LONGEST = 7
COPIES = 0.2
"""The part of the messages that are copies of an earlier event."""


def history(draw: random.Random, article: str, first: int) -> list[Delivery]:
    """Return some messages about one article, as the broker numbers them; `first` is the number of the first."""
    messages: list[Delivery] = []
    for number in range(first, first + draw.randint(1, LONGEST)):
        if messages and draw.random() < COPIES:
            stored_us = NOON_US + draw.randrange(4) * 60_000_000
            messages.append(replace(draw.choice(messages), stream_sequence=number, stored_us=stored_us))
        else:
            messages.append(_event(draw, article, number))
    return messages


def shuffled(draw: random.Random, deliveries: list[Delivery]) -> list[Delivery]:
    """Return them in another order, some of them delivered several times."""
    order = [*deliveries, *draw.choices(deliveries, k=len(deliveries) // 3)]
    draw.shuffle(order)
    return order


def cut(draw: random.Random, deliveries: list[Delivery]) -> list[list[Delivery]]:
    """Cut a row into batches of any size."""
    batches = []
    while deliveries:
        size = draw.choice((1, 2, 10, 100, 1_000))
        batches.append(deliveries[:size])
        deliveries = deliveries[size:]
    return batches


def _event(draw: random.Random, article: str, number: int) -> Delivery:
    kind = draw.choice(("published", "updated", "withdrawn", "scraped"))
    channel = f"articles.{kind}"
    time = draw.choice((*MOMENTS, None))
    attributes = {"id": f"evt-{number}"} if time is None else {"id": f"evt-{number}", "time": time}
    value = event(_data(draw, kind, article), channel, **attributes)
    if time is None:
        del value["time"]
    return delivery(value, channel, number, stored_us=NOON_US + draw.randrange(4) * 60_000_000)


def _data(draw: random.Random, kind: str, article: str) -> dict[str, Any]:
    version = draw.choice(VERSIONS)
    versioned = {} if version is None else {"version": version}
    if kind == "withdrawn":
        return {"id": article, **versioned}
    title = draw.choice(TITLES)
    if kind == "scraped":
        fetched_at = datetime(2024, 6, 11, tzinfo=UTC) + timedelta(minutes=draw.randrange(3))
        return {"id": article, "text": f"{title}\n\nTide tables of today.", "fetched_at": fetched_at.isoformat()}
    return {"id": article, "title": title, **versioned}
