"""One request put to the index: read whole, asked once or, where no article has all the words, once more with fewer."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from whoosh import query as whoosh_query

from newsdex.errors import Invalid
from newsdex.index.reader import IndexResult, View
from newsdex.index.text.analysis import words
from newsdex.search.cursor import Cursor, read_cursor, write_cursor
from newsdex.search.language.dates import When
from newsdex.search.plan.build import Ranked
from newsdex.search.plan.curation import Curation
from newsdex.search.plan.pinned_vocabulary import Known, RememberedWords
from newsdex.search.plan.query import ReadQuery, filter_trees, read_query, refuse_notes
from newsdex.search.reply.facets import facet
from newsdex.search.reply.histogram import Intervals
from newsdex.search.sealing import Seal
from newsdex_schemas import Facet, Histogram, Interpretation, Note, SearchRequest
from newsdex_schemas.search import FacetName

MAX_NOTES = 20
"""So many of a text's faults are told: two thousand brackets are one mistake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A request, read."""

    request: SearchRequest
    query: ReadQuery
    when: When
    filters: dict[str, Any]
    """By field, the query that every hit must match."""
    cursor: Cursor | None

    @property
    def begins_with_most(self) -> bool:
        """Tell whether hits need not have all the words to begin with. A further page goes on as the first one did."""
        if self.cursor is not None:
            return self.cursor.at_least is not None
        return self.request.words == "most" and self.query.free_words > 1


def read_question(request: SearchRequest, now_us: int, seal: Seal) -> Question:
    """Read a request; raise `Invalid` with the place of what is wrong in it."""
    query = read_query(request.q)
    if request.strict:
        refuse_notes(query)
    cursor = read_cursor(request, seal)
    when = When(now_us=cursor.now_us if cursor else now_us, zone=_zone(request.timezone))
    return Question(request=request, query=query, when=when, filters=filter_trees(request.filters), cursor=cursor)


@lru_cache(maxsize=100)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise Invalid("unknown_timezone", "timezone: no IANA time zone", "timezone") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the index answered, and with what."""

    question: Question
    ranked: Ranked
    known: RememberedWords
    intervals: Intervals
    found: IndexResult

    def next_cursor(self, seal: Seal) -> str | None:
        """Return the cursor of the page behind this one, if there is one."""
        found = self.found
        if found.cut is None:
            return None
        cursor = Cursor(
            cut=found.cut,
            now_us=self.question.when.now_us,
            at_least=self.ranked.at_least,
            statistics=found.statistics,
            words=self.known.answers,
        )
        return write_cursor(cursor, self.question.request, seal)

    def interpretation(self, known: Known) -> Interpretation:
        """Return how the query was read; `known` are the words that the index has now."""
        query = self.question.query
        notes = [
            Note(code=code, message=message, start=start, end=end)
            for code, message, start, end in query.notes[:MAX_NOTES]
        ]
        if self.ranked.at_least is not None:
            message = f"articles are looked for with at least {self.ranked.at_least} of the words, best first"
            notes.append(Note(code="most_words", message=message))
        notes += self._spelling_notes(known)
        return Interpretation(query=query.as_text(self.question.when), notes=tuple(notes))

    def _spelling_notes(self, known: Known) -> Iterator[Note]:
        for word, instead in self.ranked.corrections.items():
            if not known.frequency(instead):  # a page before had it; it is a word of what is shown no more
                continue
            q = self.question.request.q
            start = next((start for own, start, _ in words(q) if own == word), q.find(word))
            message = f"no article has “{word}”; what is spelt like it was looked for, first of all “{instead}”"
            yield Note(code="spelling", message=message, start=start, end=start + len(word))

    def facets(self) -> dict[FacetName, Facet] | None:
        """Give the facets that were asked for."""
        request = self.question.request
        counts = self.found.facets
        return {
            name: facet(counts[name], getattr(request.filters, name), request.facet_size) for name in request.facets
        } or None

    def histogram(self) -> Histogram | None:
        """Give the histogram, if one was asked for."""
        found = self.found
        asked = self.question.request.histogram
        return self.intervals.histogram(found.edges, found.histogram, found.total) if asked else None


def ask(view: View, question: Question, curation: Curation, hidden: Any, deadline: float) -> Asked:
    """Ask for all the words and, where too few articles have them, for most: those with all come first."""
    query, when, cursor = question.query, question.when, question.cursor
    known = RememberedWords(view.known, cursor.words if cursor else None)
    ranking = curation.ranking(question.request, known, view.languages, when.now_us)

    def asked(ranked: Ranked) -> Asked:
        return _ask(view, question, ranked, known, hidden, deadline)

    def all_words() -> Ranked:
        return ranking.all_words(query.as_written(when))

    def most(every: Ranked | None) -> Asked:
        return asked(ranking.most_words(query.as_written(when, at_least=1), every=every))

    if question.begins_with_most:
        return most(None if question.request.words == "most" else all_words())
    every = asked(all_words())
    enough = every.found.total >= every.ranked.enough or every.found.partial
    if cursor or enough or query.free_words <= 1:
        return every
    some = most(every.ranked)
    return some if some.found.total > every.found.total else every


def _ask(  # noqa: PLR0913, PLR0917 - called once, here
    view: View, question: Question, ranked: Ranked, known: RememberedWords, hidden: Any, deadline: float
) -> Asked:
    request, cursor = question.request, question.cursor
    intervals = Intervals(question.when.zone)
    # a facet must not be reduced by the filter on its own field, so the index is told of it apart
    chosen: dict[str, Any] = {name: tree for name, tree in question.filters.items() if name in request.facets}
    others = [tree for name, tree in question.filters.items() if name not in chosen]
    found = view.find(
        ranked.tree,
        allowed=whoosh_query.And(others) if others else None,
        chosen=chosen,
        hidden=hidden,
        sort=request.sort,
        size=request.size,
        offset=request.offset,
        deadline=deadline,
        facets=request.facets,
        histogram=intervals if request.histogram else None,
        after=cursor.cut if cursor else None,
        statistics=cursor.statistics if cursor else None,
    )
    return Asked(question=question, ranked=ranked, known=known, intervals=intervals, found=found)
