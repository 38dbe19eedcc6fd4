"""A connection that is lost costs a command one line, not a traceback of the client's own tasks."""

import asyncio
import gc

import pytest

from newsdex.broker.client import without_lost_connections


@pytest.mark.parametrize(
    ("error", "printed"),
    [(BrokenPipeError(32, "Broken pipe"), False), (ConnectionResetError(), False), (ValueError("a defect"), True)],
)
def test_only_what_is_no_lost_connection_is_printed(
    error: Exception, printed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise error

    async def leave_alone() -> None:
        asyncio.get_running_loop().set_exception_handler(without_lost_connections)
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    asyncio.run(leave_alone())

    assert printed == ("never retrieved" in caplog.text)
