"""Makes of a query's tree, as it was read, the tree that is run: stop words out, words with their variants. Pure.

It takes a tree whose words stand as they were written, see `parts`; in a part that it does not know they become stems.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise
from typing import Any

from whoosh import query as q

from newsdex.editors.wordlists import WordList
from newsdex.index.columnar.query.bm25f import WordQuery
from newsdex.index.columnar.query.score_nodes import Decay, MinShouldMatch, ProximityBoost, RecencyBoost, WordPair
from newsdex.index.text.analysis import plain_form, stem_of
from newsdex.search.plan.expansion import Variants
from newsdex.search.plan.parts import Word, parts_of, words_of
from newsdex.search.plan.pinned_vocabulary import Known
from newsdex.search.plan.stems import with_stems

FEW_WORDS = 3
"""So many words are a list of what must be there, more are a description; GOV.UK's search draws the line there."""
HALF_OF_WORDS = 4
"""Of so many words, half must match."""
DESCRIPTION_ENOUGH = 10
"""A description that fewer articles fit wholly is asked by most of its words: the first page is not filled."""

FIRST = 1_000.0
"""Added to the score of what stands before all else: more than the words of a usual query add up to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A tree to run, and what was changed on the way to it."""

    tree: Any
    counted: Any
    """The part of it with the words that count: they are marked in the hits."""
    enough: int = 0
    """Where fewer are found, `most_words` is worth a try."""
    at_least: int | None = None
    """How many of the words must match; None where all must."""
    corrections: dict[str, str] = field(default_factory=dict)
    """Unknown word → the likeliest of the words that are looked for in its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """How a query's tree becomes one that is run; `decay` is None where the order is not by relevance."""

    text: str
    known: Known
    wordlist: WordList
    languages: tuple[str, ...]
    decay: Decay | None = None

    def all_words(self, tree: Any) -> Ranked:
        """Give the tree whose matches have every word that is no stop word; those with more of these come first."""
        making = self._making(every=True)
        made = making.scored(tree)
        inner = tree.a if isinstance(tree, q.AndNot) else tree
        words = parts_of(inner.subqueries if isinstance(inner, q.And) else [inner]).words
        content = making.content(words)
        number = len(content)
        enough = 0 if number <= 1 else 1 if number <= FEW_WORDS else DESCRIPTION_ENOUGH
        small = [making.variants.node(word) for word in distinct(words) if word not in content]
        return replace(self._with_small(made, small, making), enough=enough)

    def most_words(self, tree: Any, *, every: Ranked | None) -> Ranked:
        """Give the tree whose matches have some of the words: those in an Or with a `minmatch`.

        Without `every`, one word is enough, and how telling it is decides its place. So it is with `every`, but of up
        to four words, half must match; what matches `every`, which asks for all, comes first, in its order there.
        """
        making = self._making(every=False, any_word=every is None)
        some = self._ranked(making.scored(tree), making)
        if every is None or self.decay is None:
            return some
        first = q.And([every.tree, q.ConstantScoreQuery(q.Every(), FIRST)])
        return replace(some, tree=q.DisjunctionMax([some.tree, first]))

    def _with_small(self, tree: Any, small: Sequence[Any], making: "_Making") -> Ranked:
        """Give a tree to run whose matches are in the order of how many of the stop words they have."""
        if self.decay is None:
            return self._ranked(tree, making)
        ranked = self._ranked(reduce(q.AndMaybe, small, tree), making)
        first = (q.ConstantScoreQuery(node, FIRST) for node in small)
        return replace(ranked, tree=reduce(q.AndMaybe, first, ranked.tree), counted=tree)

    def _making(self, *, every: bool, any_word: bool = False) -> "_Making":
        variants = Variants(known=self.known, wordlist=self.wordlist, languages=self.languages, every=every)
        return _Making(self, variants, any_word=any_word)

    def _ranked(self, tree: Any, making: "_Making") -> Ranked:
        if self.decay is not None and self.decay.weight > 0:
            tree = RecencyBoost(child=tree, decay=self.decay)
        return Ranked(tree=tree, counted=tree, at_least=making.at_least, corrections=making.variants.corrections)


class _Making:
    """One tree in the making."""

    def __init__(self, ranking: Ranking, variants: Variants, *, any_word: bool) -> None:
        self.variants = variants
        self._ranking = ranking
        self._any_word = any_word
        self.at_least: int | None = None

    def scored(self, tree: Any) -> Any:
        """Give a part as it is run."""
        words = words_of(tree)
        if words:
            made = [self.variants.node(word) for word in words]
            return made[0] if len(made) == 1 else q.Or(made)
        if type(tree) is q.And:
            return self._and(tree)
        if type(tree) is q.Or:
            made = [self.scored(part) for part in tree.subqueries] if not tree.minmatch else []
            return q.Or(made, boost=tree.boost) if made else self._some(tree)
        if isinstance(tree, q.AndNot):
            return q.AndNot(self.scored(tree.a), with_stems(tree.b, self._ranking.languages))
        return with_stems(tree, self._ranking.languages)

    def _and(self, tree: Any) -> Any:
        found = parts_of(tree.subqueries)
        parts = self.joined(self.content(found.words))
        made = [*parts, *map(self.scored, found.others)]
        return self.beside(made[0] if len(made) == 1 else q.And(made, boost=tree.boost), parts)

    def _some(self, tree: Any) -> Any:
        found = parts_of(tree.subqueries)
        parts = self.joined(self.content([part for word in found.words for part in word.split()]))
        made = (*parts, *map(self.scored, found.others))
        half = len(made) <= HALF_OF_WORDS and not self._any_word
        self.at_least = (len(made) + 1) // 2 if half else 1
        return self.beside(MinShouldMatch(parts=made, at_least=self.at_least), parts)

    def content(self, words: Sequence[Word]) -> list[Word]:
        """Leave out stop words, where others remain, and what stands twice."""
        each = distinct(words)
        return [word for word in each if not self._is_stop_word(word)] or each

    def _is_stop_word(self, word: Word) -> bool:
        spelled = word.words[0]
        # WHO and IT are names, unless everything is in capitals
        shouted = len(spelled) > 1 and spelled.isupper() and not self._ranking.text.isupper()
        return len(word.words) == 1 and not shouted and plain_form(spelled) in self.variants.wordlist.stop_words

    def joined(self, words: Sequence[Word]) -> list[Any]:
        """Give a part for each word, or for several words in a row that have synonyms together."""
        made, at, synonyms = [], 0, self.variants.wordlist.synonyms
        while at < len(words):
            lengths = range(min(self.variants.wordlist.longest, len(words) - at), 1, -1)
            length = next((n for n in lengths if _key(words[at : at + n]) in synonyms), 1)
            nodes = [self.variants.node(word) for word in words[at : at + length]]
            if length == 1:
                made += nodes
            else:
                others = [self.variants.row(one, words[at]) for one in synonyms[_key(words[at : at + length])]]
                made.append(q.Or([q.And(nodes), *others]))
            at += length
        return made

    def beside(self, tree: Any, parts: Sequence[Any]) -> Any:
        """Give the tree with a bonus where words of it stand side by side."""
        if self._ranking.decay is None:
            return tree
        heads = pairwise(map(_head, parts))
        pairs = tuple(WordPair(first=one, second=other) for one, other in heads if one and other)
        return ProximityBoost(child=tree, pairs=pairs) if pairs else tree


def distinct(words: Sequence[Word]) -> list[Word]:
    """Leave out what stands twice, in whatever form."""
    return list({(*_key([word]), word.written): word for word in words}.values())


def _key(words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(stem_of(plain_form(one)) for word in words for one in word.words)


def _head(part: Any) -> WordQuery | None:
    """Give the word itself of a part that is a word with others that stand for it."""
    while type(part) in (q.Or, q.DisjunctionMax):
        part = part.subqueries[0]
    return part if isinstance(part, WordQuery) else None
