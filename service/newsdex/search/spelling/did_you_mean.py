"""Did-you-mean: what a query that found nothing or little may have meant, by the words that stand in the articles.

Words are replaced by such as are spelt alike and occur in one article with the query's other words; what the hits were
looked for by already stays. Nothing is proposed that does not find more than the query did, under the same filters.
"""

import heapq
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise

from newsdex.errors import Unavailable
from newsdex.index.columnar.query.co_occurrence import Mask, total
from newsdex.index.text.analysis import plain_form
from newsdex.search.language.tokenizer import OPERATORS
from newsdex.search.spelling.candidates import SHORT_WORD, Candidate, candidates, close_candidates
from newsdex.search.spelling.speller import MAX_WORDS, OPTIONS, Speller, TypedWord
from newsdex_schemas import DidYouMean

FEW_HITS = 10
"""A query with more than a page of hits is taken to mean what it says."""
TIMES_MORE = 10
"""Where the query found something, another one must find this many times as much."""
BESIDE = 0.6
"""Words that stand side by side in ten times as many articles may be this much further from what was typed."""
FINDS = 0.3
"""A query that finds ten times as many articles may be this much further from what was typed."""
IN_DOUBT = 1.0
"""Readings that cost this much more than the likeliest one are dropped before the text is looked at."""
KNOWN_WORD = 0.6
"""Added to the cost of another word in place of one that occurs, though not with the others."""
OTHERS_FOR_KNOWN = 3
READINGS = 5
"""At most this many readings of the words so far are carried on, and of the whole query tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """Other words for the first words of a query, and the articles that have them all."""

    words: tuple[str, ...]
    cost: float
    mask: Mask
    together: int


def did_you_mean(
    q: str, speller: Speller, instead: Mapping[str, str], having_all: int, total_of: Callable[[str], int]
) -> DidYouMean | None:
    """Return a query that finds more than all the words did, or None: where there is none, or no time to find it.

    `instead` has what words were replaced by unasked, or which parts they were found by; `having_all` is in how many
    articles all words are as they were typed, at most `FEW_HITS`, and `total_of` tells how much another query finds.
    """
    typed = speller.typed
    if not typed or len(typed) > MAX_WORDS:
        return None
    fixed = {
        plain_form(word): other if _is_worth_proposing(other) else plain_form(word) for word, other in instead.items()
    }
    with suppress(Unavailable):
        found: list[tuple[float, DidYouMean]] = []
        for reading in _Readings(speller, fixed, nothing_found=not having_all).of(typed):
            text, marked = _replaced(q, typed, reading.words)
            more = total_of(text) if text != q else 0
            if more >= max(1, TIMES_MORE * having_all):
                cost = reading.cost - FINDS * math.log10(more)
                found.append((cost, DidYouMean(text=text, marked=marked, total=more)))
        return min(found, key=lambda pair: pair[0])[1] if found else None
    return None


def _is_worth_proposing(instead: str) -> bool:
    """Return whether what was looked for is what people write: words, and not the parts of `e-mail` or `F-16`."""
    return all(part.isalpha() and len(part) >= SHORT_WORD for part in instead.split())


class _Readings:
    """Reads a query's words in other ways, from the first to the last."""

    def __init__(self, speller: Speller, fixed: Mapping[str, str], *, nothing_found: bool) -> None:
        self._speller = speller
        self._fixed = fixed
        self._nothing_found = nothing_found

    def of(self, typed: Sequence[TypedWord]) -> list[_Reading]:
        """Return the likeliest readings, best first (a beam search); raise `Unavailable` when the time is over."""
        everything = self._speller.together.visible
        readings = [_Reading(words=(), cost=0.0, mask=everything, together=total(everything))]
        occurring = [total(self._speller.having(word.text)) for word in typed]
        for word, occurs in zip(typed, occurring, strict=True):
            if time.monotonic() > self._speller.deadline:
                raise Unavailable("deadline_exceeded", "the deadline was over before there was another query")
            proposed = self._options(word, occurs, all_occur=all(occurring))
            options = [(option, self._speller.having(option.text)) for option in proposed]
            longer = [self._continued(reading, *option) for reading in readings for option in options]
            # words that never meet: the query may ask for either
            met = [reading for reading in longer if reading.together] or longer
            readings = heapq.nsmallest(READINGS, met, key=lambda one: one.cost)
        near = [one for one in readings if one.cost <= readings[0].cost + IN_DOUBT]
        if len(typed) > 1 and len(near) > 1:
            near = sorted((replace(one, cost=self._cost_in_text(one)) for one in near), key=lambda one: one.cost)
        return near

    def _continued(self, reading: _Reading, option: Candidate, mask: Mask) -> _Reading:
        both = reading.mask & mask
        together = total(both)
        return _Reading(
            words=(*reading.words, option.text),
            cost=reading.cost + option.cost - self._speller.likelier_together(reading.mask, mask),
            mask=both if together else reading.mask,
            together=together,
        )

    def _cost_in_text(self, reading: _Reading) -> float:
        beside = [math.log10(self._speller.side_by_side(*pair) + 1) for pair in pairwise(reading.words)]
        return reading.cost - BESIDE * sum(beside)

    def _options(self, word: TypedWord, occurs: int, *, all_occur: bool) -> list[Candidate]:
        """Return what may stand in a word's place, the word itself too where it occurs or nothing else does.

        A frequent word is left alone, unless the query found nothing and has no other word that may be wrong.
        """
        if word.text in self._fixed:
            return [Candidate(text=self._fixed[word.text], cost=0.0)]
        itself, lexicon = Candidate(text=word.text, cost=0.0), self._speller.lexicon
        told = self._speller.together.is_written
        if occurs > FEW_HITS and not (all_occur and self._nothing_found):
            return [itself]
        if occurs and self._nothing_found:
            others = self._as_frequent(candidates(word.text, lexicon, OTHERS_FOR_KNOWN, told), occurs)
            return [itself, *(Candidate(text=one.text, cost=one.cost + KNOWN_WORD) for one in others)]
        if occurs:
            return [itself, *self._as_frequent(close_candidates(word.text, lexicon, OPTIONS, told), occurs)]
        return self._speller.options(word.text) or [itself]

    def _as_frequent(self, others: Iterable[Candidate], occurs: int) -> list[Candidate]:
        """Return those that no fewer articles have: a right word is not replaced by one that finds less."""
        return [one for one in others if total(self._speller.having(one.text)) >= occurs]


def _replaced(q: str, typed_words: Sequence[TypedWord], others: Sequence[str]) -> tuple[str, str]:
    """Return the query with other words, and the same for people; the user's capitals stay."""
    text, marked, at = "", "", 0
    for word, other in zip(typed_words, others, strict=True):
        if other != word.text:  # pairs of an unspaced script overlap, but nothing is like them
            between, new = q[at : word.start], _like(q[word.start : word.end], other)
            text += between + new
            marked += f"{escape(between)}<mark>{escape(new)}</mark>"
            at = word.end
    return text + q[at:], marked + escape(q[at:])


def _like(typed: str, word: str) -> str:
    """Return a word in capitals where what was typed is, unless it would become an operator."""
    if typed.isupper() and len(typed) > 1 and word.upper() not in OPERATORS:
        return word.upper()
    return word[:1].upper() + word[1:] if typed[:1].isupper() else word
