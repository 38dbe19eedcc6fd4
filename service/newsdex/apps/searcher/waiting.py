"""Requests that wait until the index reflects an event: looked after all at once, by a thread of their own."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from newsdex.apps.searcher.fair_queue import FairQueue, Waiting
from newsdex_schemas import EventRef

MAX_WAITING = 1_000
MAX_WAITING_BYTES = 8 * 1024 * 1024
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.05
"""How often it is looked whether the index reflects the events."""
PAUSE_OF_WORK = 10
"""A pause is at least so many times as long as the look before it: waiting costs a tenth of a processor at most."""

Look = Callable[[Collection[EventRef]], Mapping[EventRef, Exception | None]]
"""Returns the events that need not be waited for any more: None for those that the index reflects, else why not."""


class WaitingForEvent(Waiting, Protocol):
    """A request that waits."""

    @property
    def wait_for(self) -> EventRef | None:
        """Return the event."""


Item = TypeVar("Item", bound=WaitingForEvent)


class WaitingRequests(Generic[Item]):
    """Requests that wait; `on_settled` gets each when it need not wait any more, with the fault if there is one."""

    def __init__(self, look: Look, on_settled: Callable[[Item, Exception | None], None]) -> None:
        self._look = look
        self._on_settled = on_settled
        self._items = FairQueue[Item](max_items=MAX_WAITING, max_bytes=MAX_WAITING_BYTES)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="waiting")
        self._watch: asyncio.Task[None] | None = None
        self._pause_s = FIRST_PAUSE_S

    def add(self, item: Item) -> list[Item]:
        """Have a request wait; return those that have to leave for it, which may be itself."""
        out = self._items.put(item)
        self._pause_s = FIRST_PAUSE_S
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._until_none_waits())
        return out

    def discard(self, item: Item) -> bool:
        """Forget a request; return whether it waited."""
        return self._items.discard(item)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _until_none_waits(self) -> None:
        while items := self._items.items():
            start = time.monotonic()
            settled = await self._settled({item.wait_for for item in items if item.wait_for is not None})
            took_s = time.monotonic() - start
            for item in items:
                ref = item.wait_for
                if ref is not None and ref in settled and self._items.discard(item):
                    self._on_settled(item, settled[ref])
            await asyncio.sleep(max(self._pause_s, PAUSE_OF_WORK * took_s))
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 1.5)

    async def _settled(self, refs: Collection[EventRef]) -> Mapping[EventRef, Exception | None]:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, refs)
        except Exception as error:  # noqa: BLE001 - becomes the reply of each; a defect is logged whole with it
            return dict.fromkeys(refs, error)
