"""Carries erasures out: a text leaves the stream, the archive's file and every generation of the index."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar, get_args

import structlog
from faststream.nats.message import NatsMessage
from nats.js import JetStreamContext
from pydantic import ValidationError

from newsdex import metrics
from newsdex.apps.indexer.projector import ERASE, ProjectorProcess
from newsdex.archive.erasure import RESOLUTION, STAGES, Doubts, Erasure
from newsdex.archive.erasure_store import ErasureStore
from newsdex.backoff import growing_delay_s
from newsdex.broker.erasing import erase_message, numbers_in_stream, stored_message, stored_messages
from newsdex.clock import now_us
from newsdex.errors import Invalid, NewsdexError, Unavailable
from newsdex.ingest.committer import Committer
from newsdex.ingest.handle import read_delivery
from newsdex.ingest.identity import identity
from newsdex.ingest.read import is_html
from newsdex.json_text import parse_object
from newsdex.records.events import Delivery, Fault, ReceivedEvent, Result
from newsdex.validation import as_invalid, read_request
from newsdex_schemas import channels
from newsdex_schemas.operations import ErasureOrder, ErasureReply, ErasureRequest, ErasureStatus

log = structlog.get_logger()

Answer = TypeVar("Answer")
ROUNDING_US = 2
NUMBERS_AT_ONCE = 1_000
"""Bounds what is looked up in the ledger between two batches of events."""
INDEX_POLL_S = 0.1
INDEX_TIMEOUT_S = 600.0
"""Longer than a large segment takes to be merged; what is not done by then is asked for once more."""


class Erasing:
    """Works on the erasures that are not finished, one stage after the other, until there is none."""

    def __init__(
        self,
        store: ErasureStore,
        committer: Committer,
        projecting: Callable[[], ProjectorProcess | None],
        read_page: Callable[[Delivery], Awaitable[ReceivedEvent | Fault]],
    ) -> None:
        """Take what reads an HTML page in a process of its own: one that was parked may be hostile."""
        self._store = store
        self._committer = committer
        self._projecting = projecting
        self._read_page = read_page
        self._js: JetStreamContext | None = None
        self._worker: asyncio.Task[None] | None = None
        self._refused: set[tuple[int, int]] = set()
        """Messages with an erased text that came later."""
        self._remembers = False
        """Whether those that came before the process started were read from the archive."""

    def handlers(self) -> Iterable[tuple[str, Callable[[NatsMessage], Awaitable[ErasureReply]]]]:
        """Return each channel with its handler."""
        return ((channels.ERASURES_ORDER, self._order), (channels.ERASURES_STATUS, self._status))

    def start(self, js: JetStreamContext) -> None:
        """Go on with what was not finished when the process ended, as soon as the archive can be read."""
        self._js = js
        self.work()

    async def stop(self) -> None:
        """Stop working; what is not finished is gone on with at the next start."""
        if self._worker is not None:
            self._worker.cancel()
            with suppress(asyncio.CancelledError):
                await self._worker

    def look_at(self, results: Iterable[Result]) -> None:
        """Have the messages erased that were refused because their text was."""
        refused = {
            (one.delivery.stream_sequence, one.delivery.stored_us) for one in results if one.reason == RESOLUTION
        }
        if refused:
            self._refused |= refused
            self.work()

    async def _order(self, message: NatsMessage) -> ErasureReply:
        order, doubtful = read_order(message.body), dict[str, Doubts]()
        if order.order == "lift":
            lifted = await self._committer.run(lambda: self._store.lift(order.articles, now_us()))
            for article_id in lifted:
                log.info("erasure.lifted", article_id=article_id)
        else:
            doubtful = await self._committer.run(lambda: self._store.erase(order.articles, now_us()))
            for article_id, (parked, holders) in doubtful.items():
                log.info("erasure.ordered", article_id=article_id, doubtful_parked=parked, same_text=holders)
            if (projector := self._projecting()) is not None:
                projector.wake()
            self.work()
        return await self._reply([*dict.fromkeys([*order.articles, *doubtful])], doubtful)

    async def _status(self, message: NatsMessage) -> ErasureReply:
        request = read_request(ErasureRequest, message.body)
        return await self._reply(request.articles)

    async def _reply(
        self, article_ids: Sequence[str], doubtful: Mapping[str, Doubts] = MappingProxyType({})
    ) -> ErasureReply:
        found = await self._committer.run(lambda: self._store.erasures(article_ids))
        return ErasureReply(erasures=tuple(_status_of(one, doubtful.get(one.article_id, Doubts())) for one in found))

    def work(self) -> None:
        """Go on with what is not finished, unless that is being done."""
        if self._js is not None and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._finish(self._js))

    async def _finish(self, js: JetStreamContext) -> None:
        failures = 0
        while True:
            pending, fault = await _attempt(self._pending)
            if fault is None and not pending and not self._refused:
                return
            faults = [fault, *(await self._try_stages(js, pending or []))]
            failures = failures + 1 if any(faults) else 0
            if failures:
                delay_s = growing_delay_s(failures)
                for one in filter(None, faults):
                    log.warning("erasure.failed", code=one.code, error=one.message, delay_s=delay_s)
                await asyncio.sleep(delay_s)

    async def _try_stages(self, js: JetStreamContext, pending: Sequence[Erasure]) -> list[NewsdexError | None]:
        """Do as much as can be done: what one stage cannot do must not leave the text in the others."""
        waiting = {stage: [one for one in pending if stage in one.pending] for stage in STAGES}
        attempts = (
            lambda: self._erase_refused(js),
            lambda: self._stream(js, waiting["stream"]),
            lambda: self._archive(waiting["archive"]),
            lambda: self._index(waiting["index"]),
        )
        return [(await _attempt(attempt))[1] for attempt in attempts]

    async def _pending(self) -> list[Erasure]:
        if not self._remembers:
            self._refused |= await self._committer.run(self._store.refused_messages)
            self._remembers = True
        pending = await self._committer.run(self._store.pending)
        metrics.ERASURES_PENDING.set(len(pending))
        return pending

    async def _erase_refused(self, js: JetStreamContext) -> None:
        for sequence, stored_us in sorted(self._refused):
            message = await stored_message(js, sequence)
            if message is not None and _is_same_moment(message.stored_us, stored_us):
                await erase_message(js, sequence)
            self._refused.discard((sequence, stored_us))

    async def _stream(self, js: JetStreamContext, erasures: Sequence[Erasure]) -> None:
        if not erasures:
            return
        numbers = await numbers_in_stream(js)
        erased = Counter[str]()
        for one in erasures:
            erased[one.article_id] += await self._erase_named(js, one, numbers)
        erased += await self._erase_forgotten(js, erasures, numbers)
        await self._done("stream", erasures)
        for one in erasures:
            log.info("erasure.messages_erased", article_id=one.article_id, messages=erased[one.article_id])

    async def _erase_named(self, js: JetStreamContext, erasure: Erasure, numbers: range) -> int:
        """Erase the messages that the ledger names; return how many."""
        found = await self._committer.run(lambda: self._store.messages_about(erasure.article_id))
        erased = 0
        for sequence, stored_us in sorted(found):
            message = await stored_message(js, sequence) if sequence in numbers else None
            if message is not None and _is_same_moment(message.stored_us, stored_us):
                await self._erase_message(js, message, erasure.article_id)
                erased += 1
        return erased

    async def _erase_forgotten(self, js: JetStreamContext, erasures: Sequence[Erasure], numbers: range) -> Counter[str]:
        """Erase what is about the articles among the messages that the ledger has forgotten, read once for all."""
        last_numbers, erased = {one.article_id: one.last_number for one in erasures}, Counter[str]()
        end = min(numbers.stop, max(last_numbers.values()) + 1)
        for start in range(numbers.start, end, NUMBERS_AT_ONCE):
            part = range(start, min(start + NUMBERS_AT_ONCE, end))
            forgotten = await self._committer.run(lambda part=part: self._store.forgotten_numbers(part))  # type: ignore[misc]  # a default binds the loop's value
            async for message in stored_messages(js, forgotten):
                article_id = await self._article_of(message)
                if article_id is not None and message.stream_sequence <= last_numbers.get(article_id, -1):
                    await self._erase_message(js, message, article_id)
                    erased[article_id] += 1
        return erased

    async def _erase_message(self, js: JetStreamContext, message: Delivery, article_id: str) -> None:
        texts = await self._texts(message)
        await self._committer.run(lambda: self._store.remember(article_id, texts))
        await erase_message(js, message.stream_sequence)

    async def _article_of(self, message: Delivery) -> str | None:
        """Return which article a message is about; a page may say that it is another one's than its address."""
        read = await self._read_page(message) if is_html(message) else None
        return read.article_id if isinstance(read, ReceivedEvent) else identity(message).article_id

    async def _texts(self, message: Delivery) -> list[bytes]:
        """Return the article that a message brought, as the archive would keep it; none where it cannot be read."""
        read = await self._read_page(message) if is_html(message) else read_delivery(message)
        return [read.content] if isinstance(read, ReceivedEvent) and read.content else []

    async def _archive(self, erasures: Sequence[Erasure]) -> None:
        if erasures:
            await self._committer.run(self._store.compact)
            await self._done("archive", erasures)

    async def _index(self, erasures: Sequence[Erasure]) -> None:
        if not erasures:
            return
        if (projector := self._projecting()) is None:
            raise Unavailable("projector_busy", "the projector has not been started yet")
        sequence, waited_s = max(one.sequence for one in erasures), 0.0
        report = await projector.command(ERASE)
        while report.status.erased_up_to < sequence:
            projector.check()
            if waited_s > INDEX_TIMEOUT_S:
                raise Unavailable("projector_busy", "the index is not rid of what was erased yet")
            await asyncio.sleep(INDEX_POLL_S)
            waited_s += INDEX_POLL_S
            report = projector.report or report
        await self._done("index", erasures)

    async def _done(self, stage: str, erasures: Sequence[Erasure]) -> None:
        ids = [one.article_id for one in erasures]
        await self._committer.run(lambda: self._store.finish(stage, ids, now_us()))
        for one in await self._committer.run(lambda: self._store.erasures(ids)):
            if not one.pending:
                log.info("erasure.finished", article_id=one.article_id)


async def _attempt(work: Callable[[], Awaitable[Answer]]) -> tuple[Answer | None, NewsdexError | None]:
    """Return what some work gives, or why it failed: a defect of ours, too, is tried again and not the end of all."""
    try:
        return await work(), None
    except NewsdexError as fault:
        return None, fault
    except Exception as error:
        log.exception("erasure.stage_failed")
        return None, NewsdexError(
            "internal_error", f"newsdex failed: {type(error).__name__}; the log has the traceback"
        )


def read_order(body: bytes) -> ErasureOrder:
    """Read an order; raise `Invalid` for a message that is none."""
    try:
        return ErasureOrder.from_json(body)
    except ValidationError as error:
        if not _orders(body):
            raise Invalid("not_an_order", "nothing was done: this is no order to erase or to lift", "order") from error
        raise as_invalid(error) from error


def _orders(body: bytes) -> bool:
    try:
        return parse_object(body).get("order") in get_args(ErasureOrder.model_fields["order"].annotation)
    except Invalid:
        return False


def _is_same_moment(one_us: int, other_us: int) -> bool:
    """Return whether two readings of one stamp in nanoseconds are the same: one way to read it rounds, one cuts off."""
    return abs(one_us - other_us) <= ROUNDING_US


def _status_of(erasure: Erasure, doubtful: Doubts) -> ErasureStatus:
    return ErasureStatus.model_validate(
        {
            "article_id": erasure.article_id,
            "erased_at": datetime.fromtimestamp(erasure.at_us / 1e6, UTC),
            "pending": erasure.pending,
            "lifted": erasure.lifted_us is not None,
            "doubtful_parked": doubtful.parked,
            "same_text": doubtful.holders,
        }
    )
