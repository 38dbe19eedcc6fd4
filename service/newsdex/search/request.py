"""Runs one search request: for all its words and, where too few articles have them all, once more for most of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from zoneinfo import ZoneInfo

from whoosh.query import Query

from newsdex.errors import Invalid
from newsdex.host.handles import raise_out_of_handles
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.lexicon.related_terms import RelatedTerms
from newsdex.index.reader import IndexResult, View
from newsdex.index.schema import FILTER_FIELDS
from newsdex.index.scope import SearchScope
from newsdex.index.text.analysis import words
from newsdex.search.cursor import Cursor, read_cursor, write_cursor
from newsdex.search.language.ast import Node, Phrase, Word, leaves
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.parsed_query import MAX_COMMAND_CHARS, ParsedQuery, parse_query, refuse_notes
from newsdex.search.language.readings import other_readings, preferring_quotations
from newsdex.search.language.unparse import canonical
from newsdex.search.plan.build import DESCRIPTION_ENOUGH, QueryBuilder, QueryPlan, number_of_optional
from newsdex.search.plan.clauses import other_query
from newsdex.search.plan.curation import Curation
from newsdex.search.plan.filters import filter_queries
from newsdex.search.plan.pinned_vocabulary import PinnedVocabulary
from newsdex.search.plan.telling_words import MOST_WORDS, with_telling_words
from newsdex.search.reply.facets import facet
from newsdex.search.reply.histogram import Intervals
from newsdex.search.sealing import Seal
from newsdex.search.spelling.did_you_mean import FEW_HITS, did_you_mean
from newsdex.search.spelling.speller import Speller
from newsdex_schemas import DidYouMean, Facet, Histogram, Interpretation, Note, SearchRequest
from newsdex_schemas.search import FacetName

ANY_WORD = 1
"""So many words are enough for a request that asks for most of them: how telling they are decides the order."""
FEW_WORDS = 4
"""Of up to this many words, half must match; of more, half of that where too few articles have half, and so on."""
MAX_NAMED = 10
"""At most this many words that begin like the query's are named."""
MAX_NOTES = 20
"""At most this many of a text's faults are told: two thousand brackets are one mistake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedRequest:
    """A request with its query, filters and cursor parsed."""

    request: SearchRequest
    query: ParsedQuery
    clock: QueryClock
    filters: dict[str, Query]
    """By field, the query that every hit must match."""
    cursor: Cursor | None

    @property
    def collapses(self) -> bool:
        """Return whether versions of one story are shown as one hit."""
        if self.request.repeats is None:
            return self.request.sort == "relevance" and self.request.versions_of is None
        return self.request.repeats == "collapse"


def parse_request(request: SearchRequest, now_us: int, seal: Seal) -> ParsedRequest:
    """Parse a request; raise `Invalid` with the place of what is wrong in it."""
    query = parse_query(request.q)
    if request.strict:
        refuse_notes(query)
    cursor = read_cursor(request, seal)
    clock = QueryClock(now_us=cursor.now_us if cursor else now_us, zone=_zone(request.timezone))
    return ParsedRequest(
        request=request, query=query, clock=clock, filters=filter_queries(request.filters), cursor=cursor
    )  # fmt: skip


@lru_cache(maxsize=100)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        if isinstance(error, OSError):
            raise_out_of_handles(error)
        raise Invalid("unknown_timezone", "timezone: no IANA time zone", "timezone") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadAs:
    """How a query was read in the end, and the notes on why that is not how it is written."""

    tree: Node | None
    text: str
    """What the places of the tree are in."""
    notes: tuple[tuple[str, str], ...] = ()
    """Code and message of each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryResult:
    """What the index answered, and with which plan."""

    parsed: ParsedRequest
    read: ReadAs
    plan: QueryPlan
    builder: QueryBuilder
    vocabulary: PinnedVocabulary
    speller: Callable[[], Speller]
    """Gives the one of this reading: most queries need none."""
    intervals: Intervals | None
    """Of the histogram, if one was asked for."""
    found: IndexResult

    @property
    def fills_no_page(self) -> bool:
        """Return whether few articles have so many of the words, and more may have fewer of them."""
        few = self.found.total < DESCRIPTION_ENOUGH and not self.found.partial
        return few and (self.plan.at_least or ANY_WORD) > ANY_WORD

    def beside(self, tried: "QueryResult") -> "QueryResult":
        """Return this result, partial where another that found no more is: it had no time to find more."""
        return replace(self, found=replace(self.found, partial=True)) if tried.found.partial else self

    def next_cursor(self, seal: Seal) -> str | None:
        """Return the cursor of the page behind this one, if there is one."""
        found = self.found
        if found.cut is None:
            return None
        cursor = Cursor(
            cut=found.cut,
            now_us=self.parsed.clock.now_us,
            at_least=self.plan.at_least,
            statistics=found.statistics,
            words=self.vocabulary.answers,
            read_as=(canonical(self.read.tree, self.parsed.clock), self.read.notes) if self.read.notes else None,
        )
        return write_cursor(cursor, self.parsed.request, seal)

    def interpretation(self, related: RelatedTerms, unknown: Sequence[str] = ()) -> Interpretation:
        """Return how the query was read; `related` are the words that the index has now, `unknown` ids it has not."""
        notes = [
            Note(code=code, message=message, start=start, end=end)
            for code, message, start, end in (*self.parsed.query.notes[:MAX_NOTES], *self.parsed.query.remarks)[
                :MAX_NOTES
            ]
        ]
        notes += [Note(code=code, message=message) for code, message in self.read.notes]
        message = "there is no article with this id that may be shown, so there are no versions of it"
        notes += [Note(code="unknown_article", message=f"{id_}: {message}") for id_ in unknown]
        if self.plan.at_least is not None:
            message = f"articles are looked for with at least {self.plan.at_least} of the words, best first"
            notes.append(Note(code="most_words", message=message))
            notes += self._related_notes(related)
        if self.plan.corrections:
            notes += self._spelling_notes(related)
        return Interpretation(query=canonical(self.read.tree, self.parsed.clock), notes=tuple(notes))

    def _related_notes(self, related: RelatedTerms) -> Iterator[Note]:
        named = [
            f"“{one}” (as “{word}”)" for word, near in self.plan.related.items() for one in near
            if related.frequency(one)
        ]  # fmt: skip
        if named:
            more = ["…"] if len(named) > MAX_NAMED else []
            listed = ", ".join(named[:MAX_NAMED] + more)
            message = f"words that begin alike raise articles, but do not count as the query's: {listed}"
            yield Note(code="related_words", message=message)

    def _spelling_notes(self, related: RelatedTerms) -> Iterator[Note]:
        q = self.parsed.request.q
        for word, instead in self.plan.corrections.items():
            if not related.frequency(instead):  # a page before had it; it is a word of what is shown no more
                continue
            start = next((start for own, start, _ in words(q) if own == word), q.find(word))
            message = f"no article has “{word}”; “{instead}” was looked for in its place"
            yield Note(code="spelling", message=message, start=start, end=start + len(word))

    def did_you_mean(self, view: View, scope: SearchScope) -> DidYouMean | None:
        """Return a query that finds more than all the words did, if there is one and time to find it.

        A page behind a cursor gets none: its first page had it; nor does a long text, which was pasted.
        """
        is_long = len(self.parsed.request.q) > MAX_COMMAND_CHARS
        instead = {**self.plan.corrections, **self.plan.in_parts}
        having_all = 0 if instead or self.plan.at_least is not None else self.found.total
        if having_all > FEW_HITS or self.found.partial or self.parsed.cursor is not None or is_long:
            return None
        builder = replace(
            self.builder,
            vocabulary=PinnedVocabulary(
                view.known, lambda _: None, lambda: self.speller().shown, deadline=scope.deadline
            ),
            decay=None,
        )

        def total_of(text: str) -> int:
            query = builder.all_words(parse_query(text).tree).query
            return view.find(query, scope, sort="relevance", size=0).total

        return did_you_mean(self.parsed.request.q, self.speller(), instead, having_all, total_of)

    def facets(self) -> dict[FacetName, Facet] | None:
        """Return the facets that were asked for."""
        request, counts = self.parsed.request, self.found.facets
        return {
            name: facet(counts[name], getattr(request.filters, name), request.facet_size) for name in request.facets
        } or None

    def histogram(self) -> Histogram | None:
        """Return the histogram, if one was asked for."""
        if self.intervals is None:
            return None
        return self.intervals.histogram(self.found.edges, self.found.histogram, self.found.total)


def run_query(
    view: View, parsed: ParsedRequest, curation: Curation, scope: SearchScope, lexicons: LexiconReader
) -> QueryResult:
    """Search for a query as it was read and, where that finds nothing, as it may have been meant."""
    search = _QueryRun(view, parsed, curation, scope, lexicons)
    q, cursor = parsed.request.q, parsed.cursor
    if cursor is not None and cursor.read_as is not None:
        text, notes = cursor.read_as
        return search.answer(ReadAs(tree=parse_query(text).tree, text=text, notes=notes))
    read = search.with_telling_words(ReadAs(tree=parsed.query.tree, text=q))
    result = search.answer(read)
    if cursor is not None or parsed.request.strict or result.found.total or result.found.partial:
        return result
    for other in other_readings(read.tree, q):
        notes = (*read.notes, (other.code, other.message))
        another = search.answer(replace(read, tree=other.tree, notes=notes))
        if another.found.total:
            return another
        result = result.beside(another)
    missing = tuple(search.missing_values(read.tree))
    return replace(result, read=replace(read, notes=(*read.notes, *missing))) if missing else result


class _QueryRun:
    """Runs the readings of one query."""

    def __init__(
        self, view: View, parsed: ParsedRequest, curation: Curation, scope: SearchScope, lexicons: LexiconReader
    ) -> None:
        self._view = view
        self._parsed = parsed
        self._curation = curation
        self._scope = scope
        self._lexicons = lexicons

    def answer(self, read: ReadAs) -> QueryResult:
        """Search for all the words and, where too few articles have them, for most: those with all come first."""
        request, cursor = self._parsed.request, self._parsed.cursor
        tree = preferring_quotations(read.tree, read.text, most_words=request.words == "most")
        speller = cache(partial(Speller, self._lexicons, self._view, self._scope, request.q, tree))
        vocabulary = PinnedVocabulary(
            self._view.known,
            lambda word: speller().correction(word),
            lambda: speller().shown,
            cursor.words if cursor else None,
            deadline=self._scope.deadline,
        )
        builder = self._curation.builder(request, tree, vocabulary, self._view.languages, self._parsed.clock)
        optional = number_of_optional(tree)

        def run(plan: QueryPlan) -> QueryResult:
            found, intervals = _run(self._view, self._parsed, plan, self._scope)
            return QueryResult(
                parsed=self._parsed,
                read=read,
                plan=plan,
                builder=builder,
                vocabulary=vocabulary,
                speller=speller,
                intervals=intervals,
                found=found,
            )

        most = request.words == "most" and optional > 1
        if most if cursor is None else cursor.at_least is not None:
            if request.words == "most":
                return run(builder.most_words(tree, every=None, at_least=ANY_WORD))
            at_least = cursor.at_least if cursor else None
            return run(builder.most_words(tree, every=builder.all_words(tree), at_least=at_least))
        every = run(builder.all_words(tree))
        enough = every.found.total >= every.plan.enough or every.found.partial
        if cursor or enough or optional <= 1:
            return every
        some = run(builder.most_words(tree, every=every.plan))
        while optional > FEW_WORDS and some.fills_no_page:
            fewer = ((some.plan.at_least or 0) + 1) // 2
            some = run(builder.most_words(tree, every=every.plan, at_least=fewer))
        return some if some.found.total > every.found.total else every.beside(some)

    def with_telling_words(self, read: ReadAs) -> ReadAs:
        """Return the reading of a long text that has its most telling words only."""
        if len(read.text) <= MOST_WORDS:
            return read
        stop_words = self._curation.stop_words(self._parsed.request, read.tree)
        known, documents = self._view.known, self._view.snapshot.live_documents
        tree = with_telling_words(read.tree, known.frequency, documents, stop_words, self._view.languages)
        if tree is None:
            return read
        message = f"the text is long; articles are looked for with its {MOST_WORDS} most telling words"
        return replace(read, tree=tree, notes=(("telling_words", message),))

    def missing_values(self, tree: Node | None) -> Iterator[tuple[str, str]]:
        """Yield a note on each value of a field that no article has."""
        for leaf in leaves(tree) if tree is not None else ():
            if not isinstance(leaf, Word | Phrase) or leaf.field not in FILTER_FIELDS:
                continue
            query = other_query(leaf, self._parsed.clock)
            found = self._view.find(query, self._scope, sort="newest", size=0)
            if not found.total and not found.partial:
                message = (
                    f"no article has “{leaf.text}” for its {leaf.field}; without the field it is a word of the text"
                )
                yield "no_such_value", message


def _run(
    view: View, parsed: ParsedRequest, plan: QueryPlan, scope: SearchScope
) -> tuple[IndexResult, Intervals | None]:
    request, cursor = parsed.request, parsed.cursor
    intervals = Intervals(parsed.clock.zone) if request.histogram else None
    found = view.find(
        plan.query,
        scope,
        sort=request.sort,
        size=request.size,
        offset=request.offset,
        facets=request.facets,
        histogram=intervals,
        after=cursor.cut if cursor else None,
        statistics=cursor.statistics if cursor else None,
        collapse=parsed.collapses,
        versions_of=request.versions_of,
    )
    return found, intervals
