"""Says for one request what a word that no article has was meant to be: one choice for hits, note and did-you-mean."""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from rapidfuzz.distance import OSA

from newsdex.errors import Unavailable
from newsdex.index.columnar.query.co_occurrence import CoOccurrence, Mask, total
from newsdex.index.lexicon.current import Lexicon, LexiconReader
from newsdex.index.reader import View
from newsdex.index.schema import TEXT_FIELDS
from newsdex.index.scope import SearchScope
from newsdex.index.text.analysis import plain_form, words
from newsdex.search.language.ast import Leaf, Node, Not, Phrase, Word
from newsdex.search.spelling.candidates import Candidate, candidates, parted

OPTIONS = 5
"""At most this many words are weighed in a word's place."""
TOGETHER = 0.1
"""Words that occur in one article ten times as often as by chance may be this much further from what was typed."""
LEAST_LETTERS = 5
"""A shorter word that is unknown has too many neighbours to be replaced unasked."""
TWO_EDITS_LETTERS = 8
"""From this many letters on, a word is replaced unasked by one that is two edits away; shorter ones by one edit."""
MAX_CORRECTED = 20
"""So many unknown words of a query are replaced unasked: each takes a millisecond to look for."""
MAX_WORDS = 8
"""Words of longer queries are replaced without a look at the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TypedWord:
    """A word of a query that stands for itself, where it stands."""

    text: str
    """Folded."""
    start: int
    end: int


class Speller:
    """Weighs the words that may have been meant, by the articles in the scope of one request."""

    def __init__(self, lexicons: LexiconReader, view: View, scope: SearchScope, q: str, tree: Node | None) -> None:
        """Take a query and its syntax tree."""
        self.typed = typed_words(q, tree)
        self.deadline = scope.deadline
        self._lexicons = lexicons
        self._view = view
        self._scope = scope
        self._following: dict[tuple[str, ...], int] = {}
        self._corrections: dict[str, str | None] = {}

    @cached_property
    def lexicon(self) -> Lexicon:
        """Return the words of the articles."""
        return self._lexicons.lexicon(self._view.snapshot.segments)

    @cached_property
    def together(self) -> CoOccurrence:
        """Return what counts articles in scope that have words together; raise `Unavailable` when the time is over."""
        return CoOccurrence(self._view.snapshot, self._view.languages, self._view.visible(self._scope))

    @cached_property
    def shown(self) -> CoOccurrence:
        """Return what counts the articles that may be shown, those without the filters' values included."""
        scope = replace(self._scope, filters={})
        return CoOccurrence(self._view.snapshot, self._view.languages, self._view.visible(scope))

    def correction(self, spelled: str) -> str | None:
        """Return what a word that no article has is replaced by unasked, or None.

        It is the likeliest word of those in scope, by the query's other words, if it is near: did-you-mean asks first.
        The order of the words has no say.
        """
        folded = plain_form(spelled)
        if len(folded) < LEAST_LETTERS or not folded.isalpha():
            return None
        if folded not in self._corrections:
            if len(self._corrections) >= MAX_CORRECTED or time.monotonic() > self.deadline:
                return None
            self._corrections[folded] = self._likeliest(folded)
        return self._corrections[folded]

    def _likeliest(self, folded: str) -> str | None:
        with suppress(Unavailable):
            options = [(option, self.having(option.text)) for option in self.options(folded)]
            met = [pair for pair in options if total(pair[1] & self._context)]
            # words that never meet: the query may ask for either
            found = met or [pair for pair in options if total(pair[1])]
            likeliest = min(found, key=lambda pair: (self._cost(*pair), pair[0].text), default=None)
            if likeliest and _is_near(folded, likeliest[0].text):
                return likeliest[0].text
        return None

    def options(self, folded: str) -> list[Candidate]:
        """Return what may stand in the place of a word that does not occur, two words without their space included."""
        told = self.together.is_written
        split = [one for one in parted(folded, self.lexicon, told) if self.side_by_side(one.text)]
        return candidates(folded, self.lexicon, OPTIONS, told) + split

    def having(self, text: str) -> Mask:
        """Return the articles in scope that have all words of a text."""
        mask = self.together.visible
        for word, _, _ in words(text):
            mask = mask & self.together.with_word(word)
        return mask

    def side_by_side(self, *texts: str) -> int:
        """Return in how many articles in scope some texts follow on each other."""
        if texts not in self._following:
            series = [word for text in texts for word, _, _ in words(text)]
            self._following[texts] = total(self.together.with_phrase(series))
        return self._following[texts]

    def likelier_together(self, one: Mask, other: Mask) -> float:
        """Return by how much an option's cost falls since the articles that have it are those that have other words."""
        by_chance = (total(one) + 1) * (total(other) + 1) / (total(self.together.visible) + 1)
        return TOGETHER * math.log10((total(one & other) + 1) / by_chance)

    def _cost(self, option: Candidate, mask: Mask) -> float:
        return option.cost - self.likelier_together(self._context, mask)

    @cached_property
    def _context(self) -> Mask:
        """Return the articles that have the words of the query that occur."""
        mask = self.together.visible
        for word in self.typed if len(self.typed) <= MAX_WORDS else ():
            own = self.having(word.text)
            mask = mask & own if total(own) else mask
        return mask


def _is_near(folded: str, other: str) -> bool:
    edits = 2 if len(folded) >= TWO_EDITS_LETTERS else 1
    return other.isalpha() and other[0] == folded[0] and OSA.distance(folded, other, score_cutoff=edits) <= edits


def typed_words(q: str, tree: Node | None) -> Sequence[TypedWord]:
    """Return the words of a query that are looked for as they are in texts: none of filters, patterns, negations."""
    return [
        TypedWord(text=plain_form(word), start=leaf.start + start, end=leaf.start + end)
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
