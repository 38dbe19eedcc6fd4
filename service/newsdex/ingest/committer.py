"""Group commit: whatever is pending while one transaction runs is the next one."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from newsdex.errors import Unavailable
from newsdex.records.events import Delivery, Result

log = structlog.get_logger()

MAX_BATCH = 1_000
Answer = TypeVar("Answer")


class Committer:
    """Gathers deliveries into batches and runs everything that writes, one after the other, in one thread.

    `handle` gets a batch and gives its results in order, durable, or raises and has had no effect.
    """

    def __init__(
        self, handle: Callable[[Sequence[Delivery]], list[Result]], on_commit: Callable[[Sequence[Result]], None]
    ) -> None:
        self._handle = handle
        self._on_commit = on_commit
        self._pending: list[tuple[Delivery, asyncio.Future[Result]]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive")
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, delivery: Delivery) -> Result:
        """Return the delivery's outcome once it is durable; raise `Unavailable` where it could not be made so."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending.append((delivery, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        return await future

    async def run(self, write: Callable[[], Answer]) -> Answer:
        """Run something else that writes, between two batches; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, write)

    async def close(self) -> None:
        """Finish what is pending and stop the thread."""
        if self._worker is not None:
            await asyncio.wait([self._worker])
        self._thread.shutdown()

    async def _drain(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[:MAX_BATCH], self._pending[MAX_BATCH:]
            try:
                results = await self.run(lambda batch=batch: self._handle([delivery for delivery, _ in batch]))  # type: ignore[misc]  # a default binds the loop's value
                self._on_commit(results)
            except Exception as error:  # noqa: BLE001 - each waiting handler raises it again and asks for redelivery
                _fail(batch, error)
                continue
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)


def _fail(batch: Sequence[tuple[Delivery, asyncio.Future[Result]]], error: Exception) -> None:
    fault = (
        error if isinstance(error, Unavailable) else Unavailable("commit_failed", f"{type(error).__name__}: {error}")
    )
    log.error("batch.failed", code=fault.code, error=fault.message, events=len(batch))
    for _, future in batch:
        if not future.done():
            future.set_exception(fault)
