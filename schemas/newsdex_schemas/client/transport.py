"""What a client needs of the way to the service, whichever it is."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar

from newsdex_schemas.client.messages import Message
from newsdex_schemas.errors import NewsdexError
from newsdex_schemas.model import ContractModel, RequestModel
from newsdex_schemas.outcomes import EventRef

Reply = TypeVar("Reply", bound=ContractModel)
REPLY_TIMEOUT_S = 10.0
CORRELATION_ID: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""The correlation id of the requests that a task sends; unset, none is sent."""
TRACE: ContextVar[Mapping[str, str]] = ContextVar("trace", default=MappingProxyType({}))
"""The headers of the trace that a task works for, `traceparent` and `tracestate`: sent with requests and events."""


class Stored(NamedTuple):
    """What the broker acknowledged of a message."""

    ref: EventRef
    """With the message's number in the stream."""
    repeated: bool
    """Whether the broker had the message already."""


class Transport(Protocol):
    """A way to the service. Nothing is tried again here; what is raised says whether that may help."""

    async def publish(self, messages: Sequence[Message]) -> list[Stored | NewsdexError]:
        """Return of each message what the broker stored, or why it did not; raise for none of them."""

    async def request(self, request: RequestModel, reply: type[Reply], timeout_s: float = REPLY_TIMEOUT_S) -> Reply:
        """Return the service's reply; raise `Refused` for a Problem, `Unavailable` where none comes in time."""

    async def close(self) -> None:
        """Give the connection up."""
