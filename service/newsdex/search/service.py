"""Answers a search request: reads it, asks the index, and fetches what is shown from the archive."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ValidationError

from newsdex.errors import Invalid, NewsdexError, Unavailable
from newsdex.index.reader import View
from newsdex.search.plan.curation import Curation, shipped
from newsdex.search.plan.query import hidden_tree
from newsdex.search.reply.explanation import explained
from newsdex.search.reply.highlighter import Matches, MatchesByLanguage
from newsdex.search.reply.marking import marked_tree
from newsdex.search.reply.snippets import marked, snippets
from newsdex.search.request import ask, read_question
from newsdex.search.sealing import Seal
from newsdex.search.spelling.did_you_mean import Corrections
from newsdex.validation import as_invalid
from newsdex_schemas import Article, Hit, Place, Problem, SearchReply, SearchRequest

SHOWN = frozenset(Hit.model_fields) - {"title_html", "title_marks", "snippets", "snippet_marks", "score", "reasons"}


class Texts(Protocol):
    """The archive, as search sees it."""

    def visible(self, ids: Sequence[str], now_us: int) -> dict[str, Article]:
        """Give those articles that may be shown now."""

    def hidden_since(self, position: int, now_us: int) -> list[str]:
        """Give the articles that an index at some position may still show and must not."""


class Views(Protocol):
    """Gives the newest commit of the index to the calling thread."""

    def view(self) -> View:
        """Give a view; raise `Unavailable` while there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """Answers requests from an index and an archive; `clock_us` gives microseconds since 1970."""

    index: Views
    texts: Texts
    clock_us: Callable[[], int]
    seal: Seal
    corrections: Corrections | None = None
    curation: Curation = field(default_factory=shipped)

    def answer(self, request: SearchRequest, arrived: float) -> SearchReply:
        """Give the reply; `arrived` is a time of `time.monotonic`, from which the deadline counts.

        Raises `Invalid` for a query that cannot be read and `Unavailable` where there is no index, or no time left.
        """
        deadline = arrived + request.timeout_ms / 1e3
        if time.monotonic() >= deadline:
            raise Unavailable("deadline_exceeded", "the deadline was over before the search began")
        now_us = self.clock_us()
        question = read_question(request, now_us, self.seal)

        start = time.monotonic()
        view = self.index.view()
        hidden = hidden_tree(now_us, self.texts.hidden_since(view.position, now_us))
        asked = ask(view, question, self.curation, hidden, deadline)
        bets = self.curation.promoted(view, question, hidden, deadline)
        did_you_mean = self.corrections.correction(asked, view, hidden, deadline) if self.corrections else None
        index_ms = (time.monotonic() - start) * 1e3

        found = asked.found
        articles = self.texts.visible([*(id_ for id_, _ in found.documents), *bets], now_us)
        matches = MatchesByLanguage(marked_tree(asked.ranked.counted), view.languages)
        show = hit_in_html if request.marks == "html" else _with_offsets
        hits = tuple(
            show(articles[id_], score, matches.of(articles[id_])) for id_, score in found.documents if id_ in articles
        )
        if request.explain and request.sort == "relevance":
            hits = explained(hits, view, asked, deadline)
        return SearchReply(
            hits=hits,
            # an article that was withdrawn since the index was asked
            total=found.total - (len(found.documents) - len(hits)),
            total_is="at_least" if found.partial else "exact",
            partial=found.partial,
            next_cursor=asked.next_cursor(self.seal),
            interpretation=asked.interpretation(view.known),
            facets=asked.facets(),
            histogram=asked.histogram(),
            took_ms=round((time.monotonic() - arrived) * 1e3, 3),
            index_ms=round(index_ms, 3),
            position=view.position,
            did_you_mean=did_you_mean,
            words="all" if asked.ranked.at_least is None else "most",
            promoted=tuple(show(articles[id_], 0.0, matches.of(articles[id_])) for id_ in bets if id_ in articles),
        )


def hit_in_html(article: Article, score: float, matches: Matches) -> Hit:
    """Show an article that was found, its marks in HTML."""
    shown: dict[str, Any] = {name: getattr(article, name) for name in SHOWN}
    passages = tuple(passage.html() for passage in snippets(article.body or article.summary or "", matches))
    # the archive's text was validated when it came in
    return Hit.model_construct(
        **shown, title_html=marked(article.title, matches).html(), snippets=passages, score=score
    )  # fmt: skip


def _with_offsets(article: Article, score: float, matches: Matches) -> Hit:
    shown: dict[str, Any] = {name: getattr(article, name) for name in SHOWN}
    passages = snippets(article.body or article.summary or "", matches)
    return Hit.model_construct(
        **shown,
        title_marks=marked(article.title, matches).marks,
        snippets=tuple(passage.text for passage in passages),
        snippet_marks=tuple(passage.marks for passage in passages),
        score=score,
    )


def read_request(body: bytes) -> SearchRequest:
    """Read a request's JSON; raise `Invalid` with the field that is wrong."""
    try:
        return SearchRequest.from_json(body or b"{}")
    except ValidationError as error:
        raise as_invalid(error) from error


def problem_of(error: Exception, correlation_id: str | None) -> Problem:
    """Give the reply for whatever went wrong."""
    if isinstance(error, NewsdexError):
        return Problem(
            code=error.code,
            message=error.message,
            retryable=isinstance(error, Unavailable),
            place=_place(error.place) if isinstance(error, Invalid) and error.place else None,
            correlation_id=correlation_id,
        )
    message = "newsdex failed on this request; the log has the traceback"
    return Problem(code="internal_error", message=message, retryable=False, correlation_id=correlation_id)


def _place(place: str) -> Place:
    offsets = re.fullmatch(r"(\d+)-(\d+)", place)
    return Place(field="q", start=int(offsets[1]), end=int(offsets[2])) if offsets else Place(field=place)
