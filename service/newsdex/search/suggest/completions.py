"""Completes the word that is being typed by the terms, authors and tags that articles have.

Candidates come from the lexicon, which may be a moment old and counts hidden articles, too. What is given is counted
in the commit that is asked, among the articles that may be seen now.
"""

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rapidfuzz.distance import OSA

from newsdex.index.columnar.arrays import Array
from newsdex.index.columnar.query.co_occurrence import CoOccurrence, Mask, total, weighed
from newsdex.index.lexicon.current import Lexicon
from newsdex.index.lexicon.table import WordTable
from newsdex.index.text.analysis import plain_form, stem_of
from newsdex.search.spelling.candidates import FREQUENCY, TIMES_AS_FREQUENT, candidates
from newsdex.search.spelling.edit_costs import costs
from newsdex.search.suggest.typed_prefix import Typed

LOOKED_AT = 64
"""So many of the most frequent words that begin almost as typed are compared with it letter by letter."""
SPARE = 4
"""So many candidates more than are asked for are counted exactly: recent ones may go before more frequent ones."""
MAX_CORRECTED = 2
"""A text with more unknown words is not what any article has."""
LONG_WORD = 8
"""Of two completions one letter apart, of so long ones two, the much rarer one may be an error of the texts."""
TYPO_CHARS = 4
"""Shorter beginnings are too little to tell an error by; from twice as many on, there may be two."""

NameKind = Literal["authors", "tags"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """A word or a name, and the articles that have it."""

    text: str
    total: int
    corrected: bool
    """Whether it begins only almost as typed."""
    mask: Mask


Chosen = tuple[str, float, Mask]
"""A word or a name, what its mistakes cost, and its articles."""


class Completions:
    """Completes what one request has typed; `weights` has what each document of the commit counts for."""

    def __init__(self, typed: Typed, size: int, lexicon: Lexicon, tally: CoOccurrence, weights: Array) -> None:
        self._typed = typed
        self._size = size
        self._counted = size + SPARE
        self._lexicon = lexicon
        self._tally = tally
        self._weights = weights

    @cached_property
    def finished(self) -> list[str]:
        """Return the words before the last one; a few that no article has are corrected where that is possible."""
        words = list(self._typed.finished)
        unknown = [at for at, word in enumerate(words) if not total(self._tally.with_word(word))]
        if len(unknown) <= MAX_CORRECTED:
            for at in unknown:
                best = candidates(plain_form(words[at]), self._lexicon, 1, self._tally.is_written)
                words[at] = best[0].text if best else words[at]
        return words

    # -- words

    @cached_property
    def terms(self) -> list[Completion]:
        """Return words that complete the last one and occur with those before it; of words with one stem, one."""
        words = _exact(self._words, self._typed.beginning, self._counted)
        return self._ranked(self._with_words(words, self._typed.finished), corrected=False)

    @property
    def may_be_errors(self) -> bool:
        """Return whether all words that complete the last one are rare enough to be errors of the texts."""
        return all(one.total < TIMES_AS_FREQUENT for one in self.terms)

    @cached_property
    def other_terms(self) -> list[Completion]:
        """Return words that begin almost as typed, and where there are none, words that are spelt almost so."""
        beginning, known = self._typed.beginning, [one.text for one in self.terms]
        words = _almost(self._words, beginning, self._counted)
        found = self._ranked(self._with_words(words, self.finished, known), corrected=True)
        if found or known:
            return found
        told = self._tally.is_written
        words = {one.text: one.cost for one in candidates(beginning, self._lexicon, self._counted, told)}
        return self._ranked(self._with_words(words, self.finished), corrected=True)

    def in_order(self, others: Sequence[Completion]) -> list[Completion]:
        """Return the words that complete the last one and others like them; errors of the texts behind what they mean.

        A completion is an error where one of the others is a likely mistake away and in many times as many articles.
        """
        errors = [one for one in self.terms if any(_is_error_of(one, other) for other in others)]
        return [*(one for one in self.terms if one not in errors), *others, *errors]

    @property
    def _words(self) -> list[WordTable]:
        return [part.words for part in self._lexicon.parts]

    def _with_words(self, words: Mapping[str, float], others: Iterable[str], known: Iterable[str] = ()) -> list[Chosen]:
        context = self._tally.visible
        for word in others:
            context = context & self._tally.with_word(word)
        by_stem: dict[str, str] = {}
        for word in filter(self._tally.is_written, words):
            by_stem.setdefault(stem_of(word), word)
        for word in known:
            by_stem.pop(stem_of(word), None)
        return [(word, words[word], context & self._tally.with_word(word)) for word in by_stem.values()]

    # -- authors and tags

    def names(self, kind: NameKind) -> list[Completion]:
        """Return the values of a field that continue as typed from one of their words on."""
        values = _exact(self._names(kind), self._typed_name, self._counted)
        return self._ranked(self._with_values(kind, values), corrected=False)

    def other_names(self, kind: NameKind, known: Iterable[Completion]) -> list[Completion]:
        """Return the values that continue almost so, without those that are known."""
        values = _almost(self._names(kind), self._typed_name, self._counted)
        for one in known:
            values.pop(one.text, None)
        return self._ranked(self._with_values(kind, values), corrected=True)

    def _names(self, kind: NameKind) -> list[WordTable]:
        return [getattr(part, kind) for part in self._lexicon.parts]

    @property
    def _typed_name(self) -> str:
        return " ".join([*map(plain_form, self._typed.finished), self._typed.beginning])

    def _with_values(self, kind: NameKind, values: Mapping[str, float]) -> list[Chosen]:
        return [(value, cost, self._tally.with_value(kind, value)) for value, cost in values.items()]

    # -- both

    def _ranked(self, chosen: Iterable[Chosen], *, corrected: bool) -> list[Completion]:
        """Return those that a visible article has: likelier mistakes, more and more recent articles first."""
        ranked: list[tuple[float, Completion]] = []
        for text, cost, mask in chosen:
            number = total(mask)
            if number:
                one = Completion(text=text, total=number, corrected=corrected, mask=mask)
                ranked.append((FREQUENCY * math.log10(weighed(mask, self._weights)) - cost, one))
        return [one for _, one in heapq.nlargest(self._size, ranked, key=lambda pair: pair[0])]


def _is_error_of(one: Completion, other: Completion) -> bool:
    edits = 1 if len(one.text) < LONG_WORD else 2
    forms = ((one.text, other.text), (stem_of(one.text), stem_of(other.text)))
    alike = any(OSA.distance(*pair, score_cutoff=edits) <= edits for pair in forms)
    return alike and other.total >= TIMES_AS_FREQUENT * one.total


def _exact(tables: Sequence[WordTable], beginning: str, limit: int) -> dict[str, float]:
    """Return the most frequent values that begin as typed; that costs nothing."""
    counts: Counter[str] = Counter()
    for table in tables:
        counts.update({table.values[place]: int(table.counts[place]) for place in table.beginning(beginning, limit)})
    return {value: 0.0 for value, _ in counts.most_common(limit)}


def _almost(tables: Sequence[WordTable], beginning: str, limit: int) -> dict[str, float]:
    """Return the likeliest values that begin almost as typed, with what the mistakes cost."""
    edits = min(len(beginning) // TYPO_CHARS, 2)
    counts: Counter[str] = Counter()
    words: dict[str, str] = {}
    for table in tables if edits else ():
        for place in table.almost_beginning(beginning, edits, LOOKED_AT):
            counts[table.values[place]] += int(table.counts[place])
            words[table.values[place]] = table.words[place]
    if not words:
        return {}
    sizes = range(len(beginning) - edits, len(beginning) + edits + 1)
    heads = [word[:size] for word in words.values() for size in sizes]
    cheapest = costs(beginning, heads).reshape(len(words), len(sizes)).min(axis=1).tolist()
    found = dict(zip(words, cheapest, strict=True))
    likeliest = heapq.nsmallest(limit, found, key=lambda value: found[value] - FREQUENCY * math.log10(counts[value]))
    return {value: found[value] for value in likeliest}
