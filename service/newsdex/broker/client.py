"""A plain connection to the broker, for commands that ask and end; starts faster than FastStream."""

import asyncio
import logging
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from newsdex.broker.address import broker_urls, connection_options
from newsdex.errors import Unavailable
from newsdex.settings import Settings
from newsdex_schemas.client.refusals import Refusals, refusal_of
from newsdex_schemas.client.tls import NotEncrypted

RECONNECT_WAIT_S = 0.2
# says of every TLS connection that NATS' client closes that it cannot be closed halfway
logging.getLogger("asyncio").setLevel(logging.ERROR)


def without_lost_connections(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Print what a task ended with that nobody waits for, unless the connection was lost.

    The client's own tasks end so at times; whoever uses the connection hears of it, and says so in one line.
    """
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)


async def connect(settings: Settings, *, name: str, refusals: Refusals | None = None) -> Client:
    """Connect; what the broker refuses later is added to `refusals`.

    Where several servers are known, another one is taken when the connection is lost. Raises `Unavailable` at once
    where none of them answers, and `Misconfigured` where one refuses us.
    """
    faults: list[Exception] = []

    async def remember(fault: Exception) -> None:
        faults.append(fault)
        if refusals is not None:
            refusals.add(fault)

    asyncio.get_running_loop().set_exception_handler(without_lost_connections)
    options, urls = connection_options(settings), broker_urls(settings)
    client = Client()
    try:
        await client.connect(
            urls,
            name=name,
            allow_reconnect=len(urls) > 1,
            # the first connection is tried so often too; 0 and less would mean without an end
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=remember,
            **options,
        )
    except (NatsError, OSError, TimeoutError) as error:
        fault = faults[0] if faults else error
        if isinstance(fault, NotEncrypted):
            await client.close()  # after a failed handshake there is nothing that could be closed, and it would wait
        refusal = refusal_of(fault)
        if refusal is not None:
            raise refusal from error
        reason = str(fault) or type(fault).__name__
        raise Unavailable("broker_unavailable", f"the broker does not take the connection: {reason}") from error
    if "tls" in options and not options["tls"].handshakes:
        await client.close()
        refusal = refusal_of(NotEncrypted())
        assert refusal is not None
        raise refusal
    client.options |= {"max_reconnect_attempts": -1, "reconnect_time_wait": RECONNECT_WAIT_S}
    return client
