"""One request put to the index: read whole, asked once or, where no article has all the words, once more with fewer."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from whoosh import query as whoosh_query

from newsdex.errors import Invalid
from newsdex.index.reader import Found, View
from newsdex.search.cursor import Cursor, read_cursor, write_cursor
from newsdex.search.facets import facet
from newsdex.search.histogram import Intervals
from newsdex.search.moments import When
from newsdex.search.query import ReadQuery, filter_trees, read_query, refuse_notes
from newsdex_schemas import Facet, Histogram, Interpretation, Note, SearchRequest
from newsdex_schemas.search import FacetName


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A request, read."""

    request: SearchRequest
    query: ReadQuery
    when: When
    filters: dict[str, Any]
    """By field, the query that every hit must match."""
    cursor: Cursor | None

    def levels(self) -> Iterator[int | None]:
        """Give how many of the words must match: all, then all but one, then half. A further page keeps the first's."""
        if self.cursor is not None:
            yield self.cursor.at_least
            return
        yield None
        words = self.query.free_words
        if words > 1:
            yield from sorted({words - 1, (words + 1) // 2}, reverse=True)


def read_question(request: SearchRequest, now_us: int) -> Question:
    """Read a request; raise `Invalid` with the place of what is wrong in it."""
    query = read_query(request.q)
    if request.strict:
        refuse_notes(query)
    cursor = read_cursor(request)
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
    at_least: int | None
    """How many of the words had to match; None where all had to."""
    tree: Any
    intervals: Intervals
    found: Found

    def next_cursor(self) -> str | None:
        """Give the cursor of the page behind this one, if there is one."""
        found = self.found
        if found.cut is None:
            return None
        cursor = Cursor(
            cut=found.cut, now_us=self.question.when.now_us, at_least=self.at_least, statistics=found.statistics
        )  # fmt: skip
        return write_cursor(cursor, self.question.request)

    def interpretation(self) -> Interpretation:
        """Say how the query was read."""
        query = self.question.query
        notes = [Note(code=code, message=message, start=start, end=end) for code, message, start, end in query.notes]
        if self.at_least is not None:
            message = f"nothing has all the words; these have at least {self.at_least} of {query.free_words}"
            notes.append(Note(code="most_words", message=message))
        return Interpretation(query=query.as_text(self.question.when), notes=tuple(notes))

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


def ask(view: View, question: Question, hidden: Any, deadline: float) -> Asked:
    """Ask for all the words and, where nothing has them, for most."""
    everything: Asked | None = None
    for at_least in question.levels():
        asked = _ask(view, question, at_least, hidden, deadline)
        if asked.found.total or asked.found.partial:
            return asked
        everything = everything or asked
    assert everything is not None
    return everything


def _ask(view: View, question: Question, at_least: int | None, hidden: Any, deadline: float) -> Asked:
    request, cursor = question.request, question.cursor
    tree = question.query.to_run(question.when, at_least=at_least, languages=view.languages)
    intervals = Intervals(question.when.zone)
    # a facet must not be reduced by the filter on its own field, so the index is told of it apart
    chosen: dict[str, Any] = {name: tree for name, tree in question.filters.items() if name in request.facets}
    others = [tree for name, tree in question.filters.items() if name not in chosen]
    found = view.find(
        tree,
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
    return Asked(question=question, at_least=at_least, tree=tree, intervals=intervals, found=found)
