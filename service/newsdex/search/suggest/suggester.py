"""Answers what may be meant while someone is typing: titles, authors, tags and terms that articles have."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from whoosh import query as q
from whoosh.query import Query

from newsdex.index.columnar.query.co_occurrence import CoOccurrence
from newsdex.index.columnar.query.matches.recency import DAY_US, RecencyWeights
from newsdex.index.lexicon.current import LexiconReader
from newsdex.index.reader import View
from newsdex.index.schema import filter_value
from newsdex.index.scope import SearchScope
from newsdex.search.plan.clauses import TextClause, query_word, text_query
from newsdex.search.plan.filters import hidden_query
from newsdex.search.sources import Texts, Views
from newsdex.search.suggest.completions import Completion, Completions, NameKind
from newsdex.search.suggest.typed_prefix import Typed
from newsdex_schemas import Article, Recency, Suggestion, SuggestReply, SuggestRequest, TitleSuggestion

OTHER_WORDS = 3
"""So many corrected words a title is looked for by."""
SAME_TITLES = 3
"""Articles read for each title that is asked for: several may have the same."""
MORE_THAN_SEARCHES = 45
"""Suggestions prefer new articles this many times as much as hits are: nothing was said yet of what is looked for."""
NAME_KINDS: tuple[NameKind, ...] = ("authors", "tags")


def suggestion_weights(recency: Recency) -> RecencyWeights:
    """Return what articles count for in suggestions, by what operators set for searches."""
    return RecencyWeights(MORE_THAN_SEARCHES * recency.weight, recency.half_life_days * DAY_US)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestions:
    """Answers requests from an index and an archive; `clock_us` gives microseconds since 1970."""

    index: Views
    texts: Texts
    clock_us: Callable[[], int]
    lexicons: LexiconReader
    recency: RecencyWeights

    def answer(self, request: SuggestRequest, arrived: float) -> SuggestReply:
        """Return the reply; `arrived` is a time of `time.monotonic`, from which the deadline counts.

        Raises `Unavailable` where there is no index, or no time left.
        """
        deadline, now_us = arrived + request.timeout_ms / 1e3, self.clock_us()
        view = self.index.view()
        hidden = hidden_query(now_us, self.texts.hidden_since(view.position, now_us))
        scope = SearchScope(hidden=hidden, deadline=deadline)
        tally = CoOccurrence(view.snapshot, view.languages, view.visible(scope))
        typed = Typed.read(request.q)
        found: dict[str, Any] = {}
        if typed is not None:
            weights = self.recency.factors(view.snapshot, now_us)
            lexicon = self.lexicons.lexicon(view.snapshot.segments)
            work = _Work(
                typed=typed,
                size=request.size,
                view=view,
                scope=scope,
                tally=tally,
                completions=Completions(typed, request.size, lexicon, tally, weights),
                read=lambda ids: self.texts.visible(ids, now_us),
            )
            found = work.suggestions(request.kinds)
        return SuggestReply(
            **found,
            partial=time.monotonic() > deadline,
            took_ms=round((time.monotonic() - arrived) * 1e3, 3),
            position=view.position,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """One request in work; `read` gives those of some articles that may be shown."""

    typed: Typed
    size: int
    view: View
    scope: SearchScope
    tally: CoOccurrence
    completions: Completions
    read: Callable[[Sequence[str]], dict[str, Article]]

    def suggestions(self, kinds: Sequence[str]) -> dict[str, Any]:
        """Return the suggestions by kind, those that there was time for."""
        titles = self._titles() if "titles" in kinds and self._has_time() else {}
        terms = self.completions.terms if "terms" in kinds and self._has_time() else []
        names = {kind: self.completions.names(kind) for kind in NAME_KINDS if kind in kinds and self._has_time()}
        if self._seems_mistyped(len(titles) + len(terms) + sum(map(len, names.values()))) and self._has_time():
            titles = titles if "titles" not in kinds else self._other_titles() | titles
            terms = terms if "terms" not in kinds else self.completions.in_order(self.completions.other_terms)
            names = {kind: [*ones, *self.completions.other_names(kind, ones)] for kind, ones in names.items()}
        ids = {(kind, one.text): self.tally.article_id(one.mask) for kind, ones in names.items() for one in ones}
        articles = self.read(list(set(ids.values())))
        found: dict[str, Any] = {
            kind: tuple(self._name(kind, one, articles.get(ids[kind, one.text])) for one in ones[: self.size])
            for kind, ones in names.items()
        }
        shown = sorted(titles.values(), key=lambda one: one.corrected)
        return found | {
            "titles": tuple(shown[: self.size]),
            "terms": tuple(self._term(one) for one in terms[: self.size]),
        }

    def _seems_mistyped(self, exact: int) -> bool:
        """Return whether to look for typing errors: several words that occur together as typed have none.

        But the only word that goes on as typed may be an error of a text.
        """
        return exact < self.size and (not (exact and self.typed.finished) or self.completions.may_be_errors)

    def _has_time(self) -> bool:
        return time.monotonic() < self.scope.deadline

    def _term(self, one: Completion) -> Suggestion:
        text = " ".join([*self.completions.finished, one.text]) if one.corrected else self.typed.completed(one.text)
        return Suggestion(text=text, marked=self.typed.marked(text), total=one.total, corrected=one.corrected)

    def _name(self, kind: NameKind, one: Completion, article: Article | None) -> Suggestion:
        """Show a value as an article has it: the index has it in lower case."""
        written: Sequence[str] = getattr(article, kind) if article else ()
        text = next((name for name in written if filter_value(name) == one.text), one.text)
        return Suggestion(text=text, marked=self.typed.marked(text), total=one.total, corrected=one.corrected)

    def _titles(self) -> dict[str, TitleSuggestion]:
        beginning = q.Prefix("title", self.typed.beginning)
        return self._with_titles([*self._in_title(self.typed.finished), beginning], corrected=False)

    def _other_titles(self) -> dict[str, TitleSuggestion]:
        """Return titles with words like those that were typed."""
        words = [one.text for one in self.completions.other_terms][:OTHER_WORDS]
        if not words:
            return {}
        parts = [*self._in_title(self.completions.finished), q.Or(self._in_title(words))]
        return self._with_titles(parts, corrected=True)

    def _with_titles(self, parts: list[Query], *, corrected: bool) -> dict[str, TitleSuggestion]:
        """Return the newest articles with some words in their title, by title."""
        size = self.size * SAME_TITLES
        documents = self.view.find(q.And(parts), self.scope, sort="newest", size=size).documents
        articles = self.read([id_ for id_, _ in documents])
        found: dict[str, TitleSuggestion] = {}
        for article in (articles[id_] for id_, _ in documents if id_ in articles):
            if article.title and article.title not in found and len(found) < self.size:
                found[article.title] = self._title(article, corrected=corrected)
        return found

    def _title(self, article: Article, *, corrected: bool) -> TitleSuggestion:
        # the archive's text was validated when it came in
        return TitleSuggestion.model_construct(
            id=article.id,
            text=article.title,
            marked=self.typed.marked(article.title),
            corrected=corrected,
            section=article.section,
            url=article.url,
            published_at=article.published_at,
        )

    def _in_title(self, words: Iterable[str]) -> list[Query]:
        clauses = (TextClause(words=(query_word(word),), fields=("title",)) for word in words)
        return [text_query(clause, self.view.languages) for clause in clauses]
