"""How long articles took to be searchable is measured once the index has them, since both times."""

from dataclasses import replace

from tests.unit.events import publishing
from tests.unit.test_committer import result_of

from newsdex import metrics
from newsdex.apps.indexer.freshness import Freshness
from newsdex.records.events import Result

S = 1_000_000


def accepted(sequence: int, *, stored_s: int, stated_s: int | None = None, parked_id: int | None = None) -> Result:
    made = result_of(publishing(sequence))
    delivery = replace(made.delivery, stored_us=stored_s * S)
    stated_us = None if stated_s is None else stated_s * S
    return replace(made, delivery=delivery, sequence=sequence, stated_us=stated_us, parked_id=parked_id)


def measured(since: str) -> tuple[float, float]:
    """Return how many times were measured, and their sum."""
    (family,) = metrics.FRESHNESS.collect()
    values = {one.name: one.value for one in family.samples if one.labels.get("since") == since}
    return values.get("newsdex_freshness_seconds_count", 0), values.get("newsdex_freshness_seconds_sum", 0.0)


def test_each_article_counts_once_when_the_index_has_it() -> None:
    before = {since: measured(since) for since in ("broker", "publisher")}
    freshness = Freshness(clock_us=lambda: 100 * S)
    freshness.archived([accepted(1, stored_s=97, stated_s=90), accepted(2, stored_s=98), accepted(3, stored_s=99)])
    freshness.archived([accepted(4, stored_s=1, parked_id=7)])
    freshness.indexed(2)
    freshness.indexed(2)
    took = {since: [now - then for now, then in zip(measured(since), before[since], strict=True)] for since in before}

    assert {"broker": [2, 5.0], "publisher": [1, 10.0]} == took


def test_a_publisher_whose_clock_is_ahead_is_not_measured_below_nothing() -> None:
    before = measured("publisher")
    freshness = Freshness(clock_us=lambda: 100 * S)
    freshness.archived([accepted(1, stored_s=100, stated_s=160)])
    freshness.indexed(1)

    assert (before[0] + 1, before[1]) == measured("publisher")
