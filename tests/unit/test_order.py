"""What search must show does not depend on the order or the number of deliveries, and is what the model says."""

import os
import random
from collections.abc import Sequence

import pytest
from tests.unit import order_model as model
from tests.unit.events import ordered

from newsdex.order import ArticleEvents, ArticleState, OrderedEvent, Place

HISTORIES = int(os.environ.get("NEWSDEX_TEST_HISTORIES", "2000"))
"""Drawn for the comparison with the model; `NEWSDEX_TEST_HISTORIES=100000` draws more."""
EVERYTHING = Place(9, 9)


def taken(deliveries: Sequence[OrderedEvent], stored: Sequence[OrderedEvent]) -> ArticleEvents:
    """Return what is known after some deliveries, each of which settles whatever has no message before it any more."""
    known, handled = ArticleEvents(), set()
    places = sorted(event.key.place for event in stored)
    first: dict[object, Place] = {}
    for event in deliveries:
        place = event.key.place
        handled.add(place)
        missing = next((one for one in places if one not in handled), EVERYTHING)
        before = first.setdefault(event.name, place)
        if place <= before:
            first[event.name] = place
            known = known.plus(event, settled=place < missing)
        known = known.settled_up_to(Place(missing.incarnation, missing.position - 1))
    return known


def content(state: ArticleState) -> bytes | None:
    return state.shown.content if state.shown else None


@pytest.mark.parametrize("part", range(10))
def test_every_delivery_of_a_history_leads_to_the_state_that_the_model_gives(part: int) -> None:
    """Streams with places, incarnations, versions, times, withdrawals, copies and redeliveries in any mix."""
    draw = random.Random(part)
    for _ in range(HISTORIES // 10):
        stored = model.history(draw)
        in_order = taken(stored, stored)
        other = taken(model.delivered(draw, stored), stored)

        assert model.shown(stored) == content(in_order.state), stored
        assert in_order.settled == other.settled, stored
        assert () == in_order.unsettled == other.unsettled


def test_while_events_are_missing_what_is_shown_is_what_the_model_gives_for_the_others() -> None:
    draw = random.Random(11)
    for _ in range(HISTORIES // 4):
        stored = model.history(draw)
        order = model.delivered(draw, stored)
        some = order[: draw.randint(1, len(order))]

        assert model.shown(some) == content(taken(some, stored).state), (some, stored)


def test_the_texts_of_what_is_withdrawn_are_not_kept() -> None:
    state = taken(events := [ordered(1, version=1), ordered(2), ordered(3, withdrawal=True)], events).state

    assert state.versioned is not None
    assert state.unversioned is not None
    assert (None, None) == (state.versioned.content, state.unversioned.content)
