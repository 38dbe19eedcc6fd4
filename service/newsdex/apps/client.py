"""Asks a running newsdex over the broker: publishes events, waits for them, searches, handles parked events."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client as NatsClient
from nats.errors import Error as NatsError
from pydantic import ValidationError

from newsdex.apps.pacing import Pace
from newsdex.apps.publishing import Publication, Publisher
from newsdex.broker.client import connect
from newsdex.broker.streams import CONSUMERS, is_clustered
from newsdex.errors import Refused, Unavailable
from newsdex.settings import Settings
from newsdex_schemas import EventRef, channels
from newsdex_schemas.client import Asker, Message
from newsdex_schemas.client.asking import is_settled
from newsdex_schemas.client.over_nats import NatsTransport
from newsdex_schemas.client.refusals import Refusals
from newsdex_schemas.client.retries import retried
from newsdex_schemas.client.transport import Stored
from newsdex_schemas.operations import (
    MAX_REPROCESSED_AT_ONCE,
    ErasureOrder,
    ErasureReply,
    ErasureRequest,
    IndexOrder,
    IndexReply,
    IndexRequest,
    ParkedList,
    ParkedListRequest,
    ParkedReply,
    ParkedRequest,
    ParkedResult,
    ReprocessedArticle,
    ReprocessOrder,
    ReprocessReply,
    StreamOrder,
    StreamReply,
    StreamRequest,
)
from newsdex_schemas.processes import ProcessReply, ProcessRequest
from newsdex_schemas.story import StoryReply, StoryRequest

REDRIVEN_AT_ONCE = 200
"""Parked events in one request: far less than REPLY_TIMEOUT_S even where each is a large one."""
PAGES_TIMEOUT_S = 600.0
"""For the pages of one order: each may take all the seconds that it may have."""
LAG_TIMEOUT_S = 2.0
ELECTION_S = 30.0
"""Far longer than a cluster takes to have a new leader, with the time after which a lost acknowledgement is missed."""
FIRST_PROCESS_S, NEXT_PROCESS_S = 2.0, 0.3
"""How long processes are waited for: until one says how it is, and then until no other does."""


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator["Client"]:
    """Return a client; raise `Unavailable` where the broker does not answer, `Misconfigured` where it refuses us."""
    refusals = Refusals()
    connection = await connect(settings, name="newsdex-client", refusals=refusals)
    try:
        yield Client(connection, refusals)
    finally:
        await connection.close()


class Client(Asker):
    """The contract's client, with what operators ask.

    Each request raises `Unavailable` where nobody answers and `Refused` for a Problem, by its own deadline: a searcher
    that sheds load must not be asked again. Only what outlasts an election in the broker's cluster is tried again:
    publishing, which goes by the same message id, and waiting for outcomes.
    """

    def __init__(self, connection: NatsClient, refusals: Refusals) -> None:
        self._nats = NatsTransport(connection, refusals)
        self._election_s = ELECTION_S if is_clustered(connection) else 0.0
        super().__init__(self._nats, wait_retry_s=self._election_s)
        self._connection = connection
        self._js = connection.jetstream()
        self._lag_is_told = True

    async def publish(
        self,
        messages: Iterable[Message],
        on_ack: Callable[[int], None],
        done: Publication | None = None,
        pace: Pace | None = None,
    ) -> Publication:
        """Publish, many at a time, and wait for every acknowledgement; `on_ack` hears how many there are.

        `done` tells how far it came where this raises: `Unavailable` where the broker stops answering, `Misconfigured`
        where it refuses us. Without a pace everything is sent at once, however much waits for the service.
        """
        done = done or Publication()
        await Publisher(self._nats, pace, self._election_s).publish(messages, done, on_ack)
        return done

    async def publish_one(self, message: Message, patience_s: float = ELECTION_S) -> Stored:
        """Publish one event; return it with its number in the stream, and whether the broker had it already.

        An election is waited for, at most for `patience_s`. Raises `Invalid` for one that is larger than the broker
        takes, `Unavailable` and `Misconfigured` as `publish`.
        """
        return await retried(lambda: self._nats.publish_one(message), min(patience_s, self._election_s))

    def pace(self) -> Pace:
        """Return what keeps the events that wait for the service few, for one publication."""
        return Pace(self.lag, self._reflected)

    async def lag(self) -> int | None:
        """Return how many events the indexer has not handled; None where the broker does not tell this user."""
        if not self._lag_is_told:
            return None
        try:
            states = [await self._js.consumer_info(channels.STREAM, name, timeout=LAG_TIMEOUT_S) for name in CONSUMERS]
        except (NatsError, TimeoutError):
            self._lag_is_told = False
            return None
        return sum((state.num_pending or 0) + (state.num_ack_pending or 0) for state in states)

    async def _reflected(self, refs: Sequence[EventRef]) -> list[bool] | None:
        try:
            return [is_settled(outcome) for outcome in (await self.outcomes(refs)).outcomes]
        except (Unavailable, Refused):
            return None

    async def story(self, id_: str) -> StoryReply:
        """Ask what became of an article."""
        return await self._nats.request_on(channels.ARTICLES_WHY, StoryRequest(id=id_), StoryReply)

    async def parked(self, *, id_: int | None = None) -> ParkedList:
        """Ask which events are parked: the newest, or one, with the beginning of its message."""
        return await self._nats.request_on(channels.PARKED_LIST, ParkedListRequest(id=id_), ParkedList)

    def retry_parked(self, ids: Sequence[int]) -> AsyncIterator[ParkedResult]:
        """Have the indexer handle parked events once more, any number; give each as soon as it is done."""
        return self._redrive(channels.PARKED_RETRY, ids)

    def drop_parked(self, ids: Sequence[int], reason: str) -> AsyncIterator[ParkedResult]:
        """Have the indexer close parked events without handling them, any number; give each as soon as it is done."""
        return self._redrive(channels.PARKED_DROP, ids, reason)

    async def _redrive(self, channel: str, ids: Sequence[int], reason: str = "") -> AsyncIterator[ParkedResult]:
        for start in range(0, len(ids), REDRIVEN_AT_ONCE):
            request = ParkedRequest(ids=tuple(ids[start : start + REDRIVEN_AT_ONCE]), reason=reason)
            for result in (await self._nats.request_on(channel, request, ParkedReply)).results:
                yield result

    async def erase(self, article_ids: Sequence[str]) -> ErasureReply:
        """Have the texts of articles erased everywhere; that goes on after the reply."""
        return await self._nats.request_on(
            channels.ERASURES_ORDER, ErasureOrder(order="erase", articles=tuple(article_ids)), ErasureReply
        )

    async def lift_erasure(self, article_ids: Sequence[str]) -> ErasureReply:
        """Let erased articles be published again."""
        return await self._nats.request_on(
            channels.ERASURES_ORDER, ErasureOrder(order="lift", articles=tuple(article_ids)), ErasureReply
        )

    async def erasures(self, article_ids: Sequence[str] = ()) -> ErasureReply:
        """Ask how far erasures are, of some articles or of all."""
        return await self._nats.request_on(
            channels.ERASURES_STATUS, ErasureRequest(articles=tuple(article_ids)), ErasureReply
        )

    async def reprocess(self, article_ids: Sequence[str] = ()) -> AsyncIterator[ReprocessedArticle]:
        """Have articles made once more of their pages: some, or all that another release read. Give each when done."""
        orders = [
            ReprocessOrder(order="reprocess", articles=tuple(article_ids[start : start + MAX_REPROCESSED_AT_ONCE]))
            for start in range(0, len(article_ids), MAX_REPROCESSED_AT_ONCE)
        ] or [ReprocessOrder(order="reprocess")]
        while orders:
            order = orders.pop(0)
            reply = await self._nats.request_on(channels.PAGES_REPROCESS, order, ReprocessReply, PAGES_TIMEOUT_S)
            if reply.next is not None:
                orders.append(ReprocessOrder(order="reprocess", after=reply.next))
            for article in reply.articles:
                yield article

    async def index_status(self) -> IndexReply:
        """Ask the indexer how the index is."""
        return await self._nats.request_on(channels.INDEX_STATUS, IndexRequest(), IndexReply)

    async def rebuild_index(self) -> IndexReply:
        """Have the indexer build a new generation; it goes on after the reply."""
        return await self._nats.request_on(channels.INDEX_REBUILD, IndexOrder(order="rebuild"), IndexReply)

    async def roll_back_index(self) -> IndexReply:
        """Have the indexer go back to the generation before; it goes on after the reply."""
        return await self._nats.request_on(channels.INDEX_ROLLBACK, IndexOrder(order="rollback"), IndexReply)

    async def stream_status(self) -> StreamReply:
        """Ask the indexer how full the stream is."""
        return await self._nats.request_on(channels.STREAM_STATUS, StreamRequest(), StreamReply)

    async def prune_stream(self, order: StreamOrder) -> StreamReply:
        """Have the indexer remove handled events from the stream."""
        return await self._nats.request_on(channels.STREAM_PRUNE, order, StreamReply)

    async def redeliver(self) -> StreamReply:
        """Have every event in the stream delivered once more."""
        return await self._nats.request_on(channels.STREAM_REDELIVER, StreamOrder(order="redeliver"), StreamReply)

    async def processes(self) -> list[ProcessReply]:
        """Ask every process how it is, and return what those say that answer in time."""
        if not self._connection.is_connected:
            raise Unavailable("broker_unavailable", "the connection to the broker is lost; it is tried again")
        found: list[ProcessReply] = []
        inbox = self._connection.new_inbox()
        try:
            replies = await self._connection.subscribe(inbox)
        except NatsError as error:
            raise Unavailable("broker_unavailable", "the broker takes no request just now") from error
        wait_s = FIRST_PROCESS_S
        try:
            await self._connection.publish(channels.PROCESSES_STATUS, ProcessRequest().to_json(), reply=inbox)
            while True:
                message = await replies.next_msg(timeout=wait_s)
                with suppress(ValidationError):  # nobody listens, or one that cannot say how it is
                    found.append(ProcessReply.from_json(message.data))
                    wait_s = NEXT_PROCESS_S
        except (TimeoutError, NatsError):
            return sorted(found, key=lambda reply: (reply.process, reply.instance))
        finally:
            with suppress(NatsError):
                await replies.unsubscribe()
