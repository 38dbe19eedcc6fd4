"""What an event does to an article, whatever the order and the number of deliveries."""

from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement, permutations, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.events import publication, withdrawal

from newsdex.ingest.decide import REASONS, decide
from newsdex.records import ArticleState, Decision, ReceivedEvent

VERSIONS = (None, 1, 2)
TIMES_US = (1, 2, 3)
WORLD = (
    *(
        publication(version, time_us, title)
        for version, time_us, title in product(VERSIONS, TIMES_US, ("Ebb", "Flood"))
    ),
    *(withdrawal(version, time_us) for version, time_us in product(VERSIONS, TIMES_US)),
)
"""Few enough events that every history of three can be tried."""
COVERED_BY_TIME = (publication(1, 10), withdrawal(None, 5), publication(2, 3))
"""The version decides which is the newest, but the takedown is compared by time."""


def fold(events: Iterable[ReceivedEvent]) -> tuple[ArticleState | None, bytes | None, list[Decision]]:
    """Give the last state, what search then sees, and the decisions on the way, as the archive would keep them."""
    state, seen, decisions = None, None, []
    for event in events:
        decision = decide(event, state)
        decisions.append(decision)
        if decision.state is not None:
            state = decision.state
        if decision.content_changes:
            assert decision.state is not None
            seen = event.content if event.article and decision.state.live else None
    return state, seen, decisions


def outcome_of(*events: ReceivedEvent) -> tuple[str, str]:
    """Give outcome and reason of the last of some events."""
    last = fold(events)[2][-1]
    return last.outcome, last.reason


def histories_of_three() -> Iterator[tuple[ReceivedEvent, ...]]:
    """Give every row of three events, in every order."""
    return product(WORLD, repeat=3)


def test_every_order_of_any_three_events_leads_to_the_same_state_and_content() -> None:
    differing = [
        events
        for events in combinations_with_replacement(WORLD, 3)
        if len({fold(order)[:2] for order in permutations(events)}) > 1
    ]

    assert [] == [[(event.type, event.key[:2]) for event in events] for events in differing[:5]]


@given(st.data())
def test_order_and_repetition_change_neither_state_nor_content(data: st.DataObject) -> None:
    events = data.draw(st.lists(st.sampled_from(WORLD), min_size=1, max_size=7))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=4))
    order = data.draw(st.permutations([*events, *repeated]))

    assert fold(events)[:2] == fold(order)[:2]


@given(st.lists(st.sampled_from(WORLD), min_size=1, max_size=8))
@example(list(COVERED_BY_TIME))
def test_search_sees_the_newest_version_unless_a_withdrawal_covers_it(events: list[ReceivedEvent]) -> None:
    newest = max((event for event in events if event.article), key=lambda event: event.key, default=None)
    covered = newest is not None and any(
        newest.key.version <= event.key.version if event.key.version >= 0 else newest.key.time_us <= event.key.time_us
        for event in events
        if event.article is None
    )

    assert fold(events)[1] == (None if newest is None or covered else newest.content)


def test_a_newer_version_that_a_withdrawal_by_time_covers_takes_the_older_one_out_of_search() -> None:
    """Search shows the newest version or none: what the takedown spared is not the newest any more."""
    state, seen, _ = fold(COVERED_BY_TIME)

    assert state is not None
    assert (False, None) == (state.live, seen)


EXAMPLES: dict[str, tuple[str, tuple[ReceivedEvent, ...]]] = {
    "first_version": ("accepted", (publication(1, 1),)),
    "newer_version": ("accepted", (publication(1, 3), publication(2, 1))),
    "lifts_withdrawal": ("accepted", (publication(1, 1), withdrawal(1, 1), publication(2, 1))),
    "same_version": ("duplicate", (publication(1, 1), publication(1, 1))),
    "same_content": ("duplicate", (publication(1, 1), publication(1, 2))),
    "older_version": ("stale", (publication(2, 1), publication(1, 3))),
    "older_event": ("stale", (publication(1, 3), publication(1, 2))),
    "withdrawn_since": ("stale", (withdrawal(2, 1), publication(1, 3))),
    "withdrawn": ("withdrawn", (publication(1, 1), withdrawal(None, 2))),
    "already_withdrawn": ("withdrawn", (publication(1, 1), withdrawal(1, 2), withdrawal(2, 2))),
    "withdrawn_before_published": ("withdrawn", (withdrawal(1, 1),)),
    "same_withdrawal": ("duplicate", (publication(1, 1), withdrawal(1, 1), withdrawal(1, 2))),
    "older_withdrawal": ("stale", (publication(1, 1), withdrawal(2, 1), withdrawal(1, 2))),
    "newer_version_published": ("stale", (publication(2, 1), withdrawal(1, 3))),
}


@pytest.mark.parametrize("reason", EXAMPLES)
def test_an_example_of_each_reason(reason: str) -> None:
    outcome, events = EXAMPLES[reason]

    assert (outcome, reason) == outcome_of(*events)


def test_each_reason_has_an_example() -> None:
    assert set(REASONS) == set(EXAMPLES)


def test_the_reasons_are_those_that_are_given() -> None:
    given_reasons = {decision.reason for events in histories_of_three() for decision in fold(events)[2]}

    assert set(REASONS) == given_reasons


def test_a_duplicate_changes_nothing_that_search_sees() -> None:
    duplicates = [
        decision for events in histories_of_three() for decision in fold(events)[2] if decision.outcome == "duplicate"
    ]

    assert {False} == {decision.content_changes for decision in duplicates}


def test_an_accepted_event_is_seen_by_search_at_once() -> None:
    for events in histories_of_three():
        _, seen, decisions = fold(events)
        if decisions[-1].outcome == "accepted":
            assert decisions[-1].content_changes
            assert events[-1].content == seen


@pytest.mark.parametrize("version", [None, 0, 1, 2**53 - 1])
def test_a_withdrawal_without_a_version_covers_every_version_up_to_its_time(version: int | None) -> None:
    assert ("withdrawn", "withdrawn") == outcome_of(publication(version, 5), withdrawal(None, 5))
    assert ("stale", "newer_version_published") == outcome_of(publication(version, 6), withdrawal(None, 5))


def test_only_a_higher_version_lifts_a_withdrawal_that_names_one() -> None:
    """However late the event is."""
    published, withdrawn = publication(2, 1), withdrawal(2, 2)

    assert ("stale", "withdrawn_since") == outcome_of(published, withdrawn, publication(2, 1_000, "Corrected"))
    assert ("accepted", "lifts_withdrawal") == outcome_of(published, withdrawn, publication(3, 0))


def test_an_absent_version_counts_as_zero() -> None:
    assert ("stale", "older_version") == outcome_of(publication(1, 1), publication(None, 9))
    assert ("withdrawn", "withdrawn") == outcome_of(publication(None, 1), withdrawal(0, 1))


def test_versions_and_times_being_equal_the_digest_decides() -> None:
    ebb, flood = sorted([publication(1, 1, "Ebb"), publication(1, 1, "Flood")], key=lambda event: event.key)

    assert ("accepted", "newer_version") == outcome_of(ebb, flood)
    assert ("stale", "older_event") == outcome_of(flood, ebb)
