"""What operators and editors set: recency, stop words, synonyms, best bets; files are read anew when they change."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from whoosh import query as whoosh_query

from newsdex.editors.best_bets import BestBets, watched_best_bets
from newsdex.editors.watched import Watched
from newsdex.editors.wordlists import WordList, WordLists, watched_wordlists
from newsdex.index.columnar.query.score_nodes import Decay
from newsdex.index.reader import View
from newsdex.search.plan.build import Ranking
from newsdex.search.plan.pinned_vocabulary import Known
from newsdex.settings import Settings
from newsdex_schemas import Recency, SearchRequest

if TYPE_CHECKING:
    from newsdex.search.request import Question

DAY_US = 86_400e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Curation:
    """Shared by all threads of a searcher."""

    wordlists: Watched[WordLists]
    best_bets: Watched[BestBets]
    recency: Recency

    @classmethod
    def of(cls, settings: Settings) -> "Curation":
        """Give what the settings name; files are read at the first request."""
        return cls(
            wordlists=watched_wordlists(settings.wordlists_dir),
            best_bets=watched_best_bets(settings.best_bets_file),
            recency=Recency(weight=settings.recency_weight, half_life_days=settings.recency_half_life_days),
        )

    def ranking(self, request: SearchRequest, known: Known, languages: tuple[str, ...], now_us: int) -> Ranking:
        """Give how the hits of a request are ranked."""
        recency = request.recency or self.recency
        half_life_us = recency.half_life_days * DAY_US
        decay = Decay(weight=recency.weight, half_life_us=half_life_us, now_us=now_us)
        by_relevance = request.sort == "relevance"
        return Ranking(
            text=request.q,
            known=known,
            wordlist=self._wordlist(request),
            languages=languages,
            decay=decay if by_relevance else None,
        )

    def promoted(self, view: View, question: "Question", hidden: Any, deadline: float) -> list[str]:
        """Give the ids of the articles that are promoted for a question and may be shown, on its first page only."""
        request = question.request
        if request.offset or request.cursor or not request.size:
            return []
        ids = self.best_bets.value().promoted(request.q, self._wordlist(request), question.when.now_us)
        if not ids:
            return []
        allowed = whoosh_query.And(list(question.filters.values())) if question.filters else None
        named = whoosh_query.Or([whoosh_query.Term("id", id_) for id_ in ids])
        found = view.find(
            named, allowed=allowed, hidden=hidden, sort="newest", size=len(ids), offset=0, deadline=deadline
        )  # fmt: skip
        shown = {id_ for id_, _ in found.documents}
        return [id_ for id_ in ids if id_ in shown]

    def _wordlist(self, request: SearchRequest) -> WordList:
        return self.wordlists.value().of_query(request.q, request.filters.language)


@cache
def shipped() -> Curation:
    """Give what holds where nothing is set."""
    return Curation(wordlists=watched_wordlists(None), best_bets=watched_best_bets(None), recency=Recency(weight=0.2))
