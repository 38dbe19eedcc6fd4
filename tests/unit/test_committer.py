"""Whatever is pending while one transaction runs is the next one."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import pytest
from tests.unit.events import publishing

from newsdex.errors import Unavailable
from newsdex.ingest.committer import MAX_BATCH, Committer
from newsdex.order import Place
from newsdex.records.events import Delivery, Result

HANG_S = 10
"""Only reached by a defect."""


def result_of(delivery: Delivery) -> Result:
    number = delivery.stream_sequence
    return Result(
        delivery=delivery,
        place=Place(1, number),
        outcome="accepted",
        reason="first_version",
        source="tests",
        event_id=f"evt-{number}",
        correlation_id=f"evt-{number}",
    )


class Handler:
    """Takes batches; each waits for a turn, and the numbers in `faults` raise."""

    def __init__(self, faults: dict[int, Exception] | None = None, *, turns: int = 0) -> None:
        self.batches: list[list[int]] = []
        self.committed: list[list[int]] = []
        self.threads: set[str] = set()
        self.begun = threading.Semaphore(0)
        self._turns = threading.Semaphore(turns)
        self._faults = faults or {}

    def __call__(self, deliveries: Sequence[Delivery]) -> list[Result]:
        numbers = [delivery.stream_sequence for delivery in deliveries]
        self.batches.append(numbers)
        self.threads.add(threading.current_thread().name)
        self.begun.release()
        assert self._turns.acquire(timeout=HANG_S)
        for number in numbers:
            if number in self._faults:
                raise self._faults.pop(number)
        return [result_of(delivery) for delivery in deliveries]

    def on_commit(self, results: Sequence[Result]) -> None:
        self.committed.append([result.delivery.stream_sequence for result in results])

    def go_on(self, turns: int = 1) -> None:
        self._turns.release(turns)

    async def at_work(self) -> None:
        """Wait until another batch is being handled."""
        assert await asyncio.to_thread(self.begun.acquire, timeout=HANG_S)


def run(handler: Handler, scenario: Callable[[Committer, Handler], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario and close the committer; fail where that hangs."""

    async def whole() -> None:
        committer = Committer(handler, handler.on_commit)
        async with asyncio.timeout(HANG_S):
            await scenario(committer, handler)
            await committer.close()

    asyncio.run(whole())


def submit(committer: Committer, *numbers: int) -> list[asyncio.Task[Result]]:
    return [asyncio.create_task(committer.submit(publishing(number))) for number in numbers]


async def started(tasks: Sequence[Awaitable[object]]) -> None:
    """Let new tasks come to their first wait: the loop runs them in the order of their making."""
    assert tasks
    await asyncio.sleep(0)


def test_what_comes_while_a_batch_is_handled_is_one_next_batch() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        first = submit(committer, 1)
        await handler.at_work()
        later = submit(committer, 2, 3, 4)
        await started(later)
        handler.go_on(2)
        await asyncio.gather(*first, *later)

        assert [[1], [2, 3, 4]] == handler.batches == handler.committed

    run(Handler(), scenario)


def test_each_submitter_gets_the_result_of_its_own_delivery() -> None:
    async def scenario(committer: Committer, _: Handler) -> None:
        results = await asyncio.gather(*submit(committer, 3, 1, 2))

        assert [3, 1, 2] == [result.delivery.stream_sequence for result in results]

    run(Handler(turns=3), scenario)


def test_a_batch_is_bounded() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        first = submit(committer, 0)
        await handler.at_work()
        later = submit(committer, *range(1, MAX_BATCH + 2))
        await started(later)
        handler.go_on(3)
        await asyncio.gather(*first, *later)

        assert [1, MAX_BATCH, 1] == [len(batch) for batch in handler.batches]

    run(Handler(), scenario)


def test_nothing_has_an_outcome_before_the_commit() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        (task,) = submit(committer, 1)
        await handler.at_work()

        assert not task.done()
        assert [] == handler.committed
        handler.go_on()
        await task

    run(Handler(), scenario)


def test_a_failing_batch_is_unavailable_to_each_of_its_submitters_and_later_ones_are_handled() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        failed = await asyncio.gather(*submit(committer, 1, 2), return_exceptions=True)

        assert [Unavailable, Unavailable] == [type(fault) for fault in failed]
        assert ["commit_failed"] * 2 == [fault.code for fault in failed if isinstance(fault, Unavailable)]
        assert [] == handler.committed
        (after,) = await asyncio.gather(*submit(committer, 3))
        assert 3 == after.delivery.stream_sequence

    run(Handler({2: RuntimeError("a defect")}, turns=2), scenario)


def test_a_batch_that_waits_behind_a_failing_one_is_handled() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        first = submit(committer, 1)
        await handler.at_work()
        later = submit(committer, 2)
        await started(later)
        handler.go_on(2)
        failed, done = await asyncio.gather(*first, *later, return_exceptions=True)

        assert isinstance(failed, Unavailable)
        assert isinstance(done, Result)

    run(Handler({1: RuntimeError("a defect")}), scenario)


def test_an_unavailable_archive_stays_what_it_says() -> None:
    async def scenario(committer: Committer, _: Handler) -> None:
        with pytest.raises(Unavailable) as fault:
            await committer.submit(publishing(1))

        assert "archive_missing" == fault.value.code

    run(Handler({1: Unavailable("archive_missing", "no archive yet")}, turns=1), scenario)


def test_other_writes_take_turns_with_batches_in_the_same_thread() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        first = submit(committer, 1)
        await handler.at_work()
        write = asyncio.create_task(committer.run(lambda: (list(handler.batches), threading.current_thread().name)))
        later = submit(committer, 2)
        await started(later)
        assert not write.done()
        handler.go_on(2)
        seen, thread = await write
        await asyncio.gather(*first, *later)

        assert [[1]] == seen
        assert {thread} == handler.threads

    run(Handler(), scenario)


def test_a_fault_of_another_write_is_told_to_its_caller_only() -> None:
    def write() -> None:
        raise KeyError("a defect")

    async def scenario(committer: Committer, _: Handler) -> None:
        with pytest.raises(KeyError):
            await committer.run(write)
        (done,) = await asyncio.gather(*submit(committer, 1))

        assert 1 == done.delivery.stream_sequence

    run(Handler(turns=1), scenario)


def test_a_submitter_that_gives_up_takes_nothing_from_the_others() -> None:
    """Its delivery may be handled all the same; the broker delivers it once more."""

    async def scenario(committer: Committer, handler: Handler) -> None:
        first = submit(committer, 1)
        await handler.at_work()
        gone, stays = submit(committer, 2, 3)
        await started([gone, stays])
        gone.cancel()
        handler.go_on(2)
        await asyncio.gather(*first, stays)

        assert gone.cancelled()
        assert 3 == stays.result().delivery.stream_sequence

    run(Handler(), scenario)


def test_closing_waits_for_the_batch_at_work() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        (task,) = submit(committer, 1)
        await handler.at_work()
        closing = asyncio.create_task(committer.close())
        await started([closing])
        assert not closing.done()
        handler.go_on()
        await closing

        assert [[1]] == handler.committed
        assert 1 == (await task).delivery.stream_sequence

    run(Handler(), scenario)


def test_what_is_submitted_after_closing_is_unavailable() -> None:
    async def scenario(committer: Committer, handler: Handler) -> None:
        await committer.close()
        with pytest.raises(Unavailable):
            await committer.submit(publishing(1))

        assert [] == handler.batches

    run(Handler(turns=1), scenario)
