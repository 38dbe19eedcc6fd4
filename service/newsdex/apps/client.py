"""Asks a running newsdex over the broker: publishes events, waits for them, searches, handles parked events."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar

from nats.aio.client import Client as NatsClient
from nats.errors import ConnectionClosedError, NoRespondersError
from nats.errors import Error as NatsError
from pydantic import ValidationError

from newsdex.apps.pacing import Pace
from newsdex.apps.publishing import Message, Publication, Publisher
from newsdex.broker.client import connect
from newsdex.broker.refusals import Refusals
from newsdex.broker.streams import CONSUMER
from newsdex.errors import Invalid, NewsdexError, Unavailable
from newsdex.settings import Settings
from newsdex_schemas import (
    ArticleReply,
    ArticleRequest,
    EventOutcome,
    EventRef,
    OutcomeReply,
    OutcomeRequest,
    Problem,
    SearchReply,
    SearchRequest,
    SimilarReply,
    SimilarRequest,
    SuggestReply,
    SuggestRequest,
    channels,
)
from newsdex_schemas.model import ContractModel
from newsdex_schemas.operations import (
    ErasureOrder,
    ErasureReply,
    ErasureRequest,
    IndexOrder,
    IndexReply,
    IndexRequest,
    ParkedReply,
    ParkedRequest,
    ParkedResult,
    ProcessReply,
    ProcessRequest,
    StreamOrder,
    StreamReply,
    StreamRequest,
)
from newsdex_schemas.outcomes import MAX_EVENTS_PER_REQUEST
from newsdex_schemas.story import StoryReply, StoryRequest

REDRIVEN_AT_ONCE = 200
"""Parked events in one request: far less than REPLY_TIMEOUT_S even where each is a large one."""
ACK_TIMEOUT_S = 10.0
REPLY_TIMEOUT_S = 10.0
REPLY_GRACE_S = 1.0
LAG_TIMEOUT_S = 2.0
FIRST_PROCESS_S, NEXT_PROCESS_S = 2.0, 0.3
"""How long processes are waited for: until one says how it is, and then until no other does."""
FIRST_POLL_S, LONGEST_POLL_S = 0.02, 0.5
CORRELATION_ID: ContextVar[str | None] = ContextVar("correlation_id", default=None)
"""The correlation id of the requests that a task sends; unset, none is sent."""
Reply = TypeVar("Reply", bound=ContractModel)


class Refused(NewsdexError):  # noqa: N818 - the reply is no fault of ours
    """The service answered with a Problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code, problem.message)
        self.problem = problem
        self.exit_code = Unavailable.exit_code if problem.retryable else Invalid.exit_code


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator["Client"]:
    """Return a client; raise `Unavailable` where the broker does not answer, `Misconfigured` where it refuses us."""
    refusals = Refusals()
    connection = await connect(settings, name="newsdex-client", refusals=refusals)
    try:
        yield Client(connection, refusals)
    finally:
        await connection.close()


class Client:
    """Requests to the service; each raises `Unavailable` where nobody answers and `Refused` for a Problem."""

    def __init__(self, connection: NatsClient, refusals: Refusals) -> None:
        self._connection = connection
        self._refusals = refusals
        self._js = connection.jetstream(timeout=ACK_TIMEOUT_S)
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
        await Publisher(self._js, self._refusals, pace).publish(messages, done, on_ack)
        return done

    async def publish_one(self, message: Message) -> tuple[EventRef, bool]:
        """Publish one event; return it with its number in the stream, and whether the broker had it already.

        Raises `Invalid` for one that is larger than the broker takes, `Unavailable` and `Misconfigured` as `publish`.
        """
        return await Publisher(self._js, self._refusals).publish_one(message)

    def pace(self) -> Pace:
        """Return what keeps the events that wait for the service few, for one publication."""
        return Pace(self.lag, self._reflected)

    async def lag(self) -> int | None:
        """Return how many events the indexer has not handled; None where the broker does not tell this user."""
        if not self._lag_is_told:
            return None
        try:
            state = await self._js.consumer_info(channels.STREAM, CONSUMER, timeout=LAG_TIMEOUT_S)
        except (NatsError, TimeoutError):
            self._lag_is_told = False
            return None
        return (state.num_pending or 0) + (state.num_ack_pending or 0)

    async def _reflected(self, refs: Sequence[EventRef]) -> list[bool] | None:
        try:
            return [_is_settled(outcome) for outcome in await self.outcomes(refs)]
        except (Unavailable, Refused):
            return None

    async def wait_until_searchable(
        self, refs: Sequence[EventRef], timeout_s: float, on_settled: Callable[[int], None]
    ) -> list[EventOutcome]:
        """Return the outcomes of some events once search reflects them all; parked events are not waited for.

        Raises `Unavailable` when the time is over.
        """
        settled: dict[EventRef, EventOutcome] = {}
        waiting = list(dict.fromkeys(refs))
        deadline, pause_s = time.monotonic() + timeout_s, FIRST_POLL_S
        while waiting:
            asked = _in_one_request(waiting)
            outcomes = await self._outcomes_so_far(asked)
            new = {ref: one for ref, one in zip(asked, outcomes, strict=False) if _is_settled(one)}
            settled |= new
            waiting = [ref for ref in asked if ref not in new] + waiting[len(asked) :]
            on_settled(len(settled))
            if waiting and time.monotonic() > deadline:
                raise Unavailable("wait_timeout", f"{len(waiting)} events were not searchable in {timeout_s} s")
            pause_s = FIRST_POLL_S if new else min(LONGEST_POLL_S, pause_s * 1.5)
            await asyncio.sleep(0 if len(new) == len(asked) else pause_s)
        return [settled[ref] for ref in refs]

    async def _outcomes_so_far(self, refs: Sequence[EventRef]) -> tuple[EventOutcome, ...]:
        """Return outcomes, or none where the answer is that there will be one: the first index is being built."""
        try:
            return await self.outcomes(refs)
        except Refused as refused:
            if not refused.problem.retryable:
                raise
            return ()

    async def outcomes(self, refs: Sequence[EventRef]) -> tuple[EventOutcome, ...]:
        """Return what became of some events, at most MAX_EVENTS_PER_REQUEST."""
        request = OutcomeRequest(events=tuple(refs))
        return (await self._request(channels.EVENTS_OUTCOME, request, OutcomeReply)).outcomes

    async def search(self, request: SearchRequest) -> SearchReply:
        """Ask for articles."""
        timeout_s = request.timeout_ms / 1e3 + REPLY_GRACE_S
        return await self._request(channels.SEARCH_QUERY, request, SearchReply, timeout_s)

    async def suggest(self, request: SuggestRequest) -> SuggestReply:
        """Ask for completions of what is being typed."""
        timeout_s = request.timeout_ms / 1e3 + REPLY_GRACE_S
        return await self._request(channels.SEARCH_SUGGEST, request, SuggestReply, timeout_s)

    async def similar(self, request: SimilarRequest) -> SimilarReply:
        """Ask for articles about the same as another one."""
        timeout_s = request.timeout_ms / 1e3 + REPLY_GRACE_S
        return await self._request(channels.SEARCH_SIMILAR, request, SimilarReply, timeout_s)

    async def article(self, id_: str) -> ArticleReply:
        """Ask for the text of an article that may be shown now."""
        return await self._request(channels.ARTICLES_GET, ArticleRequest(id=id_), ArticleReply)

    async def story(self, id_: str) -> StoryReply:
        """Ask what became of an article."""
        return await self._request(channels.ARTICLES_WHY, StoryRequest(id=id_), StoryReply)

    def retry_parked(self, ids: Sequence[int]) -> AsyncIterator[ParkedResult]:
        """Have the indexer handle parked events once more, any number; give each as soon as it is done."""
        return self._redrive(channels.PARKED_RETRY, ids)

    def drop_parked(self, ids: Sequence[int], reason: str) -> AsyncIterator[ParkedResult]:
        """Have the indexer close parked events without handling them, any number; give each as soon as it is done."""
        return self._redrive(channels.PARKED_DROP, ids, reason)

    async def _redrive(self, channel: str, ids: Sequence[int], reason: str = "") -> AsyncIterator[ParkedResult]:
        for start in range(0, len(ids), REDRIVEN_AT_ONCE):
            request = ParkedRequest(ids=tuple(ids[start : start + REDRIVEN_AT_ONCE]), reason=reason)
            for result in (await self._request(channel, request, ParkedReply)).results:
                yield result

    async def erase(self, article_ids: Sequence[str]) -> ErasureReply:
        """Have the texts of articles erased everywhere; that goes on after the reply."""
        return await self._request(
            channels.ERASURES_ORDER, ErasureOrder(order="erase", articles=tuple(article_ids)), ErasureReply
        )

    async def lift_erasure(self, article_ids: Sequence[str]) -> ErasureReply:
        """Let erased articles be published again."""
        return await self._request(
            channels.ERASURES_ORDER, ErasureOrder(order="lift", articles=tuple(article_ids)), ErasureReply
        )

    async def erasures(self, article_ids: Sequence[str] = ()) -> ErasureReply:
        """Ask how far erasures are, of some articles or of all."""
        return await self._request(channels.ERASURES_STATUS, ErasureRequest(articles=tuple(article_ids)), ErasureReply)

    async def index_status(self) -> IndexReply:
        """Ask the indexer how the index is."""
        return await self._request(channels.INDEX_STATUS, IndexRequest(), IndexReply)

    async def rebuild_index(self) -> IndexReply:
        """Have the indexer build a new generation; it goes on after the reply."""
        return await self._request(channels.INDEX_REBUILD, IndexOrder(order="rebuild"), IndexReply)

    async def roll_back_index(self) -> IndexReply:
        """Have the indexer go back to the generation before; it goes on after the reply."""
        return await self._request(channels.INDEX_ROLLBACK, IndexOrder(order="rollback"), IndexReply)

    async def stream_status(self) -> StreamReply:
        """Ask the indexer how full the stream is."""
        return await self._request(channels.STREAM_STATUS, StreamRequest(), StreamReply)

    async def prune_stream(self, order: StreamOrder) -> StreamReply:
        """Have the indexer remove handled events from the stream."""
        return await self._request(channels.STREAM_PRUNE, order, StreamReply)

    async def redeliver(self) -> StreamReply:
        """Have every event in the stream delivered once more."""
        return await self._request(channels.STREAM_REDELIVER, StreamOrder(order="redeliver"), StreamReply)

    async def processes(self) -> list[ProcessReply]:
        """Ask every process how it is, and return what those say that answer in time."""
        found: list[ProcessReply] = []
        inbox = self._connection.new_inbox()
        replies = await self._connection.subscribe(inbox)
        await self._connection.publish(channels.PROCESSES_STATUS, ProcessRequest().to_json(), reply=inbox)
        wait_s = FIRST_PROCESS_S
        with suppress(TimeoutError, NatsError):
            while True:
                message = await replies.next_msg(timeout=wait_s)
                with suppress(ValidationError):  # nobody listens, or one that cannot say how it is
                    found.append(ProcessReply.from_json(message.data))
                    wait_s = NEXT_PROCESS_S
        await replies.unsubscribe()
        return sorted(found, key=lambda reply: (reply.process, reply.instance))

    async def _request(
        self, channel: str, request: ContractModel, reply: type[Reply], timeout_s: float = REPLY_TIMEOUT_S
    ) -> Reply:
        answers = "an indexer" if channel.startswith(("parked.", "index.", "stream.", "erasures.")) else "a searcher"
        if not self._connection.is_connected:
            raise Unavailable("broker_unavailable", "the connection to the broker is lost; it is tried again")
        id_ = CORRELATION_ID.get()
        headers = {channels.CORRELATION_HEADER: id_} if id_ else None
        try:
            message = await self._refusals.or_refused(
                self._connection.request(channel, request.to_json(), timeout=timeout_s, headers=headers), channel
            )
        except NoRespondersError as error:
            raise Unavailable("nobody_answers", f"nobody answers on {channel}: start {answers}") from error
        except (TimeoutError, NatsError, ConnectionClosedError) as error:
            raise Unavailable("no_reply", f"no reply on {channel} in {timeout_s:g} s") from error
        if message.headers and "Nats-Service-Error-Code" in message.headers:
            raise Refused(Problem.from_json(message.data))
        try:
            return reply.from_json(message.data)
        except ValidationError as error:  # an acknowledgement, where a stream has the channel
            raise Unavailable("no_reply", f"what answers on {channel} is no newsdex") from error


def _in_one_request(refs: Sequence[EventRef]) -> Sequence[EventRef]:
    """Return the first of some events, no more than one request for outcomes may name: by number, and by bytes."""
    first = refs[:MAX_EVENTS_PER_REQUEST]
    while len(first) > 1 and len(OutcomeRequest(events=tuple(first)).to_json()) > channels.MAX_REQUEST_BYTES:
        first = first[: len(first) // 2]
    return first


def _is_settled(outcome: EventOutcome) -> bool:
    return outcome.reflected or outcome.outcome == "parked"
