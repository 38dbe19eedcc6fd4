"""Erases messages from the stream: the broker overwrites their bytes."""

from collections.abc import AsyncIterator, Iterable

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from newsdex.errors import Unavailable
from newsdex.records.events import Delivery
from newsdex.records.moments import microseconds
from newsdex_schemas import channels


async def stored_message(js: JetStreamContext, sequence: int) -> Delivery | None:
    """Return a message of the stream by its number; None where it is gone. Raises `Unavailable`."""
    try:
        found: RawStreamMsg = await js.get_msg(channels.STREAM, sequence)
    except NotFoundError:
        return None
    except (NatsError, TimeoutError) as error:
        raise Unavailable("jetstream_unavailable", f"JetStream gives no message: {error or 'timeout'}") from error
    assert found.time is not None
    return Delivery(
        subject=found.subject or "",
        headers=found.headers or {},
        body=found.data or b"",
        stream_sequence=sequence,
        stored_us=microseconds(found.time),
        deliveries=1,
    )


async def erase_message(js: JetStreamContext, sequence: int) -> None:
    """Have the broker overwrite and remove a message; one that is gone is no error. Raises `Unavailable`."""
    try:
        await js.delete_msg(channels.STREAM, sequence)
    except NotFoundError:
        return
    except (NatsError, TimeoutError) as error:
        if "no message found" in str(error).lower():
            return
        raise Unavailable("jetstream_unavailable", f"JetStream deletes no message: {error or 'timeout'}") from error


async def numbers_in_stream(js: JetStreamContext) -> range:
    """Return the numbers that messages of the stream may have. Raises `Unavailable`."""
    try:
        state = (await js.stream_info(channels.STREAM)).state
    except (NatsError, TimeoutError) as error:
        raise Unavailable("jetstream_unavailable", f"JetStream does not answer: {error or 'timeout'}") from error
    return range(state.first_seq, state.last_seq + 1)


async def stored_messages(js: JetStreamContext, sequences: Iterable[int]) -> AsyncIterator[Delivery]:
    """Return those messages of some numbers that are there."""
    for sequence in sequences:
        message = await stored_message(js, sequence)
        if message is not None:
            yield message
