"""The indexer: consumes events, and is the only process that writes."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog
from faststream import AckPolicy
from faststream.exceptions import NackMessage
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsMessage
from nats.js.api import ConsumerConfig

from newsdex import metrics
from newsdex.apps.indexer.erasing import Erasing
from newsdex.apps.indexer.event_log import report_event
from newsdex.apps.indexer.event_traces import EventTraces
from newsdex.apps.indexer.index_requests import damage_handler, index_handlers
from newsdex.apps.indexer.listing_parked import parked_lister
from newsdex.apps.indexer.page_readers import PAGE_CODES, PageReaders
from newsdex.apps.indexer.projector_watch import ProjectorWatch
from newsdex.apps.indexer.pruning import Pruning
from newsdex.apps.indexer.reprocessing import Reprocessing
from newsdex.apps.indexer.storage import StorageWatch
from newsdex.apps.lock import lock_data_dir
from newsdex.apps.log_limits import CountedLines
from newsdex.apps.requests import answering
from newsdex.apps.self_report import SelfReport, Work
from newsdex.apps.serve import Process
from newsdex.apps.span_export import make_tracer
from newsdex.apps.stream.adoption import StreamAdoption
from newsdex.apps.stream.marks import redeliver_note
from newsdex.apps.stream.requests import stream_handlers
from newsdex.apps.stream.watch import StreamWatch
from newsdex.archive.database import FILE_NAME
from newsdex.archive.reader import read_archive
from newsdex.archive.writer import ArchiveWriter
from newsdex.backoff import growing_delay_s
from newsdex.broker.address import monitoring_urls
from newsdex.broker.connection import as_delivery, make_broker, undecoded
from newsdex.broker.monitoring import sync_always
from newsdex.broker.streams import ACK_WAIT_S, CONSUMERS, MAX_ACK_PENDING
from newsdex.clock import now_us
from newsdex.cursor_key import cursor_key
from newsdex.errors import Unavailable
from newsdex.health import Health, Readiness
from newsdex.ingest.committer import Committer
from newsdex.ingest.handle import drop_parked, handle_batch, retry_parked
from newsdex.ingest.read import is_html
from newsdex.log import instance_name
from newsdex.records.events import Delivery, Result
from newsdex.settings import Settings
from newsdex.validation import read_request
from newsdex.version import newsdex_version
from newsdex_schemas import channels
from newsdex_schemas.operations import ParkedReply, ParkedRequest, ParkedResult

log = structlog.get_logger()

PULL_BATCH = 300
PULL_TIMEOUT_S = 1
"""Also how long a stop may wait for a pull that found nothing."""
CHECK_EVERY_S = 5.0
CHECK_PROJECTOR_EVERY_S = 1.0
COUNT_EVERY_S = 5.0
PRUNE_EVERY_S = 3600.0
REDRIVEN_AT_ONCE = 50
"""Parked events in one transaction: their messages are in memory, and others wait for it."""


class Indexer:
    """Wires broker, archive and projector together."""

    def __init__(self, settings: Settings) -> None:
        """Open the archive; raise `Misconfigured` where another indexer has this data folder."""
        self._settings = settings
        self._lock = lock_data_dir(settings.data_dir, "indexer")
        self._redeliver_note = redeliver_note(settings.data_dir)
        if not (settings.data_dir / FILE_NAME).exists():
            # whatever the broker takes for handled, this archive does not have it
            with suppress(OSError):  # a full disk, of which the archive says more
                self._redeliver_note.touch()
        self._archive = ArchiveWriter(settings.data_dir, keeps_pages=settings.pages_keep_days > 0)
        with suppress(Unavailable):  # a searcher that needs it says what is wrong
            cursor_key(settings.data_dir)
        self._readiness = Readiness("broker", "archive")
        self._health = Health("indexer", self._readiness)
        self._process = Process(self._readiness)
        self._committer = Committer(self._handle, self._committed)
        self._traces = EventTraces(make_tracer("indexer", instance_name(), newsdex_version()))
        self._projector = ProjectorWatch(self._readiness, self._traces.indexed)
        self._storage = StorageWatch(settings.data_dir)
        self._page_readers = PageReaders(settings)
        self._erasing = Erasing(
            self._archive.erasures, self._committer, lambda: self._projector.projector, self._page_readers.event_of
        )
        self._reprocessing = Reprocessing(
            settings.data_dir, self._archive, self._committer, self._page_readers.event_of, self._remade
        )
        self._watch: StreamWatch | None = None
        self._delayed = CountedLines()
        self._parked_codes: list[str] = []
        """Those that the metric shows."""

    async def run(self) -> None:
        """Serve until stopped; raise the `NewsdexError` that ended it, if one did."""
        broker = make_broker(self._settings, name="newsdex-indexer", owner=self._process)
        self._subscribe(broker)
        # before the broker is there: a disk of which nothing is known yet would count as a full one
        await self._storage.look()
        try:
            await self._process.serve(
                self._settings,
                broker,
                self._health.routes(),
                before=partial(self._start, broker),
                after=self._stop,
            )
        finally:
            self._archive.close()
            self._lock.close()

    def _subscribe(self, broker: NatsBroker) -> None:
        async def on_event(delivery: Delivery) -> None:
            await self._on_event(broker, delivery)

        for consumer, subjects in CONSUMERS.items():
            broker.subscriber(
                subjects[0] if len(subjects) == 1 else "articles.*",
                stream=JStream(channels.STREAM, declare=False),
                durable=consumer,
                # a batch subscriber would drop partial batches; this one has a handler for each message, and pulls
                # again when it has handled all of them
                pull_sub=PullSub(batch_size=PULL_BATCH, timeout=PULL_TIMEOUT_S),
                ack_policy=AckPolicy.NACK_ON_ERROR,
                config=ConsumerConfig(ack_wait=ACK_WAIT_S, max_deliver=-1, max_ack_pending=MAX_ACK_PENDING),
                inbox_prefix=f"{self._settings.broker_inbox_prefix}.".encode(),
                decoder=as_delivery,
            )(on_event)
        for channel, handler in (
            (channels.PARKED_LIST, parked_lister(self._settings)),
            (channels.PARKED_RETRY, self._retry),
            (channels.PARKED_DROP, self._drop),
            *self._erasing.handlers(),
            (channels.PAGES_REPROCESS, self._reprocessing.handle),
            *index_handlers(lambda: self._projector.projector),
            *stream_handlers(lambda: self._watch),
        ):
            broker.subscriber(channel, queue="indexers", decoder=undecoded)(answering(handler))
        report_damage = answering(damage_handler(lambda: self._projector.projector))
        broker.subscriber(channels.INDEX_DAMAGED, queue="indexers", decoder=undecoded, no_reply=True)(report_damage)
        SelfReport("indexer", self._health, self._work, {"events": metrics.EVENTS}).subscribe(broker)

    def _work(self) -> Work:
        return replace(self._projector.work(), storage=self._storage.seen)

    async def _start(self, broker: NatsBroker) -> None:
        js = broker.config.connection_state.stream
        adoption = StreamAdoption(js, self._archive, self._committer)
        watch = self._watch = StreamWatch(js, self._settings, self._readiness, adoption)
        await watch.begin(redeliver=self._redeliver_note.exists())
        self._redeliver_note.unlink(missing_ok=True)
        payload = js._nc.max_payload  # noqa: SLF001 - the broker says it when the connection is made
        if payload < channels.MAX_MESSAGE_BYTES:
            log.warning("broker.small_payload", max_payload=payload, wanted=channels.MAX_MESSAGE_BYTES)
        always = await sync_always(monitoring_urls(self._settings))
        if always is False:
            self._readiness.fail(
                "broker_sync", "the broker does not fsync before it acknowledges: sync_interval: always"
            )
        log.info("broker.ready", sync_always="unknown" if always is None else always)
        head = await asyncio.to_thread(read_archive, self._settings.data_dir, lambda archive: archive.head())
        metrics.ARCHIVE_SEQUENCE.set(head)
        self._projector.start(self._settings, head)
        self._process.watch(watch.check, CHECK_EVERY_S)
        self._process.watch(self._projector.check, CHECK_PROJECTOR_EVERY_S)
        self._process.watch(self._count, COUNT_EVERY_S)
        self._process.watch(self._storage.look, COUNT_EVERY_S)
        self._process.watch(Pruning(self._settings, self._archive, self._committer).prune, PRUNE_EVERY_S)
        self._readiness.clear("archive")
        self._erasing.start(js)

    async def _stop(self) -> None:
        await self._erasing.stop()
        await self._committer.close()
        await self._page_readers.close()
        await asyncio.to_thread(self._projector.stop)

    def _handle(self, deliveries: Sequence[Delivery]) -> list[Result]:
        start = time.perf_counter()
        results = handle_batch(self._archive, deliveries, now_us())
        took_s = time.perf_counter() - start
        metrics.COMMIT_SECONDS.observe(took_s)
        metrics.COMMIT_EVENTS.observe(len(results))
        self._traces.archived(results, took_s)
        changes = [result.sequence for result in results if result.sequence is not None]
        log.info(
            "batch.committed",
            events=len(results),
            changes=len(changes),
            last_sequence=max(changes, default=None),
            took_ms=round(took_s * 1e3, 1),
        )
        return results

    def _committed(self, results: Sequence[Result]) -> None:
        self._readiness.clear("archive")
        for code, events in self._delayed.rest().items():
            log.warning("event.delayed", code=code, events=events)
        for result in results:
            report_event(result, self._settings.log_sample)
        self._erasing.look_at(results)
        self._archived(results)

    def _remade(self, results: Sequence[Result]) -> None:
        self._archived(results)
        self._erasing.work()  # a page may have turned out to be erased

    def _archived(self, results: Sequence[Result]) -> None:
        """Have search follow what changed."""
        changes = [result.sequence for result in results if result.sequence is not None]
        if changes:
            metrics.ARCHIVE_SEQUENCE.set(max(changes))
            self._projector.archived(max(changes), results)

    async def _on_event(self, broker: NatsBroker, delivery: Delivery) -> None:
        self._traces.arrived(delivery)
        try:
            if is_html(delivery):
                message = broker.context.get_local("message")
                delivery = await self._page_readers.read(delivery, message.raw_message.in_progress)
            await self._committer.submit(delivery)
        except Unavailable as fault:
            delay_s = growing_delay_s(delivery.deliveries)
            if fault.code not in PAGE_CODES:
                self._readiness.fail("archive", fault.message)
            metrics.EVENTS_DELAYED.inc()
            if events := self._delayed.count(fault.code):
                log.warning("event.delayed", code=fault.code, events=events, stream_sequence=delivery.stream_sequence)
            raise NackMessage(delay=delay_s) from fault

    async def _retry(self, message: NatsMessage) -> ParkedReply:
        request = read_request(ParkedRequest, message.body)
        results: dict[int, ParkedResult] = {}
        for ids in _parts(request.ids):
            pages = await self._page_readers.read_parked(ids)
            done = await self._committer.run(partial(retry_parked, self._archive, ids, now_us(), pages))
            self._committed(list(done.results.values()))
            results |= {id_: _closed(id_, reason) for id_, reason in done.closed.items()}
            results |= {id_: _retried(id_, result) for id_, result in done.results.items()}
        return await self._redriven(request, results)

    async def _drop(self, message: NatsMessage) -> ParkedReply:
        request = read_request(ParkedRequest, message.body)
        results: dict[int, ParkedResult] = {}
        for ids in _parts(request.ids):
            dropped, closed = await self._committer.run(
                lambda ids=ids: drop_parked(self._archive, ids, request.reason, now_us())  # type: ignore[misc]  # as above
            )
            for event in dropped:
                log.info("parked.dropped", parked_id=event.id, code=event.fault.code, reason=request.reason)
            results |= {id_: _closed(id_, reason) for id_, reason in closed.items()}
            results |= {event.id: ParkedResult(id=event.id, result="dropped") for event in dropped}
        return await self._redriven(request, results)

    async def _redriven(self, request: ParkedRequest, results: Mapping[int, ParkedResult]) -> ParkedReply:
        await self._count()
        unknown = {id_: ParkedResult(id=id_, result="unknown") for id_ in request.ids}
        return ParkedReply(results=tuple({**unknown, **results}[id_] for id_ in request.ids))

    async def _count(self) -> None:
        """Show what waits for an operator."""
        try:
            counts = await asyncio.to_thread(
                read_archive, self._settings.data_dir, lambda archive: archive.parked_open()
            )
        except Unavailable:
            return  # what was shown last stays: that the archive fails is told by who needs it
        # a code that no event has any more goes to 0: a series that ends would keep its last value for a while
        open_by_code = dict.fromkeys(self._parked_codes, 0) | {count.code: count.number for count in counts}
        self._parked_codes = list(open_by_code)
        for code, number in open_by_code.items():
            metrics.PARKED_OPEN.labels(code).set(number)
        metrics.PARKED_OLDEST.set(min((count.oldest_us for count in counts), default=0) / 1e6)


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    unique = list(dict.fromkeys(ids))
    return (unique[start : start + REDRIVEN_AT_ONCE] for start in range(0, len(unique), REDRIVEN_AT_ONCE))


def _retried(id_: int, result: Result) -> ParkedResult:
    return ParkedResult(id=id_, result=result.outcome, reason=result.reason)


def _closed(id_: int, reason: str) -> ParkedResult:
    return ParkedResult(id=id_, result="closed", reason=reason)
