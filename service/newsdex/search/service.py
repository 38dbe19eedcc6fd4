"""Answers a search request: reads it, asks the index, and fetches what is shown from the archive."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from whoosh import query as q

from newsdex.errors import Unavailable
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import View
from newsdex.index.scope import SearchScope
from newsdex.search.plan.curation import Curation, shipped
from newsdex.search.plan.filters import hidden_query
from newsdex.search.reply.explanation import explained
from newsdex.search.reply.hits import hits_of
from newsdex.search.request import ParsedRequest, parse_request, run_query
from newsdex.search.sealing import Seal
from newsdex.search.sources import Texts, Views
from newsdex_schemas import SearchReply, SearchRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """Answers requests from an index and an archive; `clock_us` gives microseconds since 1970."""

    index: Views
    texts: Texts
    clock_us: Callable[[], int]
    seal: Seal
    lexicons: LexiconReader
    curation: Curation = field(default_factory=shipped)

    def answer(self, request: SearchRequest, arrived: float) -> SearchReply:
        """Return the reply; `arrived` is a time of `time.monotonic`, from which the deadline counts.

        Raises `Invalid` for a query that cannot be read and `Unavailable` where there is no index, or no time left.
        """
        deadline = arrived + request.timeout_ms / 1e3
        if time.monotonic() >= deadline:
            raise Unavailable("deadline_exceeded", "the deadline was over before the search began")
        now_us = self.clock_us()
        parsed = parse_request(request, now_us, self.seal)

        start = time.monotonic()
        view = self.index.view()
        hidden = hidden_query(now_us, self.texts.hidden_since(view.position, now_us))
        scope = SearchScope(filters=parsed.filters, hidden=hidden, deadline=deadline)
        result = run_query(view, parsed, self.curation, scope, self.lexicons)
        bets = self._promoted(view, parsed, scope)
        did_you_mean = result.did_you_mean(view, scope)
        index_ms = (time.monotonic() - start) * 1e3

        found = result.found
        asked = () if request.versions_of is None else (request.versions_of,)
        contents = self.texts.visible_contents([*[id_ for id_, _ in found.documents], *bets, *asked], now_us)
        show = partial(hits_of, contents=contents, query=result.plan.counted, marks=request.marks)
        hits = show(found.documents, languages=found.languages, more_versions=found.more_versions)
        if request.explain and request.sort == "relevance":
            statistics = parsed.cursor.statistics if parsed.cursor else None
            hits = explained(hits, view, result.plan.query, deadline, statistics)
        return SearchReply(
            hits=hits,
            # an article that was withdrawn since the index was asked
            total=found.total - (len(found.documents) - len(hits)),
            total_is="at_least" if found.partial else "exact",
            partial=found.partial,
            next_cursor=result.next_cursor(self.seal),
            interpretation=result.interpretation(view.known, unknown=[id_ for id_ in asked if id_ not in contents]),
            facets=result.facets(),
            histogram=result.histogram(),
            took_ms=round((time.monotonic() - arrived) * 1e3, 3),
            index_ms=round(index_ms, 3),
            position=view.position,
            did_you_mean=did_you_mean,
            words="all" if result.plan.at_least is None else "most",
            promoted=show([(id_, 0.0) for id_ in bets], languages=bets, more_versions=found.more_versions)
            if bets
            else (),
        )

    def _promoted(self, view: View, parsed: ParsedRequest, scope: SearchScope) -> dict[str, str]:
        """Return the articles that editors promote for a request and that lie in its scope: id → language."""
        ids = self.curation.best_bets_for(parsed.request, parsed.clock.now_us)
        if not ids:
            return {}
        named = q.Or([q.Term("id", id_) for id_ in ids])
        languages = view.find(named, scope, sort="newest", size=len(ids)).languages
        return {id_: languages[id_] for id_ in ids if id_ in languages}
