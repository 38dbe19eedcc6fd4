"""However many requests one client has, those of the others come in their turn."""

from collections import Counter
from dataclasses import dataclass

from newsdex.apps.searcher.fair_queue import FairQueue


@dataclass(frozen=True)
class Item:
    client: str
    number: int = 0
    size: int = 1


def queue_of(*items: Item, max_items: int = 100, max_bytes: int = 100) -> FairQueue[Item]:
    queue = FairQueue[Item](max_items=max_items, max_bytes=max_bytes)
    for item in items:
        queue.put(item)
    return queue


def taken(queue: FairQueue[Item]) -> list[Item]:
    found = []
    while (item := queue.take(Counter(), 1)) is not None:
        found.append(item)
    return found


def test_clients_take_turns_and_each_ones_requests_keep_their_order() -> None:
    queue = queue_of(Item("a", 1), Item("a", 2), Item("a", 3), Item("b", 1), Item("c", 1), Item("b", 2))
    expected = [Item("a", 1), Item("b", 1), Item("c", 1), Item("a", 2), Item("b", 2), Item("a", 3)]

    assert expected == taken(queue)
    assert 0 == len(queue)


def test_a_client_of_which_enough_runs_is_passed_over() -> None:
    queue = queue_of(Item("a", 1), Item("b", 1))

    assert Item("b", 1) == queue.take(Counter(a=3, b=2), 3)
    assert None is queue.take(Counter(a=3), 3)
    assert Item("a", 1) == queue.take(Counter(a=2), 3)


def test_where_there_is_no_more_room_the_newest_of_the_client_with_most_leaves() -> None:
    queue = queue_of(Item("a", 1), Item("a", 2), Item("a", 3), max_items=3)

    assert [Item("a", 3)] == queue.put(Item("b", 1))
    assert [Item("a", 4)] == queue.put(Item("a", 4))
    assert [Item("a", 1), Item("b", 1), Item("a", 2)] == taken(queue)


def test_bytes_are_bounded_too_and_the_client_with_most_of_them_leaves() -> None:
    queue = queue_of(Item("a", 1), Item("a", 2), Item("b", 1, size=60), Item("b", 2, size=30), max_bytes=100)

    assert [Item("b", 2, size=30)] == queue.put(Item("c", 1, size=20))
    assert [Item("c", 2, size=500)] == queue.put(Item("c", 2, size=500))
    assert [Item("a", 1), Item("b", 1, size=60), Item("c", 1, size=20), Item("a", 2)] == taken(queue)


def test_what_left_is_gone_and_leaves_no_turn_behind() -> None:
    queue = queue_of(Item("a", 1), Item("b", 1))

    assert (True, False) == (queue.discard(Item("a", 1)), queue.discard(Item("a", 1)))
    assert (0, 1) == (queue.ahead_of("a"), queue.ahead_of("b"))
    assert [Item("b", 1)] == queue.items()


def test_a_new_request_waits_for_as_many_of_each_client_as_its_own_has() -> None:
    queue = queue_of(*(Item("a", number) for number in range(50)), Item("b", 1), Item("b", 2))

    assert (52, 4, 0) == (queue.ahead_of("a"), queue.ahead_of("b"), queue.ahead_of("c"))
