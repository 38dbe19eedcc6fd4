"""Keeps what waits for the service short while much is published, so that what others publish is not behind it."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from newsdex_schemas import EventRef

MAX_WAITING = 200
"""Events: a fraction of a second's work, and enough for full batches."""
EVENTS_PER_MARK = 10
MAX_MARKS = 2 * MAX_WAITING // EVENTS_PER_MARK
POLL_S = 0.02
STALLED_S = 10.0
"""Longer than a commit that merges. What has not shrunk for so long is not waited for: nobody handles events then."""

Lag = Callable[[], Awaitable[int | None]]
"""Tells how many events the indexer has not handled, everybody's; None where that cannot be told."""
Reflected = Callable[[Sequence[EventRef]], Awaitable[Sequence[bool] | None]]
"""Tells of some events whether searches reflect them; None where nobody answers."""


class Pace:
    """Lets a publisher send while few events wait: for the archive, anybody's, and for the index, its own."""

    def __init__(
        self,
        lag: Lag,
        reflected: Reflected,
        *,
        clock: Callable[[], float] = time.monotonic,
        poll_s: float = POLL_S,
    ) -> None:
        self._lag = lag
        self._reflected = reflected
        self._poll_s = poll_s
        self._looking = asyncio.Lock()
        self._room = MAX_WAITING
        self._granted = 0
        self._acknowledged = 0
        self._seen = 0
        """As many of the acknowledged are reflected."""
        self._marks: deque[tuple[int, EventRef]] = deque(maxlen=MAX_MARKS)
        """Some events whose reflection is asked for, with how many were acknowledged before."""
        self._unarchived, self._unindexed = _Shrinking(clock), _Shrinking(clock)

    @property
    def stalled(self) -> bool:
        """Tell whether events were sent although those before did not become fewer."""
        return self._unarchived.stalled or self._unindexed.stalled

    async def turn(self) -> None:
        """Wait until another event may be sent."""
        while self._room <= 0:
            async with self._looking:
                if self._room <= 0 and not await self._look():
                    await asyncio.sleep(self._poll_s)
        self._room -= 1
        self._granted += 1

    def acknowledged(self, ref: EventRef) -> None:
        """Hear that the broker stored an event."""
        self._acknowledged += 1
        if self._acknowledged % EVENTS_PER_MARK == 0:
            self._marks.append((self._acknowledged, ref))

    def refused(self) -> None:
        """Hear that a message that had its turn was not stored, and never will be."""
        self._granted -= 1

    async def _look(self) -> bool:
        """Look how many wait; tell whether there is room."""
        lag = await self._lag()
        in_flight = self._granted - self._acknowledged
        unarchived = 0 if lag is None else self._unarchived.counted(lag + in_flight)
        unindexed = self._unindexed.counted(await self._not_reflected())
        self._room = MAX_WAITING - max(unarchived, unindexed)
        return self._room > 0

    async def _not_reflected(self) -> int:
        marks = list(self._marks)
        reflected = await self._reflected([ref for _, ref in marks]) if marks else ()
        if reflected is None:
            self._marks.clear()
            self._seen = self._acknowledged
        for (number, _), seen in zip(marks, reflected or (), strict=False):
            if not seen:
                break
            self._seen = number
            self._marks.popleft()
        return self._granted - self._seen


class _Shrinking:
    """A number of waiting events, which counts for as long as it shrinks now and then."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0
        self._shrank_at = clock()
        self.stalled = False

    def counted(self, number: int) -> int:
        now = self._clock()
        if number < max(self._last, MAX_WAITING):
            self._shrank_at = now
        self._last = number
        if now - self._shrank_at < STALLED_S:
            return number
        self.stalled = True
        return 0
