"""Answers which articles are about the same as another one: those that have its significant words."""

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from whoosh.query import NullQuery, Query

from newsdex.editors.watched import Watched
from newsdex.editors.wordlists import WordList, WordLists
from newsdex.errors import Invalid, Unavailable
from newsdex.index.columnar.query.bm25f import Variant, WordQuery
from newsdex.index.columnar.query.document_frequency import Forms, document_frequency, inverse_document_frequency
from newsdex.index.columnar.query.score_nodes import MinShouldMatch
from newsdex.index.columnar.query.snapshot import Snapshot
from newsdex.index.reader import View
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.scope import SearchScope
from newsdex.index.text.analysis import alternatives, terms, words
from newsdex.index.text.emoji import is_emoji
from newsdex.index.text.languages import stemmed_as
from newsdex.index.text.scripts import is_unspaced
from newsdex.search.plan.curation import shipped
from newsdex.search.plan.filters import filter_queries, hidden_query
from newsdex.search.reply.hits import hits_of
from newsdex.search.sources import Texts, Views
from newsdex_schemas import Article, SimilarReply, SimilarRequest

MAX_TERMS = 25
FREQUENT_SHARE = 0.5
"""A word that more of its language's articles have is none that tells them apart."""
ENOUGH_TO_TELL = 20
"""Fewer articles of a language do not tell which of its words are frequent."""
MIN_DOCUMENTS = 2
"""A word that no other article has finds none."""
MAX_READ_CHARS = 50_000
"""What stands further down is not looked at; a reply must not take longer for a long article."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignificantTerm:
    """A word that tells an article from others."""

    terms: tuple[str, ...]
    """What stands for it in the index: its stem in the article's language, and what it is in others."""
    text: str
    """As it is written most often, folded."""
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Similar:
    """Answers requests from an index and an archive; `clock_us` gives microseconds since 1970."""

    index: Views
    texts: Texts
    clock_us: Callable[[], int]
    wordlists: Watched[WordLists] = field(default_factory=lambda: shipped().wordlists)
    """Their stop words are significant in no article."""

    def answer(self, request: SimilarRequest, arrived: float) -> SimilarReply:
        """Return the reply; `arrived` is a time of `time.monotonic`, from which the deadline counts.

        Raises `Invalid` for an article that does not exist or may not be shown, and `Unavailable` where there is no
        index, or no time left.
        """
        deadline, now_us = arrived + request.timeout_ms / 1e3, self.clock_us()
        if time.monotonic() >= deadline:
            raise Unavailable("deadline_exceeded", "the deadline was over before the search began")
        filters = filter_queries(request.filters)
        article = self.texts.visible([request.id], now_us).get(request.id)
        if article is None:
            raise Invalid("unknown_article", "there is no article with this id that may be shown", "id")

        start, view = time.monotonic(), self.index.view()
        significant = significant_terms(article, view, self.wordlists)
        hidden = hidden_query(now_us, [request.id, *self.texts.hidden_since(view.position, now_us)])
        query = _any_of(significant)
        scope = SearchScope(filters=filters, hidden=hidden, deadline=deadline)
        found = view.find(query, scope, sort="relevance", size=request.size, collapse=True)
        index_ms = (time.monotonic() - start) * 1e3

        contents = self.texts.visible_contents([id_ for id_, _ in found.documents], now_us)
        return SimilarReply(
            hits=hits_of(found.documents, contents, found.languages, query, more_versions=found.more_versions),
            terms=tuple(term.text for term in significant),
            partial=found.partial,
            took_ms=round((time.monotonic() - arrived) * 1e3, 3),
            index_ms=round(index_ms, 3),
            position=view.position,
        )


def significant_terms(article: Article, view: View, wordlists: Watched[WordLists]) -> list[SignificantTerm]:
    """Return the words by which an article differs from the others, most significant first.

    Weights are tf · idf, as Lucene's MoreLikeThis chooses terms, with the idf of BM25 and
    occurrences that count by their field's weight. Whoosh's own Bo1 model (`whoosh.classify`) found the
    topics of Reuters' articles no better. Pronouns and their like are left out: stop words by their lists, and in a
    language without a list by how many of its own articles have a word, few as these may be among all.
    """
    language, snapshot = stemmed_as(article), view.snapshot
    found = _occurrences(article, language, wordlists.value().by_language.get(language, WordList()).stop_words)
    weighed = []
    for stem, (frequency, text) in found.items():
        terms_ = tuple(dict.fromkeys((stem, *(term for (term,) in alternatives((text,), view.languages)))))
        forms = Forms(tuple(TEXT_FIELDS), tuple(term.encode() for term in terms_))
        if _is_shared(snapshot, stem) and not _is_frequent(snapshot, stem, language):
            idf = inverse_document_frequency(snapshot.documents, document_frequency(snapshot, forms))
            weighed.append(SignificantTerm(terms=terms_, text=text, weight=frequency * idf))
    return heapq.nsmallest(MAX_TERMS, weighed, key=lambda term: (-term.weight, term.terms))


def _occurrences(article: Article, language: str, without: AbstractSet[str]) -> dict[str, tuple[float, str]]:
    """Return for each stem how often its words occur, weighted by field, and the word that does most often."""
    frequencies: defaultdict[str, float] = defaultdict(float)
    written: dict[str, Counter[str]] = {}
    for name, weight in TEXT_FIELDS.items():
        text: str = getattr(article, name) or ""
        for word, _, _ in words(text[:MAX_READ_CHARS]):
            own = terms(word, language)
            stem, folded = own[0], own[-1]
            if not folded.isdecimal() and folded not in without and not _is_sign(word):
                frequencies[stem] += weight
                written.setdefault(stem, Counter())[folded] += 1
    return {stem: (frequency, written[stem].most_common(1)[0][0]) for stem, frequency in frequencies.items()}


def _is_sign(word: str) -> bool:
    return is_emoji(word) or (len(word) == 1 and is_unspaced(word))


def _is_frequent(snapshot: Snapshot, stem: str, language: str) -> bool:
    """Return whether a word is in so many of its language's articles that it tells nothing of one of them."""
    own = snapshot.documents_in(language)
    having = min(own, document_frequency(snapshot, Forms(tuple(TEXT_FIELDS), (stem.encode(),))))
    return own >= ENOUGH_TO_TELL and having > own * FREQUENT_SHARE


def _is_shared(snapshot: Snapshot, stem: str) -> bool:
    """Return whether enough documents have a word in one field; what is deleted must not tell of itself."""
    return any(snapshot.live_count(name, stem.encode(), MIN_DOCUMENTS) >= MIN_DOCUMENTS for name in TEXT_FIELDS)


def _any_of(significant: list[SignificantTerm]) -> Query:
    """Return the query of the articles that have one of the words; each word counts by its weight."""
    if not significant:
        return NullQuery
    most = significant[0].weight
    return MinShouldMatch(
        parts=tuple(
            WordQuery(
                word=term.text,
                variants=tuple(Variant(term=one) for one in term.terms),
                boost=term.weight / most,
            )
            for term in significant
        )
    )
