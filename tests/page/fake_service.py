"""A service of a few articles that the page's tests ask instead of a broker, as the client does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from newsdex.errors import Refused, Unavailable
from newsdex_schemas import (
    Article,
    ArticleReply,
    DidYouMean,
    Facet,
    FacetValue,
    Histogram,
    Hit,
    Interpretation,
    Problem,
    SearchFilters,
    SearchReply,
    SearchRequest,
    SimilarReply,
    SimilarRequest,
    Suggestion,
    SuggestReply,
    SuggestRequest,
    TitleSuggestion,
)
from newsdex_schemas.operations import (
    IndexReply,
    ParkedCode,
    ParkedEntry,
    ParkedList,
    ParkedResult,
    StreamReply,
)
from newsdex_schemas.processes import ProcessReply, Storage
from newsdex_schemas.search import Bucket, FacetName

FIELDS: tuple[FacetName, ...] = ("section", "authors", "tags", "agency", "language")
NOON = datetime(2024, 6, 11, 12, tzinfo=UTC)
ARABIC = "عبّارة ليلية إلى حين إصلاح جسر Salt-Lantern!"


def parked(id_: int, **changes: object) -> ParkedEntry:
    """Return a parked event."""
    fields: dict[str, object] = {
        "id": id_, "parked_at": datetime.now(UTC), "code": "invalid_datetime",
        "message": "data.published_at: no RFC 3339 time", "channel": "articles.published", "source": "desk",
        "event_id": f"e-{id_}", "article_id": f"courier:{id_}", "tries": 1, "status": "open", "bytes": 20,
        "beginning": '{"id": "courier"}',
    }  # fmt: skip
    return ParkedEntry.model_validate({**fields, **changes})


def article(number: int, **changes: object) -> Article:
    """Return one of many articles about ferries."""
    month = number % 24
    fields: dict[str, object] = {
        "id": f"courier:{number}",
        "title": f"Night ferry sails, number {number}",
        "body": f"The night ferry sails at {number}.\n\nA second paragraph of the harbour.",
        "section": ("Transport", "Budget", "Harbour")[number % 3],
        "authors": (f"Author {number % 9}",),
        "tags": ("ferries", f"tag {number % 5}"),
        "language": "en",
        "published_at": datetime(2022 + month // 12, month % 12 + 1, 1 + number % 27, 7, 45, tzinfo=UTC).isoformat(),
    }
    return Article.model_validate_json(Article(**{**fields, **changes}).to_json())  # type: ignore[arg-type]


def corpus() -> list[Article]:
    """Return forty articles, one of them Arabic."""
    arabic = article(
        3, id="courier/ليل 3", title=ARABIC, body=f"ferry {ARABIC}", language="ar", authors=("وكالة الميناء",)
    )
    return [arabic if number == 3 else article(number) for number in range(1, 41)]


@dataclass
class FakeService:
    """Finds articles that have all words of a query in title or body; `change` may replace a reply, or raise."""

    articles: list[Article] = field(default_factory=corpus)
    change: Callable[[SearchRequest, SearchReply], SearchReply] = lambda _, reply: reply
    delays_s: dict[str, float] = field(default_factory=dict)
    """By query, how long its answer takes."""
    searches: list[SearchRequest] = field(default_factory=list)
    suggested: list[str] = field(default_factory=list)
    parked_events: list[ParkedEntry] = field(default_factory=list)
    redriven: dict[int, str] = field(default_factory=dict)
    """By number, what became of parked events."""
    reasons: list[str] = field(default_factory=list)
    """Why they were dropped."""
    waiting_s: float | None = None
    """How long the oldest change waits for the index."""
    storage: Storage = field(
        default_factory=lambda: Storage(
            archive_bytes=1_800_000_000, index_bytes=800_000_000, free_bytes=61_000_000_000, disk_bytes=100_000_000_000,
            backed_up_at=datetime.now(UTC),
        )
    )  # fmt: skip
    searches_within: dict[str, int] = field(default_factory=lambda: {"0.01": 9, "0.1": 9, "+Inf": 9})
    """Of its searcher."""
    broken: bool = False
    """Whether nobody answers operators."""

    async def search(self, request: SearchRequest) -> SearchReply:
        """Find articles."""
        self.searches.append(request)
        if delay_s := self.delays_s.get(request.q):
            await asyncio.sleep(delay_s)
        found = [one for one in self.articles if _has(one, request.q) and _passes(one, request.filters)]
        found.sort(key=_moment, reverse=request.sort != "oldest")
        page = found[request.offset : request.offset + request.size]
        reply = SearchReply(
            hits=tuple(_hit(one, request.q) for one in page),
            total=len(found),
            total_is="exact",
            partial=False,
            next_cursor="next" if request.offset + len(page) < len(found) else None,
            interpretation=Interpretation(query=request.q),
            facets={name: self._facet(name, request) for name in request.facets} or None,
            histogram=_histogram(found) if request.histogram else None,
            did_you_mean=DidYouMean(text="night ferry", marked="night <mark>ferry</mark>", total=39)
            if "fery" in request.q
            else None,
            took_ms=1.0,
            index_ms=0.5,
            position=40,
        )
        return self.change(request, reply)

    def _facet(self, name: FacetName, request: SearchRequest) -> Facet:
        open_ = request.filters.model_copy(update={name: ()})
        counts = Counter(
            value
            for one in self.articles
            if _has(one, request.q) and _passes(one, open_)
            for value in _values(one, name)
        )
        for value in getattr(request.filters, name):
            counts.setdefault(value, 0)
        values = tuple(FacetValue(value=value, count=count) for value, count in counts.most_common(request.facet_size))
        return Facet(values=values, more=max(0, len(counts) - request.facet_size))

    async def suggest(self, request: SuggestRequest) -> SuggestReply:
        """Complete what is typed."""
        self.suggested.append(request.q)
        return SuggestReply(
            terms=(Suggestion(text="night ferry", marked="<mark>ni</mark>ght ferry", total=39),),
            authors=(Suggestion(text="Author 1", marked="Author 1", total=4),),
            titles=(TitleSuggestion(id="courier:1", text="Night <b>x", marked="<mark>Ni</mark>ght &lt;b&gt;x"),),
            partial=False,
            took_ms=1.0,
            position=40,
        )

    async def similar(self, request: SimilarRequest) -> SimilarReply:
        """Find two others."""
        others = [one for one in self.articles if one.id != request.id][: min(2, request.size)]
        hits = tuple(_hit(one, "") for one in others)
        return SimilarReply(hits=hits, terms=(), partial=False, took_ms=1.0, index_ms=1.0, position=40)

    async def processes(self) -> list[ProcessReply]:
        """Say how an indexer and a searcher are."""
        if self.broken:
            return []
        return [
            ProcessReply(
                process=process, instance=f"harbour-1:{number}", version="0.1.0", started_at=NOON, ready=True,
                position=40, segments=3, counts=counts, waiting_s=self.waiting_s if process == "indexer" else None,
                storage=self.storage if process == "indexer" else None,
                searches_within=self.searches_within if process == "searcher" else {},
            )
            for number, (process, counts) in enumerate((("indexer", {"events": 40}), ("searcher", {"searches": 9})), 1)
        ]  # fmt: skip

    async def index_status(self) -> IndexReply:
        """Say how the index is."""
        self._fail_if_broken()
        return IndexReply(generation="generation-000003", position=40)

    async def stream_status(self) -> StreamReply:
        """Say how the stream is."""
        self._fail_if_broken()
        return StreamReply(
            events=40, bytes=80_000, store_bytes=90_000, waiting=2, at_work=0, prunable=0, bound="wanted"
        )

    async def parked(self, *, id_: int | None = None) -> ParkedList:
        """List what is parked."""
        self._fail_if_broken()
        events = [one for one in self.parked_events if id_ in (None, one.id)]
        if id_ is not None and not events:
            raise Refused(Problem(code="unknown_parked", message=f"no event is parked under {id_}", retryable=False))
        counts = (ParkedCode(code="invalid_datetime", events=len(events), oldest_at=NOON),) if events else ()
        return ParkedList(codes=counts, events=tuple(events))

    async def retry_parked(self, ids: Sequence[int]) -> AsyncIterator[ParkedResult]:
        """Handle parked events."""
        for id_ in ids:
            yield self._redriven("accepted", id_)

    async def drop_parked(self, ids: Sequence[int], reason: str) -> AsyncIterator[ParkedResult]:
        """Close parked events."""
        self.reasons.append(reason)
        for id_ in ids:
            yield self._redriven("dropped", id_)

    def _redriven(self, result: str, id_: int) -> ParkedResult:
        if id_ not in [one.id for one in self.parked_events]:
            return ParkedResult(id=id_, result="closed" if id_ in self.redriven else "unknown", reason="dropped")
        self.parked_events = [one for one in self.parked_events if one.id != id_]
        self.redriven[id_] = result
        return ParkedResult(id=id_, result=result)

    def _fail_if_broken(self) -> None:
        if self.broken:
            raise Unavailable("nobody_answers", "nobody answers: start an indexer")

    async def get(self, id_: str) -> ArticleReply:
        """Return an article."""
        for sequence, one in enumerate(self.articles, 1):
            if one.id == id_:
                return ArticleReply(article=one, sequence=sequence)
        raise Refused(Problem(code="unknown_article", message="there is no article with this id", retryable=False))


def _words(q: str) -> tuple[list[str], str | None]:
    id_ = q.split('"')[1] if q.startswith('+id:"') else None
    return q.rpartition('"')[2].strip(" ()").casefold().split(), id_


def _moment(one: Article) -> datetime:
    return one.published_at or datetime.min.replace(tzinfo=UTC)


def _has(one: Article, q: str) -> bool:
    words, id_ = _words(q)
    text = f"{one.title} {one.body}".casefold()
    return (id_ is None or one.id == id_) and all(word in text for word in words)


def _values(one: Article, name: str) -> tuple[str, ...]:
    value = getattr(one, name)
    return value if isinstance(value, tuple) else ((value,) if value else ())


def _passes(one: Article, filters: SearchFilters) -> bool:
    if any(getattr(filters, name) and not set(_values(one, name)) & set(getattr(filters, name)) for name in FIELDS):
        return False
    moment = one.published_at
    if filters.published_from and (moment is None or moment < filters.published_from):
        return False
    return not (filters.published_to and (moment is None or moment >= filters.published_to))


def _hit(one: Article, q: str) -> Hit:
    words, _ = _words(q)

    def places(text: str) -> tuple[tuple[int, int], ...]:
        found = [(text.casefold().find(word), len(word)) for word in words]
        return tuple(sorted((start, start + many) for start, many in found if start >= 0))

    passage = one.body.split("\n\n")[0]
    shared = one.model_dump(
        include={"id", "summary", "section", "authors", "tags", "agency", "language", "published_at"}
    )
    return Hit(
        **shared,
        title=one.title,
        title_marks=places(one.title),
        snippets=(passage,),
        snippet_marks=(places(passage),),
        score=1.0,
    )


def _histogram(found: list[Article]) -> Histogram | None:
    months = Counter((one.published_at.year, one.published_at.month) for one in found if one.published_at)
    if not months:
        return Histogram(interval="month", buckets=(), undated=len(found))
    first, last = min(months), max(months)
    count = (last[0] - first[0]) * 12 + last[1] - first[1] + 1
    starts = [(first[0] + (first[1] - 1 + n) // 12, (first[1] - 1 + n) % 12 + 1) for n in range(count)]
    buckets = tuple(Bucket(start=datetime(*one, 1, tzinfo=UTC), count=months[one]) for one in starts)
    return Histogram(interval="month", buckets=buckets, undated=0)
