"""The searcher: answers requests, read-only; any number of them share the work in one queue group."""

import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import structlog
from faststream.nats import NatsBroker
from faststream.nats.message import NatsMessage
from nats.errors import Error as NatsError

from newsdex import metrics
from newsdex.apps.inspection.article_story import read_story, tell_story
from newsdex.apps.requests import correlation_id_of, problem_reply
from newsdex.apps.searcher.answers import Answers
from newsdex.apps.searcher.channel import Reply, Request, RequestChannel
from newsdex.apps.searcher.index_gauges import show_index
from newsdex.apps.searcher.intake import Intake
from newsdex.apps.searcher.query_log import QueryLog
from newsdex.apps.searcher.request_traces import RequestTraces
from newsdex.apps.searcher.typing import TypingRequests
from newsdex.apps.self_report import SelfReport, Work, within
from newsdex.apps.serve import Process
from newsdex.apps.span_export import make_tracer
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.retrieval import answer_article
from newsdex.broker.connection import make_broker
from newsdex.clock import now_us
from newsdex.cursor_key import cursor_key
from newsdex.errors import Invalid, Unavailable
from newsdex.event_outcomes import outcome_of, outcomes_of
from newsdex.health import Health, Readiness
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import IndexReader
from newsdex.log import instance_name
from newsdex.search.plan.curation import Curation
from newsdex.search.sealing import Seal
from newsdex.search.service import Search
from newsdex.settings import Settings
from newsdex.version import newsdex_version
from newsdex_schemas import (
    ArticleReply,
    ArticleRequest,
    EventRef,
    OutcomeReply,
    OutcomeRequest,
    SearchReply,
    SearchRequest,
    channels,
)
from newsdex_schemas.operations import DamageReport
from newsdex_schemas.story import MAX_STORY_EVENTS, StoryReply, StoryRequest

log = structlog.get_logger()

THREADS = 4
"""So many queries take turns; one that hurts does not make the others wait for its deadline."""
UNTIMED_S = 5.0
"""How long after its arrival a request is answered that states no deadline."""
DAMAGE = frozenset({"index_damaged", "index_unreadable"})
REPORT_DAMAGE_EVERY_S = 10.0


class Searcher:
    """Wires broker, archive and index together."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._readiness = Readiness("broker")
        self._health = Health("searcher", self._readiness, self._probe)
        self._process = Process(self._readiness)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="query")
        self._archive: ArchiveReader | None = None
        self._broker: NatsBroker | None = None
        self._damage_reported_at = -REPORT_DAMAGE_EVERY_S
        self._index = IndexReader(settings.data_dir / "index")
        self._lexicons = LexiconReader()
        self._curation = Curation.of(settings)
        self._typing = TypingRequests(self._index, self._reader, self._lexicons, self._curation)
        self._intake = Intake(slots=THREADS, look=self._reflected)
        self._query_log = QueryLog(settings=settings)
        traces = RequestTraces(make_tracer("searcher", instance_name(), newsdex_version()))
        self._answers = Answers(self._threads, self._report_damage, self._intake.tell_refused, traces)

    async def run(self) -> None:
        """Serve until stopped; raise the `NewsdexError` that ended it, if one did."""
        broker = self._broker = make_broker(self._settings, name="newsdex-searcher", owner=self._process)
        self._subscribe(broker)
        counted = {"searches": metrics.QUERIES, "suggestions": metrics.SUGGESTS, "similar": metrics.SIMILARS}
        SelfReport("searcher", self._health, self._work, counted).subscribe(broker)
        show_index(self._index)
        await self._process.serve(
            self._settings,
            broker,
            self._health.routes(),
            before=self._start,
            after=self._stop,
        )

    def _subscribe(self, broker: NatsBroker) -> None:
        for channel in self.channels():
            self._intake.subscribe(broker, channel, self._answers.handle)

    def channels(self) -> tuple[RequestChannel[Any, Any], ...]:
        """Return every kind of request that a searcher answers."""
        queries = RequestChannel(
            subject=channels.SEARCH_QUERY,
            model=SearchRequest,
            timeout_s=lambda request: request.timeout_ms / 1e3,
            answer=self._answer,
            report=self._query_log.report,
            refused=lambda error, id_: problem_reply(error, id_, "query.refused"),
            results=metrics.QUERIES,
            wait_for=lambda request: request.wait_for,
        )
        outcomes = _untimed(channels.EVENTS_OUTCOME, OutcomeRequest, self._outcomes)
        articles = _untimed(channels.ARTICLES_GET, ArticleRequest, self._article)
        stories = _untimed(channels.ARTICLES_WHY, StoryRequest, self._story)
        return queries, outcomes, articles, stories, *self._typing.channels()

    async def _start(self) -> None:
        self._threads.submit(self._read_lexicon)

    async def _stop(self) -> None:
        self._intake.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _read_lexicon(self) -> None:
        """Begin to read the index's words before the first request needs them."""
        with suppress(Unavailable):  # no index yet
            self._lexicons.lexicon(self._index.view().snapshot.segments)

    def _probe(self) -> None:
        self._reader()
        self._index.view()

    def _work(self) -> Work:
        work = Work(searches_within=within(metrics.QUERY_SECONDS))
        try:
            view = self._index.view()
        except Unavailable:
            return work
        return replace(work, position=view.position, generation=view.folder.name, segments=len(view.snapshot.segments))

    @cached_property
    def _seal(self) -> Seal:
        return Seal(cursor_key(self._settings.data_dir))

    def _reader(self) -> ArchiveReader:
        if self._archive is None:
            self._archive = ArchiveReader(self._settings.data_dir)
        return self._archive

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

    def _reflected(self, refs: Collection[EventRef]) -> dict[EventRef, Exception | None]:
        """Return those of some events that the index reflects, and why it will not reflect others."""
        settled: dict[EventRef, Exception | None] = {}
        archive, view = self._reader(), self._index.view()
        for ref in refs:
            outcome = outcome_of(ref, archive, view)
            if outcome.outcome == "parked":
                settled[ref] = Invalid("event_parked", f"the event was parked: {outcome.reason}", "wait_for")
            # who asks must not learn that an article under embargo is there: it is waited for, as an unknown event is
            elif outcome.reflected and outcome.searchable_from is None:
                settled[ref] = None
        return settled

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

    def _article(self, request: ArticleRequest, _: float) -> ArticleReply:
        return answer_article(request, self._reader(), now_us())

    def _story(self, request: StoryRequest, _: float) -> StoryReply:
        story = read_story(request.id, self._reader(), self._index.view())
        return tell_story(story, now_us(), MAX_STORY_EVENTS)

    def _outcomes(self, request: OutcomeRequest, _: float) -> OutcomeReply:
        return outcomes_of(request, self._reader(), self._index.view)


def _untimed(
    subject: str, model: type[Request], answer: Callable[[Request, float], Reply]
) -> RequestChannel[Request, Reply]:
    """Return a channel of requests that state no deadline and have no log line of their own."""

    def report(_: Request, __: Reply, correlation_id: str) -> None:
        log.info("request.answered", subject=subject, correlation_id=correlation_id)

    return RequestChannel(
        subject=subject,
        model=model,
        timeout_s=UNTIMED_S,
        answer=answer,
        report=report,
        refused=lambda error, id_: problem_reply(error, id_, "request.refused"),
    )
