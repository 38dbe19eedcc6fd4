"""A publisher of many events keeps few of them waiting, and never waits for what does not move."""

import asyncio
from collections.abc import Coroutine, Sequence

import pytest

from newsdex.apps.pacing import MAX_WAITING, STALLED_S, Pace
from newsdex_schemas import EventRef


class Service:
    """What a pace looks at: each look handles a few of what was sent, and takes a second."""

    def __init__(self, *, archived: int = 40, indexed: int = 40, others: int = 0) -> None:
        self.archived_at_once, self.indexed_at_once = archived, indexed
        self.others = others
        self.sent = self.archived = self.indexed = 0
        self.now_s = 0.0
        self.most_waiting = self.looks = 0
        self.answers = True

    async def lag(self) -> int | None:
        self.looks += 1
        self.now_s += 1
        self.archived = min(self.sent, self.archived + self.archived_at_once)
        self.indexed = min(self.archived, self.indexed + self.indexed_at_once)
        return self.sent - self.archived + self.others

    async def reflected(self, refs: Sequence[EventRef]) -> Sequence[bool] | None:
        return [int(ref.id) <= self.indexed for ref in refs] if self.answers else None

    async def publish(self, number: int, workers: int = 50) -> Pace:
        """Publish through a pace, many at a time."""
        pace = Pace(self.lag, self.reflected, clock=lambda: self.now_s, poll_s=0)
        left = iter(range(number))

        async def work() -> None:
            for _ in left:
                await pace.turn()
                await asyncio.sleep(0)
                self.sent += 1
                self.most_waiting = max(self.most_waiting, self.sent - self.indexed)
                pace.acknowledged(EventRef(source="s", id=str(self.sent)))

        await asyncio.gather(*(work() for _ in range(workers)))
        return pace


def run(work: Coroutine[None, None, Pace]) -> Pace:
    """Run to the end, but not for ever."""
    return asyncio.run(asyncio.wait_for(work, 20))


def test_few_events_are_sent_without_a_look() -> None:
    service = Service()
    run(service.publish(MAX_WAITING))

    assert (MAX_WAITING, 0) == (service.sent, service.looks)


@pytest.mark.parametrize("speeds", [(40, 40), (7, 40), (40, 7), (4, 2)])
def test_many_never_make_more_wait_than_the_bound(speeds: tuple[int, int]) -> None:
    service = Service(archived=speeds[0], indexed=speeds[1])
    pace = run(service.publish(3_000))

    assert 3_000 == service.sent
    assert service.most_waiting <= MAX_WAITING
    assert not pace.stalled


def test_what_others_sent_counts_too() -> None:
    service = Service(others=MAX_WAITING - 60)
    run(service.publish(MAX_WAITING + 1))

    assert service.sent - service.archived <= MAX_WAITING


@pytest.mark.parametrize("service", [Service(archived=0, indexed=0), Service(indexed=0)], ids=["archive", "index"])
def test_nobody_waits_for_ever_for_what_does_not_move(service: Service) -> None:
    pace = run(service.publish(3_000))

    assert 3_000 == service.sent
    assert pace.stalled
    assert service.now_s >= STALLED_S


def test_an_index_that_nobody_tells_of_is_not_waited_for() -> None:
    service = Service(indexed=0)
    service.answers = False
    pace = run(service.publish(3_000))

    assert 3_000 == service.sent
    assert not pace.stalled


def test_what_the_broker_refuses_takes_nobodys_place() -> None:
    service = Service()

    async def publish() -> Pace:
        pace = Pace(service.lag, service.reflected, clock=lambda: service.now_s, poll_s=0)
        for _ in range(10 * MAX_WAITING):
            await pace.turn()
            pace.refused()
        return pace

    assert not run(publish()).stalled
