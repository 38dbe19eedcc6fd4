"""A plain connection to the broker, for commands that ask and end; starts faster than FastStream."""

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from newsdex.broker.address import broker_url, connection_options
from newsdex.errors import Unavailable
from newsdex.settings import Settings


async def connect(settings: Settings, *, name: str) -> Client:
    """Connect; raise `Unavailable` at once where the broker does not answer or refuses."""
    faults: list[Exception] = []

    async def remember(fault: Exception) -> None:
        faults.append(fault)

    try:
        return await nats.connect(
            broker_url(settings),
            name=name,
            allow_reconnect=False,
            # the first connection is tried so often too; 0 and less would mean without an end
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=remember,
            **connection_options(settings),
        )
    except (NatsError, OSError, TimeoutError) as error:
        fault = faults[0] if faults else error
        reason = str(fault) or type(fault).__name__
        code = "broker_refused" if "uthorization" in reason else "broker_unavailable"
        raise Unavailable(code, f"the broker does not take the connection: {reason}") from error
