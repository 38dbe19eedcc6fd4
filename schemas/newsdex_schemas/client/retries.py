"""Tries again what may succeed later, by what the failure's code says."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from newsdex_schemas.errors import NewsdexError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
Result = TypeVar("Result")


def pauses_s() -> Iterator[float]:
    """Yield pauses that double, each between half of it and all of it, so that many clients do not come at once."""
    pause_s = FIRST_PAUSE_S
    while True:
        yield random.uniform(pause_s / 2, pause_s)  # noqa: S311 - no secret
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)


class Retries:
    """How long one call is tried again for, in seconds from now; 0 tries once."""

    def __init__(self, retry_s: float) -> None:
        self._deadline = time.monotonic() + retry_s
        self._pauses_s = pauses_s()

    async def again(self, error: NewsdexError) -> bool:
        """Wait, and return whether to try again after a failure."""
        if not error.retryable:
            return False
        pause_s = max(next(self._pauses_s), getattr(error, "retry_after_s", 0.0))
        if time.monotonic() + pause_s > self._deadline:
            return False
        await asyncio.sleep(pause_s)
        return True


async def retried(call: Callable[[], Awaitable[Result]], retry_s: float) -> Result:
    """Return what a call returns; raise what it last raised, once that will not pass or the time is over."""
    retries = Retries(retry_s)
    while True:
        try:
            return await call()
        except NewsdexError as error:
            if not await retries.again(error):
                raise
