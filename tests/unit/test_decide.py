"""What an event does to an article, one example of each kind, and what its publisher is told of it."""

import random
from collections.abc import Iterable

import pytest
from tests.unit import order_model as model
from tests.unit.events import ordered

from newsdex.ingest.decide import REASONS, decide, decide_copy
from newsdex.order import ArticleEvents, ArticleState, OrderedEvent
from newsdex.records.events import Decision


def decisions(events: Iterable[OrderedEvent]) -> tuple[list[Decision], ArticleState]:
    """Return what became of some events, and the state they lead to."""
    known, made, first = ArticleEvents(), [], {}
    for event in events:
        before, place = known.state, first.get(event.name)
        if place is not None and place <= event.key.place:
            made.append(Decision(outcome="duplicate", reason="copy"))
            continue
        known = known.plus(event, settled=False)
        made.append(decide_copy(before, known.state) if place else decide(event, before, known.state))
        first[event.name] = event.key.place
    return made, known.state


def outcome_of(*events: OrderedEvent) -> tuple[str, str]:
    """Return outcome and reason of the last of some events."""
    last = decisions(events)[0][-1]
    return last.outcome, last.reason


def withdrawal(position: int, **fields: int | None) -> OrderedEvent:
    return ordered(position, withdrawal=True, **fields)  # type: ignore[arg-type]  # numbers only


GIVEN_ELSEWHERE = {"erased", "reprocessed"}
"""Where nothing is decided: for the events of an article that was erased, and for a kept page that is read again."""
EXAMPLES: dict[str, tuple[str, tuple[OrderedEvent, ...]]] = {
    "first_version": ("accepted", (ordered(1, version=1),)),
    "newer_version": ("accepted", (ordered(1, version=1), ordered(2, version=2, stated=1))),
    "lifts_withdrawal": ("accepted", (ordered(1, version=1), withdrawal(2, version=1), ordered(3, version=2))),
    "copy": ("duplicate", (ordered(1, name="a"), ordered(2, name="a"))),
    "same_content": ("duplicate", (ordered(1, version=1), ordered(2, version=1))),
    "older_version": ("stale", (ordered(1, version=2, title="Ebb"), ordered(2, version=1))),
    "older_event": ("stale", (ordered(1, stated=1, title="Ebb"), ordered(2, stated=0))),
    "withdrawn_since": ("stale", (withdrawal(2), ordered(1))),
    "earlier_than_withdrawal": ("stale", (withdrawal(1, stated=1), ordered(2, stated=0))),
    "version_withdrawn": ("stale", (withdrawal(1, version=2), ordered(2, version=1))),
    "withdrawn": ("withdrawn", (ordered(1, version=1), withdrawal(2))),
    "already_withdrawn": ("withdrawn", (ordered(1, version=1), withdrawal(2, version=1), withdrawal(3, version=2))),
    "withdrawn_before_published": ("withdrawn", (withdrawal(1, version=1),)),
    "older_withdrawal": ("stale", (ordered(1), withdrawal(3), withdrawal(2, stated=0))),
    "newer_version_published": ("stale", (ordered(1, version=2), withdrawal(2, version=1))),
}  # fmt: skip


@pytest.mark.parametrize("reason", EXAMPLES)
def test_an_example_of_each_reason(reason: str) -> None:
    outcome, events = EXAMPLES[reason]

    assert (outcome, reason) == outcome_of(*events)


def test_each_reason_has_an_example() -> None:
    assert set(REASONS) - GIVEN_ELSEWHERE == set(EXAMPLES)


def histories(number: int) -> Iterable[list[OrderedEvent]]:
    draw = random.Random(3)
    for _ in range(number):
        yield model.delivered(draw, model.history(draw))


def test_the_reasons_are_those_that_are_given() -> None:
    given_reasons = {decision.reason for events in histories(2_000) for decision in decisions(events)[0]}

    assert set(REASONS) - GIVEN_ELSEWHERE == given_reasons


def test_what_search_sees_changes_exactly_where_a_decision_says_so_or_the_article_was_hidden() -> None:
    for events in histories(500):
        for number in range(1, len(events)):
            before, after = (model.shown(events[:end]) for end in (number, number + 1))
            last = decisions(events[: number + 1])[0][-1]

            assert (before != after) <= last.content_changes, events
            assert last.content_changes <= (before != after or (before is None and last.outcome == "withdrawn"))


def test_an_accepted_event_is_seen_by_search_at_once_and_an_effective_withdrawal_hides() -> None:
    for events in histories(500):
        made, state = decisions(events)
        if made[-1].outcome == "accepted":
            assert state.shown is not None
            assert events[-1].content == state.shown.content
        if made[-1].outcome == "withdrawn":
            assert state.shown is None


@pytest.mark.parametrize("version", [None, 0, 1, 2**53 - 1])
def test_a_withdrawal_without_a_version_covers_every_version_before_it(version: int | None) -> None:
    """Whatever clocks say: here the withdrawer's is a minute behind, and one publication states tomorrow."""
    for stated in (None, 100, 10**9):
        assert ("withdrawn", "withdrawn") == outcome_of(
            ordered(100, version=version, stated=stated), withdrawal(101, stated=41)
        )


@pytest.mark.parametrize("version", [None, 7])
def test_what_comes_after_a_withdrawal_without_a_version_is_shown_unless_it_states_an_earlier_time(
    version: int | None,
) -> None:
    """The same version too: it was taken back, and is published again."""
    before = (ordered(100, version=7, stated=90), withdrawal(101, stated=99))

    for stated in (None, 99, 102, 10**9):
        assert ("accepted", "lifts_withdrawal") == outcome_of(*before, ordered(102, version=version, stated=stated))
    assert ("stale", "earlier_than_withdrawal") == outcome_of(*before, ordered(102, version=version, stated=98))


def test_after_a_withdrawal_with_a_version_a_higher_one_is_shown_or_the_same_that_states_a_later_time() -> None:
    before = (ordered(100, version=7, stated=90), withdrawal(101, version=7, stated=99))

    assert ("accepted", "lifts_withdrawal") == outcome_of(*before, ordered(102, version=8, stated=1))
    assert ("accepted", "lifts_withdrawal") == outcome_of(*before, ordered(102, version=7, stated=100))
    for stated in (None, 98, 99):
        assert ("stale", "version_withdrawn") == outcome_of(*before, ordered(102, version=7, stated=stated))


def test_a_withdrawal_with_a_version_covers_publications_without_one_that_are_placed_before_it_or_state_it() -> None:
    """An in-flight correction that the takedown overtook must not come through for want of a version."""
    assert ("withdrawn", "withdrawn") == outcome_of(ordered(1), withdrawal(2, version=0))
    assert ("stale", "earlier_than_withdrawal") == outcome_of(withdrawal(2, version=3), ordered(3, stated=1))
    assert ("accepted", "lifts_withdrawal") == outcome_of(withdrawal(2, version=3), ordered(3))


def test_a_takedown_that_overtakes_the_publication_holds() -> None:
    assert ("stale", "version_withdrawn") == outcome_of(withdrawal(1, version=3), ordered(2, version=3))
    assert ("accepted", "lifts_withdrawal") == outcome_of(withdrawal(1, version=3), ordered(2, version=4))


def test_a_stated_time_ahead_of_the_brokers_clock_counts_as_the_moment_of_storing() -> None:
    """One event 400 days ahead must not make all later ones stale."""
    ahead = ordered(1, stated=400 * 86_400, title="Ebb")

    assert ("accepted", "newer_version") == outcome_of(ahead, ordered(2, stated=2, title="Flood"))


def test_of_two_that_state_the_same_time_the_later_place_wins_whatever_their_contents() -> None:
    for first, second in (("Ebb", "Flood"), ("Flood", "Ebb")):
        assert ("accepted", "newer_version") == outcome_of(
            ordered(5, stated=1, title=first), ordered(6, stated=1, title=second)
        )


def test_a_version_and_none_compete_by_time_where_both_state_one_else_by_place() -> None:
    assert ("stale", "older_event") == outcome_of(ordered(8, version=1, stated=8), ordered(9, stated=7))
    assert ("accepted", "newer_version") == outcome_of(ordered(8, version=1, stated=7), ordered(9, stated=8))
    assert ("accepted", "newer_version") == outcome_of(ordered(8, version=1), ordered(9, stated=1))


def test_the_loser_of_the_two_is_shown_again_where_the_winner_is_replaced_by_one_that_does_not_beat_it() -> None:
    """Why both candidates are kept with their texts."""
    numbered = ordered(5, version=1, stated=5, title="Numbered")
    beats_it, newer = ordered(7, stated=7, title="Beats it by time"), ordered(3, stored=8, title="Placed before")
    made, state = decisions([numbered, beats_it, newer])

    assert ["accepted", "accepted", "stale"] == [one.outcome for one in made]
    assert state.shown is not None
    assert (numbered.content, True) == (state.shown.content, made[-1].content_changes)


def test_a_copy_moves_nothing_and_lifts_no_withdrawal() -> None:
    first = ordered(1, name="a")
    made, state = decisions([first, withdrawal(2), ordered(3, name="a")])

    assert ("duplicate", "copy", False) == (made[-1].outcome, made[-1].reason, made[-1].content_changes)
    assert state.shown is None


def test_a_copy_that_was_stored_first_and_is_delivered_last_takes_back_what_the_later_one_did() -> None:
    _, state = decisions([ordered(3, name="a"), withdrawal(2), ordered(1, name="a")])

    assert state.shown is None


def test_the_same_event_id_with_another_content_is_another_event() -> None:
    assert ("accepted", "newer_version") == outcome_of(
        ordered(1, name="a", title="Ebb"), ordered(2, name="a", title="Flood")
    )
