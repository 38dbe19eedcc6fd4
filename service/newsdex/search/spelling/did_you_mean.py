"""Did-you-mean: what a query that found nothing or little may have meant, by the words that stand in the articles.

Words are replaced by such as are spelt alike and occur in one article with the query's other words. Nothing is
proposed that does not find more than the query did, under the same filters.
"""

import heapq
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from whoosh import query as whoosh_query

from newsdex.errors import Unavailable
from newsdex.index.columnar.query.co_occurrence import CoOccurrence, Mask, total
from newsdex.index.lexicon.current import Lexicon, LexiconReader
from newsdex.index.reader import View
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.text.analysis import plain_form, words
from newsdex.search.language.ast import Leaf, Node, Not, Phrase, Word
from newsdex.search.plan.query import read_query
from newsdex.search.request import Asked
from newsdex.search.spelling.candidates import Candidate, candidates, close_candidates, parted
from newsdex_schemas import DidYouMean

FEW_HITS = 10
"""A query with more than a page of hits is taken to mean what it says."""
TIMES_MORE = 10
"""Where the query found something, another one must find so many times as much."""
TOGETHER = 0.1
"""Words that occur in one article ten times as often as by chance may be so much further from what was typed."""
BESIDE = 0.6
"""And words that stand side by side in ten times as many articles, so much."""
IN_DOUBT = 1.0
"""Readings that cost so much more than the likeliest one are dropped before the text is looked at."""
KNOWN_WORD = 0.6
"""Added to the cost of another word in place of one that occurs, though not with the others."""
OPTIONS = 5
OTHERS_FOR_KNOWN = 3
READINGS = 5
"""So many readings of the words so far are carried on, and so many of the whole query tried."""
MAX_WORDS = 8
OPERATORS = frozenset({"AND", "OR", "NOT", "ANDNOT"})


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryWord:
    """A word of a query that stands for itself, where it stands."""

    text: str
    """Folded."""
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """Other words for the first words of a query, and the articles that have them all."""

    words: tuple[str, ...]
    cost: float
    mask: Mask
    together: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scope:
    """The articles among which a search was made; `hidden` and `deadline` are as for `View.find`."""

    asked: Asked
    view: View
    hidden: Any
    deadline: float

    @property
    def _options(self) -> dict[str, Any]:
        filters = list(self.asked.question.filters.values())
        allowed = whoosh_query.And(filters) if filters else None
        return {"allowed": allowed, "hidden": self.hidden, "deadline": self.deadline}

    def total(self, q: str) -> int:
        """Give how many articles have all that another query asks for; 0 when the time is over."""
        tree = read_query(q).to_run(self.asked.question.when, languages=self.view.languages)
        return self.view.find(tree, **self._options, sort="relevance", size=0, offset=0).total

    def tally(self) -> CoOccurrence:
        """Count among the articles that it may show; raise `Unavailable` when the time is over."""
        return CoOccurrence(self.view.snapshot, self.view.languages, self.view.visible(**self._options))


@dataclass(frozen=True, kw_only=True, slots=True)
class Corrections:
    """Makes did-you-means for the searches in one process."""

    lexicons: LexiconReader

    def correction(self, asked: Asked, view: View, hidden: Any, deadline: float) -> DidYouMean | None:
        """Give a query that finds more than all the words did, or None: where there is none, or no time to look for it.

        A page behind a cursor gets none: its first page had it. `hidden` and `deadline` are as for `View.find`.
        """
        request, found = asked.question.request, asked.found
        as_typed = asked.ranked.at_least is None and not asked.ranked.corrections
        having_all = found.total if as_typed else 0
        if having_all > FEW_HITS or found.partial or request.cursor is not None:
            return None
        typed = query_words(request.q, asked.question.query.tree)
        if not typed or len(typed) > MAX_WORDS:
            return None
        wanted, scope = (
            max(1, TIMES_MORE * having_all),
            _Scope(asked=asked, view=view, hidden=hidden, deadline=deadline),
        )
        with suppress(Unavailable):
            lexicon = self.lexicons.lexicon(view.snapshot.segments)
            for reading in _Readings(lexicon, scope.tally(), deadline, nothing_found=not having_all).of(typed):
                text, marked = _replaced(request.q, typed, reading.words)
                more = scope.total(text) if text != request.q else 0
                if more >= wanted:
                    return DidYouMean(text=text, marked=marked, total=more)
        return None


def query_words(q: str, tree: Node | None) -> list[QueryWord]:
    """Give the words of a query that are looked for in the texts as they are: none of filters, patterns, negations."""
    return [
        QueryWord(text=plain_form(word), start=leaf.start + start, end=leaf.start + end)
        for leaf in (_positive_leaves(tree) if tree is not None else ())
        if isinstance(leaf, Word | Phrase) and (leaf.field is None or leaf.field in TEXT_FIELDS)
        for word, start, end in words(q[leaf.start : leaf.end])
    ]


def _positive_leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif not isinstance(node, Not):
        for part in node.parts:
            yield from _positive_leaves(part)


class _Readings:
    """Reads a query's words in other ways, from the first to the last."""

    def __init__(self, lexicon: Lexicon, tally: CoOccurrence, deadline: float, *, nothing_found: bool) -> None:
        self._lexicon = lexicon
        self._tally = tally
        self._deadline = deadline
        self._nothing_found = nothing_found
        self._pairs: dict[tuple[str, ...], int] = {}

    def of(self, typed: Sequence[QueryWord]) -> list[_Reading]:
        """Give the likeliest readings, best first (a beam search); raise `Unavailable` when the time is over."""
        everything = self._tally.visible
        readings = [_Reading(words=(), cost=0.0, mask=everything, together=total(everything))]
        occurring = [total(self._having(word.text)) for word in typed]
        for word, occurs in zip(typed, occurring, strict=True):
            if time.monotonic() > self._deadline:
                raise Unavailable("deadline_exceeded", "the deadline was over before there was another query")
            proposed = self._options(word, occurs, all_occur=all(occurring))
            options = [(option, self._having(option.text)) for option in proposed]
            longer = [self._continued(reading, *option) for reading in readings for option in options]
            # words that never meet: the query may ask for either
            met = [reading for reading in longer if reading.together] or longer
            readings = heapq.nsmallest(READINGS, met, key=lambda one: one.cost)
        near = [one for one in readings if one.cost <= readings[0].cost + IN_DOUBT]
        if len(typed) > 1 and len(near) > 1:
            near.sort(key=self._cost_in_text)
        return near

    def _continued(self, reading: _Reading, option: Candidate, mask: Mask) -> _Reading:
        both = reading.mask & mask
        together = total(both)
        by_chance = (total(reading.mask) + 1) * (total(mask) + 1) / (total(self._tally.visible) + 1)
        return _Reading(
            words=(*reading.words, option.text),
            cost=reading.cost + option.cost - TOGETHER * math.log10((together + 1) / by_chance),
            mask=both if together else reading.mask,
            together=together,
        )

    def _cost_in_text(self, reading: _Reading) -> float:
        beside = [math.log10(self._beside(*pair) + 1) for pair in pairwise(reading.words)]
        return reading.cost - BESIDE * sum(beside)

    def _beside(self, *texts: str) -> int:
        """Give in how many articles some texts follow on each other."""
        if texts not in self._pairs:
            series = [word for text in texts for word, _, _ in words(text)]
            self._pairs[texts] = total(self._tally.with_phrase(series))
        return self._pairs[texts]

    def _options(self, word: QueryWord, occurs: int, *, all_occur: bool) -> list[Candidate]:
        """Give what may stand in a word's place, the word itself too where it occurs or nothing else does.

        A frequent word is left alone, unless the query found nothing and has no other word that may be wrong.
        """
        itself, told = Candidate(text=word.text, cost=0.0), self._tally.is_written
        if occurs > FEW_HITS and not (all_occur and self._nothing_found):
            return [itself]
        if occurs and self._nothing_found:
            others = candidates(word.text, self._lexicon, OTHERS_FOR_KNOWN, told)
            return [itself, *(Candidate(text=one.text, cost=one.cost + KNOWN_WORD) for one in others)]
        if occurs:
            return [itself, *close_candidates(word.text, self._lexicon, OPTIONS, told)]
        others = candidates(word.text, self._lexicon, OPTIONS, told)
        others += [one for one in parted(word.text, self._lexicon, told) if self._beside(one.text)]
        return others or [itself]

    def _having(self, text: str) -> Mask:
        """Give the articles that have all words of a text."""
        mask = self._tally.visible
        for word, _, _ in words(text):
            mask = mask & self._tally.with_word(word)
        return mask


def _replaced(q: str, typed_words: Sequence[QueryWord], others: Sequence[str]) -> tuple[str, str]:
    """Give the query with other words, and the same for people; the user's capitals stay."""
    text, marked, at = "", "", 0
    for word, other in zip(typed_words, others, strict=True):
        if other != word.text:  # pairs of an unspaced script overlap, but nothing is like them
            between, new = q[at : word.start], _like(q[word.start : word.end], other)
            text += between + new
            marked += f"{escape(between)}<mark>{escape(new)}</mark>"
            at = word.end
    return text + q[at:], marked + escape(q[at:])


def _like(typed: str, word: str) -> str:
    """Give a word in capitals where what was typed is, unless it would become an operator."""
    if typed.isupper() and len(typed) > 1 and word.upper() not in OPERATORS:
        return word.upper()
    return word[:1].upper() + word[1:] if typed[:1].isupper() else word
