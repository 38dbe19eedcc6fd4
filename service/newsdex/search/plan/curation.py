"""What operators and editors set: recency, stop words, synonyms, best bets; files are read anew when they change."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from newsdex.editors.best_bets import BestBets, watched_best_bets
from newsdex.editors.watched import Watched
from newsdex.editors.wordlists import WordList, WordLists, watched_wordlists
from newsdex.index.columnar.query.score_nodes import Decay
from newsdex.search.language.ast import Node, words_text
from newsdex.search.language.dates import QueryClock
from newsdex.search.plan.build import QueryBuilder
from newsdex.search.plan.pinned_vocabulary import Vocabulary
from newsdex.settings import Settings
from newsdex_schemas import Recency, SearchRequest

DAY_US = 86_400e6


@dataclass(frozen=True, kw_only=True, slots=True)
class Curation:
    """Shared by all threads of a searcher."""

    wordlists: Watched[WordLists]
    best_bets: Watched[BestBets]
    recency: Recency

    @classmethod
    def of(cls, settings: Settings) -> "Curation":
        """Return what the settings name; files are read at the first request."""
        return cls(
            wordlists=watched_wordlists(settings.wordlists_dir),
            best_bets=watched_best_bets(settings.best_bets_file),
            recency=Recency(weight=settings.recency_weight, half_life_days=settings.recency_half_life_days),
        )

    def builder(
        self,
        request: SearchRequest,
        tree: Node | None,
        vocabulary: Vocabulary,
        languages: tuple[str, ...],
        clock: QueryClock,
    ) -> QueryBuilder:
        """Return what builds the plans of a request."""
        return QueryBuilder(
            vocabulary=vocabulary,
            wordlist=self._wordlist("" if tree is None else words_text(tree), request.filters.language),
            languages=languages,
            clock=clock,
            decay=decay(request.recency or self.recency, clock.now_us) if request.sort == "relevance" else None,
        )

    def stop_words(self, request: SearchRequest, tree: Node | None) -> frozenset[str]:
        """Return the words that do not count in a query, folded."""
        return self._wordlist("" if tree is None else words_text(tree), request.filters.language).stop_words

    def best_bets_for(self, request: SearchRequest, now_us: int) -> tuple[str, ...]:
        """Return the ids of the articles that editors promote for a request, on its first page only."""
        if request.offset or request.cursor or not request.size:
            return ()
        best_bets = self.best_bets.value()
        if not best_bets.by_query:
            return ()
        return best_bets.promoted(request.q, self._wordlist(request.q, request.filters.language), now_us)

    def _wordlist(self, text: str, languages: Sequence[str]) -> WordList:
        return self.wordlists.value().of_query(text, languages)


def decay(recency: Recency, now_us: int) -> Decay:
    """Return how a recency weighs articles at some moment."""
    return Decay(weight=recency.weight, half_life_us=recency.half_life_days * DAY_US, now_us=now_us)


@cache
def shipped() -> Curation:
    """Return what holds where nothing is set."""
    return Curation(wordlists=watched_wordlists(None), best_bets=watched_best_bets(None), recency=Recency(weight=0.2))
