"""Asks the service: for articles, completions, and what became of events."""

import asyncio
import time
from collections.abc import Callable, Sequence

from newsdex_schemas import channels
from newsdex_schemas.client.retries import retried
from newsdex_schemas.client.transport import REPLY_TIMEOUT_S, Reply, Transport
from newsdex_schemas.errors import Invalid, Refused, Unavailable
from newsdex_schemas.model import RequestModel
from newsdex_schemas.outcomes import MAX_EVENTS_PER_REQUEST, EventOutcome, EventRef, OutcomeReply, OutcomeRequest
from newsdex_schemas.receipts import EventReceipt
from newsdex_schemas.retrieval import ArticleReply, ArticleRequest
from newsdex_schemas.search import SearchReply, SearchRequest
from newsdex_schemas.similar import SimilarReply, SimilarRequest
from newsdex_schemas.suggest import SuggestReply, SuggestRequest

REPLY_GRACE_S = 1.0
WAIT_S = 60.0
FIRST_POLL_S, LONGEST_POLL_S = 0.02, 0.5


class Asker:
    """Questions to the service.

    Each raises `Refused` for a Problem and `Unavailable` where no reply comes; what may pass is tried again for
    `retry_s` seconds before that, and for `wait_retry_s` where an outcome is waited for: unset, as long.
    """

    def __init__(self, transport: Transport, *, retry_s: float = 0.0, wait_retry_s: float | None = None) -> None:
        self._transport = transport
        self._retry_s = retry_s
        self._wait_retry_s = retry_s if wait_retry_s is None else wait_retry_s

    async def search(self, request: SearchRequest | str) -> SearchReply:
        """Return the articles that a query finds; a request says more than its words."""
        asked = SearchRequest(q=request) if isinstance(request, str) else request
        return await self._ask(asked, SearchReply, asked.timeout_ms / 1e3 + REPLY_GRACE_S)

    async def suggest(self, request: SuggestRequest | str) -> SuggestReply:
        """Return completions of what is being typed."""
        asked = SuggestRequest(q=request) if isinstance(request, str) else request
        return await self._ask(asked, SuggestReply, asked.timeout_ms / 1e3 + REPLY_GRACE_S)

    async def similar(self, request: SimilarRequest | str) -> SimilarReply:
        """Return articles about the same as another one, named by its id or by a request."""
        asked = SimilarRequest(id=request) if isinstance(request, str) else request
        return await self._ask(asked, SimilarReply, asked.timeout_ms / 1e3 + REPLY_GRACE_S)

    async def get(self, article_id: str) -> ArticleReply:
        """Return an article that may be shown now; else the Problem's code is `unknown_article`."""
        return await self._ask(ArticleRequest(id=article_id), ArticleReply)

    async def outcomes(self, refs: Sequence[EventRef]) -> OutcomeReply:
        """Return what became of some events, at most MAX_EVENTS_PER_REQUEST."""
        return await self._outcomes(refs, self._retry_s)

    async def wait_until_searchable(
        self,
        events: Sequence[EventRef | EventReceipt],
        timeout_s: float = WAIT_S,
        on_settled: Callable[[int], None] = lambda _: None,
    ) -> list[EventOutcome]:
        """Return the outcomes of some events once search reflects them all; parked events are not waited for.

        What is under embargo is not waited for either: its outcome has the hour as `searchable_from`. `on_settled`
        hears how many are done. Raises `Unavailable` when the time is over, `Invalid` for a receipt of a refused event.
        """
        refs = [ref_of(event) for event in events]
        settled: dict[EventRef, EventOutcome] = {}
        waiting = list(dict.fromkeys(refs))
        deadline, pause_s = time.monotonic() + timeout_s, FIRST_POLL_S
        while waiting:
            asked = _in_one_request(waiting)
            outcomes = await self._outcomes_so_far(asked, deadline)
            new = {ref: one for ref, one in zip(asked, outcomes, strict=False) if is_settled(one)}
            settled |= new
            waiting = [ref for ref in asked if ref not in new] + waiting[len(asked) :]
            on_settled(len(settled))
            if waiting and time.monotonic() > deadline:
                raise Unavailable("wait_timeout", f"{len(waiting)} events were not searchable in {timeout_s} s")
            pause_s = FIRST_POLL_S if new else min(LONGEST_POLL_S, pause_s * 1.5)
            await asyncio.sleep(0 if len(new) == len(asked) else pause_s)
        return [settled[ref] for ref in refs]

    async def _outcomes_so_far(self, refs: Sequence[EventRef], deadline: float) -> tuple[EventOutcome, ...]:
        """Return outcomes, or none where the answer is that there will be one: the first index is being built."""
        retry_s = min(self._wait_retry_s, max(0.0, deadline - time.monotonic()))
        try:
            return (await self._outcomes(refs, retry_s)).outcomes
        except Refused as refused:
            if not refused.retryable:
                raise
            return ()

    async def _outcomes(self, refs: Sequence[EventRef], retry_s: float) -> OutcomeReply:
        request = OutcomeRequest(events=tuple(refs))
        return await retried(lambda: self._transport.request(request, OutcomeReply, REPLY_TIMEOUT_S), retry_s)

    async def _ask(self, request: RequestModel, reply: type[Reply], timeout_s: float = REPLY_TIMEOUT_S) -> Reply:
        return await retried(lambda: self._transport.request(request, reply, timeout_s), self._retry_s)


def ref_of(event: EventRef | EventReceipt) -> EventRef:
    """Return the name of an event that was stored."""
    if isinstance(event, EventRef):
        return event
    if event.source is None or event.id is None:
        raise Invalid("missing_field", "an event that was refused is in no stream: there is nothing to wait for", "id")
    return EventRef(source=event.source, id=event.id, stream_sequence=event.stream_sequence)


def is_settled(outcome: EventOutcome) -> bool:
    """Return whether there is nothing to wait for any more: searches reflect the event, or it is parked."""
    return outcome.reflected or outcome.outcome == "parked"


def _in_one_request(refs: Sequence[EventRef]) -> Sequence[EventRef]:
    """Return the first of some events, no more than one request for outcomes may name: by number, and by bytes."""
    first = refs[:MAX_EVENTS_PER_REQUEST]
    while len(first) > 1 and len(OutcomeRequest(events=tuple(first)).to_json()) > channels.MAX_REQUEST_BYTES:
        first = first[: len(first) // 2]
    return first
