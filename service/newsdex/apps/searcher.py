"""The searcher: answers requests, read-only; any number of them share the work in one queue group."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property

import structlog
from faststream.nats import NatsBroker, NatsResponse
from faststream.nats.message import NatsMessage
from nats.errors import Error as NatsError

from newsdex import metrics
from newsdex.apps.requests import answering, correlation_id_of, in_time, problem_reply, reply
from newsdex.apps.serve import Process
from newsdex.apps.typing import TypingRequests
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.retrieval import answer_article
from newsdex.broker.connection import make_broker, undecoded
from newsdex.clock import now_us
from newsdex.cursor_key import cursor_key
from newsdex.errors import Invalid, Unavailable
from newsdex.event_outcomes import answer_outcomes, outcome_of
from newsdex.health import Readiness, health_routes
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import IndexReader
from newsdex.search.plan.curation import Curation
from newsdex.search.sealing import Seal
from newsdex.search.service import Search, problem_of
from newsdex.settings import Settings
from newsdex.validation import read_request
from newsdex_schemas import ArticleReply, EventRef, OutcomeReply, SearchReply, SearchRequest, channels
from newsdex_schemas.operations import DamageReport

log = structlog.get_logger()

QUEUE_GROUP = "searchers"
THREADS = 4
"""So many queries take turns; one that hurts does not make the others wait for its deadline."""
MAX_CONCURRENT = 64
DAMAGE = frozenset({"index_damaged", "index_unreadable"})
REPORT_DAMAGE_EVERY_S = 10.0
FIRST_POLL_S, LONGEST_POLL_S = 0.005, 0.05
"""How often it is looked whether the index reflects an event that a request waits for."""


class Searcher:
    """Wires broker, archive and index together."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readiness = Readiness("broker")
        self._process = Process(self._readiness)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="query")
        self._archive: ArchiveReader | None = None
        self._broker: NatsBroker | None = None
        self._damage_reported_at = -REPORT_DAMAGE_EVERY_S
        self._index = IndexReader(settings.data_dir / "index")
        self._lexicons = LexiconReader()
        self._curation = Curation.of(settings)
        self._typing = TypingRequests(
            self._threads, self._index, self._reader, self._lexicons, self._curation.recency, self._report_damage
        )

    async def run(self) -> None:
        """Serve until stopped; raise the `NewsdexError` that ended it, if one did."""
        broker = self._broker = make_broker(self._settings, name="newsdex-searcher", owner=self._process)
        self._subscribe(broker)
        metrics.READY.set_function(self._ready)
        await self._process.serve(
            self._settings,
            broker,
            health_routes(self._readiness, probe=self._probe),
            before=self._start,
            after=self._stop,
        )

    def _subscribe(self, broker: NatsBroker) -> None:
        options = {"queue": QUEUE_GROUP, "decoder": undecoded, "max_workers": MAX_CONCURRENT}
        broker.subscriber(channels.SEARCH_QUERY, **options)(self._on_query)  # type: ignore[call-overload]  # options of one call
        broker.subscriber(channels.EVENTS_OUTCOME, **options)(answering(self._on_outcomes))  # type: ignore[call-overload]  # as above
        broker.subscriber(channels.ARTICLES_GET, **options)(answering(self._on_article))  # type: ignore[call-overload]  # as above
        self._typing.subscribe(broker, options)

    async def _start(self) -> None:
        self._threads.submit(self._read_lexicon)

    async def _stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _read_lexicon(self) -> None:
        """Read the index's words before the first request needs them."""
        with suppress(Unavailable):  # no index yet: the first request reads them
            self._lexicons.lexicon(self._index.view().snapshot.segments)

    def _probe(self) -> None:
        self._reader()
        self._index.view()

    def _ready(self) -> float:
        try:
            self._probe()
        except Unavailable:
            return 0.0
        return float(bool(self._readiness))

    @cached_property
    def _seal(self) -> Seal:
        return Seal(cursor_key(self._settings.data_dir))

    def _reader(self) -> ArchiveReader:
        if self._archive is None:
            self._archive = ArchiveReader(self._settings.data_dir)
        return self._archive

    async def _on_query(self, message: NatsMessage) -> NatsResponse:
        arrived = time.monotonic()
        correlation_id = correlation_id_of(message)
        try:
            request = read_request(SearchRequest, message.body)
            answer = await self._search(request, arrived)
        except Exception as error:  # noqa: BLE001 - becomes a Problem; a defect is logged whole
            code = problem_of(error, None).code
            metrics.QUERIES.labels(code).inc()
            await self._report_damage(code, message)
            return problem_reply(error, correlation_id, "query.refused")
        _report(request, answer, correlation_id)
        return reply(answer, correlation_id)

    async def _report_damage(self, code: str, message: NatsMessage) -> None:
        """Have the indexer check the index now, which mends it, where a code says that; nobody waits for it."""
        now = time.monotonic()
        if code not in DAMAGE or self._broker is None or now - self._damage_reported_at < REPORT_DAMAGE_EVERY_S:
            return
        self._damage_reported_at = now
        with suppress(NatsError):  # the indexer looks by itself, later
            report = DamageReport.model_validate({"damage": code})
            await self._broker.publish(
                report.to_json(), channels.INDEX_DAMAGED, correlation_id=correlation_id_of(message)
            )

    async def _search(self, request: SearchRequest, arrived: float) -> SearchReply:
        deadline = arrived + request.timeout_ms / 1e3
        if request.wait_for is not None:
            await self._wait(request.wait_for, deadline)
        return await in_time(self._threads, deadline, lambda: self._answer(request, arrived))

    async def _wait(self, ref: EventRef, deadline: float) -> None:
        """Wait until the index reflects an event; no thread is held meanwhile.

        Raises `Unavailable` where it does not by the deadline, and `Invalid` for an event that was parked.
        """
        loop, pause_s = asyncio.get_running_loop(), FIRST_POLL_S
        while not await loop.run_in_executor(self._threads, self._reflects, ref):
            if time.monotonic() + pause_s > deadline:
                raise Unavailable("wait_timeout", "the index did not reflect the event before the deadline")
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_POLL_S, pause_s * 1.5)

    def _reflects(self, ref: EventRef) -> bool:
        outcome = outcome_of(ref, self._reader(), self._index.view())
        if outcome.outcome == "parked":
            raise Invalid("event_parked", f"the event was parked: {outcome.reason}", "wait_for")
        # who asks must not learn that an article under embargo is there: it is waited for, as an unknown event is
        return outcome.reflected and outcome.searchable_from is None

    def _answer(self, request: SearchRequest, arrived: float) -> SearchReply:
        search = Search(
            index=self._index,
            texts=self._reader(),
            clock_us=now_us,
            seal=self._seal,
            lexicons=self._lexicons,
            curation=self._curation,
        )
        return search.answer(request, arrived)

    async def _on_article(self, message: NatsMessage) -> ArticleReply:
        def answer() -> ArticleReply:
            return answer_article(message.body, self._reader(), now_us())

        return await asyncio.get_running_loop().run_in_executor(self._threads, answer)

    async def _on_outcomes(self, message: NatsMessage) -> OutcomeReply:
        def answer() -> OutcomeReply:
            return answer_outcomes(message.body, self._reader(), self._index.view)

        return await asyncio.get_running_loop().run_in_executor(self._threads, answer)


def _report(request: SearchRequest, answer: SearchReply, correlation_id: str) -> None:
    """One line and one count for each query, without its words."""
    metrics.QUERIES.labels("partial" if answer.partial else "ok").inc()
    metrics.QUERY_SECONDS.observe(answer.took_ms / 1e3)
    metrics.QUERY_INDEX_SECONDS.observe(answer.index_ms / 1e3)
    if answer.did_you_mean:
        metrics.CORRECTIONS.inc()
    log.info(
        "query.answered",
        query_chars=len(request.q),
        filters=[name for name, value in request.filters if value],
        sort=request.sort,
        size=request.size,
        offset=request.offset,
        cursor=request.cursor is not None,
        facets=request.facets,
        histogram=request.histogram,
        notes=[note.code for note in answer.interpretation.notes],
        hits=len(answer.hits),
        total=answer.total,
        partial=answer.partial,
        words=answer.words,
        promoted=len(answer.promoted),
        did_you_mean=answer.did_you_mean is not None,
        took_ms=answer.took_ms,
        index_ms=answer.index_ms,
        position=answer.position,
        correlation_id=correlation_id,
    )
