"""A process ends when a check that it repeats fails, whatever the failure is."""

import asyncio
from functools import partial

import pytest
from structlog.testing import capture_logs

from newsdex.apps.serve import Process
from newsdex.errors import Unavailable
from newsdex.health import Readiness


@pytest.mark.parametrize(
    ("error", "events"),
    [(Unavailable("archive_locked", "locked"), []), (ZeroDivisionError(), ["process.check_failed"])],
    ids=["a failure", "a defect"],
)
def test_a_check_that_fails_ends_the_process(error: Exception, events: list[str]) -> None:
    checks = 0

    async def check() -> None:
        nonlocal checks
        checks += 1
        if checks == 2:
            raise error

    async def run() -> None:
        process = Process(Readiness("broker"))
        process.watch(partial(check), 0)
        async with asyncio.timeout(30):
            while not process.stopping:  # noqa: ASYNC110 - there is nothing to wait for
                await asyncio.sleep(0)

    with capture_logs() as logs:
        asyncio.run(run())

    assert 2 == checks
    assert events == [line["event"] for line in logs]
