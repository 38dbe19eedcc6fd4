"""The client of programs that publish, search or both."""

from collections.abc import AsyncIterator, Iterable, Iterator

from newsdex_schemas import channels
from newsdex_schemas.article import Article
from newsdex_schemas.client.asking import Asker
from newsdex_schemas.client.messages import Message, message_of_event, published, withdrawn
from newsdex_schemas.client.retries import Retries
from newsdex_schemas.client.transport import Stored, Transport
from newsdex_schemas.errors import Invalid, NewsdexError, Refused
from newsdex_schemas.events import Event, Withdrawal
from newsdex_schemas.receipts import EventReceipt
from newsdex_schemas.search import Place, Problem

MAX_BATCH = 500
"""Events that are on their way at the same time, of at most MAX_MESSAGE_BYTES together."""
REFUSED_STATUS = {"message_too_large": 413}


class Client(Asker):
    """Publishes and asks.

    Each call tries again for `retry_s` seconds what may pass, and raises the `NewsdexError` that is left. An event may
    be sent again as it is: whoever stored it knows the repetition.
    """

    def __init__(self, transport: Transport, *, source: str, retry_s: float) -> None:
        super().__init__(transport, retry_s=retry_s)
        self._source = source

    async def publish(self, event: Event | Article) -> EventReceipt:
        """Return what the broker stored of an event; of an article, a new event is made.

        Raises `Invalid` or `Refused` for an event that is not taken, and `Unavailable` where no acknowledgement came in
        time: it may be stored all the same, and can be published again as it is.
        """
        (result,) = await self._published([message_of_event(self._event(event))])
        if isinstance(result, NewsdexError):
            raise result
        return _receipt(result)

    async def publish_many(self, events: Iterable[Event | Article]) -> AsyncIterator[EventReceipt]:
        """Yield a receipt for each event, in order; one with a `problem` was not stored.

        Many are on their way at the same time, and reach the stream in any order: versions, or the times that events
        state, say which of several about one article is the newest.
        """
        for batch in _batches(message_of_event(self._event(event)) for event in events):
            for result in await self._published(batch):
                yield _receipt(result)

    async def withdraw(self, article_id: str, *, version: int | None = None, reason: str | None = None) -> EventReceipt:
        """Take an article out of search, as far as it was published until now, or up to a version."""
        return await self.publish(withdrawn(Withdrawal(id=article_id, version=version, reason=reason), self._source))

    def _event(self, event: Event | Article) -> Event:
        return published(event, self._source) if isinstance(event, Article) else event

    async def _published(self, messages: list[Message]) -> list[Stored | NewsdexError]:
        """Return what became of each message, once nothing is left that may succeed."""
        results: dict[int, Stored | NewsdexError] = {}
        left = list(range(len(messages)))
        retries = Retries(self._retry_s)
        while left:
            results |= zip(left, await self._transport.publish([messages[n] for n in left]), strict=True)
            errors = {n: one for n in left if isinstance(one := results[n], NewsdexError) and one.retryable}
            left = list(errors)
            if left and not await retries.again(max(errors.values(), key=lambda one: getattr(one, "retry_after_s", 0))):
                break
        return [results[number] for number in range(len(messages))]


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        if batch and (len(batch) == MAX_BATCH or size + len(message.body) > channels.MAX_MESSAGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += len(message.body)
    if batch:
        yield batch


def _receipt(result: Stored | NewsdexError) -> EventReceipt:
    if isinstance(result, NewsdexError):
        status = 503 if result.retryable else REFUSED_STATUS.get(result.code, 400)
        return EventReceipt.model_validate({"status": status, "problem": _problem(result)})
    return EventReceipt(
        status=202,
        source=result.ref.source,
        id=result.ref.id,
        stream_sequence=result.ref.stream_sequence,
        repeated=result.repeated,
    )


def _problem(error: NewsdexError) -> Problem:
    if isinstance(error, Refused):
        return error.problem
    place = Place(field=error.place) if isinstance(error, Invalid) and error.place else None
    return Problem(code=error.code, message=error.message, retryable=error.retryable, place=place)
