"""Explains why a search does not show an article, or at which rank it does: word by word, and filter by filter."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from whoosh.query import Query, Term

from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import View
from newsdex.index.scope import SearchScope
from newsdex.search.language.ast import Leaf, MatchAll, Node, Not, Phrase, Word
from newsdex.search.language.readings import preferring_quotations
from newsdex.search.language.unparse import canonical
from newsdex.search.plan.build import optional_words
from newsdex.search.plan.curation import Curation
from newsdex.search.reply.explanation import reasons
from newsdex.search.request import ParsedRequest, QueryResult, run_query
from newsdex_schemas import Interpretation


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """A part of the query, and whether the article has it."""

    text: str
    matches: bool
    needed: bool
    """Whether an article without it is not found; of an excluded part, with it."""
    excluded: bool = False
    """Whether the query asks for articles without it."""
    forms: tuple[str, ...] = ()
    """In which form the article has it, and where."""
    depth: int = 0
    """0 for a part of the query itself, 1 for a part of one in brackets, and so on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """How one article stands in one search."""

    interpretation: Interpretation
    total: int
    """How many articles the search finds."""
    clauses: tuple[Clause, ...]
    filters: dict[str, bool]
    """By field, whether its filter lets the article be found."""
    matches: bool
    """Whether the article has what the query asks for, whatever the filters say."""
    rank: int | None
    """From 1; None where the search does not show the article."""
    version_shown: str | None
    """The article in whose stead this one is not shown, where versions of a story are one hit."""
    promoted: bool
    """Whether editors promote the article for this query."""


def explain_absence(
    article: "ArticleOfView", view: View, parsed: ParsedRequest, hidden: Query, curation: Curation
) -> Absence:
    """Explain how an article stands in a search of a view."""
    scope = SearchScope(filters=parsed.filters, hidden=hidden, deadline=math.inf)
    result = run_query(view, parsed, curation, scope, LexiconReader(waits=True))
    rank, version_shown = _rank(view, result, scope, article.id)
    return Absence(
        interpretation=result.interpretation(view.known),
        total=result.found.total,
        clauses=tuple(_Reading(article, result).clauses()),
        filters={name: article.matches(filter_) for name, filter_ in parsed.filters.items()},
        matches=article.matches(result.plan.query),
        rank=rank,
        version_shown=version_shown,
        promoted=article.id in curation.best_bets_for(parsed.request, parsed.clock.now_us),
    )


class ArticleOfView:
    """One article of a view, to ask for what it has."""

    def __init__(self, view: View, id_: str) -> None:
        """Take a view that has the article, perhaps no other."""
        self.id = id_
        self._view = view
        self._alone = SearchScope(filters={"id": Term("id", id_)}, deadline=math.inf)

    def matches(self, query: Query) -> bool:
        """Return whether the article is what a query asks for."""
        return self._view.find(query, self._alone, sort="newest", size=0).total > 0

    def forms(self, query: Query) -> tuple[str, ...]:
        """Return in which forms the article has what a query asks for."""
        parts = self._view.explained(query, [self.id], math.inf).get(self.id, ())
        return tuple(reason.text for reason in reasons(parts, self._view.snapshot.live_documents))


class _Reading:
    """Goes through the parts of the query as it was read."""

    def __init__(self, article: ArticleOfView, result: QueryResult) -> None:
        self._article = article
        self._result = result
        self._builder = replace(result.builder, decay=None)

    def clauses(self) -> Iterator[Clause]:
        """Yield the query's parts, each part in brackets before its own."""
        read, request = self._result.read, self._result.parsed.request
        tree = preferring_quotations(read.tree, read.text, most_words=request.words == "most")
        if tree is None or isinstance(tree, MatchAll):
            return
        small = self._builder.small_words(tree)
        spared = optional_words(tree) if self._result.plan.at_least is not None else []
        for part in (tree,) if isinstance(tree, Leaf | Not) else tree.parts:
            optional = part in spared or _is_spared(part, small)
            yield from self._clauses_of(part, needed=not optional, depth=0)

    def _clauses_of(self, part: Node, *, needed: bool, depth: int) -> Iterator[Clause]:
        inner = part.part if isinstance(part, Not) else part
        query = self._builder.all_words(inner).query
        matches = self._article.matches(query)
        yield Clause(
            text=self._text(inner),
            matches=matches,
            needed=needed,
            excluded=isinstance(part, Not),
            forms=self._article.forms(query) if matches and isinstance(inner, Leaf) else (),
            depth=depth,
        )
        if not isinstance(inner, Leaf | Not):
            for one in inner.parts:
                yield from self._clauses_of(one, needed=needed, depth=depth + 1)

    def _text(self, part: Node) -> str:
        """Return a word as it stands in the query, and what has parts in the grammar's own words."""
        if isinstance(part, Leaf):
            return self._result.read.text[part.start : part.end]
        return canonical(part, self._builder.clock)


def _is_spared(part: Node, small_words: Sequence[str]) -> bool:
    """Return whether articles without a part match, too: it is a stop word, or a phrase that is preferred."""
    return (isinstance(part, Word) and part.text in small_words) or (isinstance(part, Phrase) and part.preferred)


def _rank(view: View, result: QueryResult, scope: SearchScope, id_: str) -> tuple[int | None, str | None]:
    """Return at which place a search shows an article, or else the version of it that is shown instead."""
    parsed, query = result.parsed, result.plan.query
    sort, versions_of = parsed.request.sort, parsed.request.versions_of
    every = view.find(query, scope, sort=sort, size=result.found.total, versions_of=versions_of)
    before = [one for one, _ in every.documents]
    if id_ not in before:
        return None, None
    place = before.index(id_) + 1
    if not parsed.collapses:
        return place, None
    shown = [one for one, _ in view.find(query, scope, sort=sort, size=place, collapse=True).documents]
    if id_ in shown:
        return shown.index(id_) + 1, None
    versions = {one for one, _ in view.find(query, scope, sort=sort, size=place, versions_of=id_).documents}
    return None, next((one for one in shown if one in versions), None)
