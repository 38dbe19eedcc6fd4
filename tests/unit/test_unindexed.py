"""The age of the oldest change that the index does not have is exact, whatever comes behind it."""

from newsdex.apps.indexer.unindexed import MAX_KEPT, Unindexed


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_the_age_of_the_oldest_and_none_once_the_index_has_all() -> None:
    clock = Clock()
    unindexed = Unindexed(clock)
    ages = [unindexed.age_s()]
    for sequence in (1, 5, 9):
        unindexed.archived(sequence)
        clock.now += 10
    for position in (0, 1, 4, 5, 9):
        unindexed.indexed(position)
        ages.append(unindexed.age_s())

    assert [None, 30, 20, 20, 10, None] == ages


def test_what_the_index_had_before_it_was_told_does_not_wait() -> None:
    unindexed = Unindexed(Clock())
    unindexed.indexed(7)
    unindexed.archived(7)

    assert unindexed.age_s() is None


def test_a_projector_that_stands_still_costs_bounded_memory_and_keeps_the_age() -> None:
    clock = Clock()
    unindexed = Unindexed(clock)
    for sequence in range(1, 2 * MAX_KEPT):
        unindexed.archived(sequence)
        clock.now += 1
    age = unindexed.age_s()
    unindexed.indexed(2 * MAX_KEPT - 2)
    behind = unindexed.age_s()
    unindexed.indexed(2 * MAX_KEPT - 1)

    assert 2 * MAX_KEPT - 1 == age
    assert behind is not None
    assert unindexed.age_s() is None
