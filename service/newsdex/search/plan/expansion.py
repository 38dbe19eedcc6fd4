"""Gives for a word of a query the terms of the index that stand for it, as a node to run: pure.

They are its stem and its exact form; synonyms; where no article has it, what is spelt most like it; and where not all
words must match, relatives, words that begin alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from whoosh import query as q

from newsdex.editors.wordlists import WordList
from newsdex.index.columnar.query.bm25f import Variant, WordQuery
from newsdex.index.text.analysis import alternatives, plain_form, stem_of
from newsdex.search.plan.parts import Word
from newsdex.search.plan.pinned_vocabulary import Known
from newsdex.search.plan.stems import with_stems

EXACT = 0.1
"""What the exact form of a word weighs more than another form."""
EXACT_OF_ALL = 0.5
"""The same where all words must match: who lists words remembers them, who describes uses other forms."""
RELATED = 0.5
"""What a relative weighs, times its closeness."""
SYNONYM = 0.5
MAX_EXPANDED = 50
"""So many words of a query have forms and relatives looked up: a cursor must keep them."""


@dataclass(kw_only=True, slots=True)
class Variants:
    """Makes the nodes of one query's words, and remembers which words were taken for others."""

    known: Known
    wordlist: WordList
    languages: tuple[str, ...]
    every: bool
    """Whether all words must match; where not, relatives do too."""
    corrections: dict[str, str] = field(default_factory=dict)
    """Unknown word → the likeliest of the words that are looked for in its place."""
    _expanded: int = 0

    def node(self, word: Word) -> Any:
        """Give the node of a word, a phrase or a hyphenated word."""
        if len(word.words) > 1:
            return self._phrase(word)
        self._expanded += 1
        spelled = word.words[0]
        folded = plain_form(spelled)
        stem = stem_of(folded)
        synonyms = self.wordlist.synonyms.get((stem,), ())
        single = [Variant(term=stem_of(one[0]), weight=SYNONYM, kind="synonym") for one in synonyms if len(one) == 1]
        stems = [term for (term,) in alternatives((spelled,), self.languages)]
        variants = [*self._forms(folded, stem), *single]
        if not single and not any(map(self.known.frequency, {*stems, folded})):
            variants += self._spellings(spelled, folded)
        if not self.every and self._expanded <= MAX_EXPANDED:
            variants += self._relatives(stem, {one.term for one in single})
        made = _in_languages(word, tuple(variants), [term for term in stems if term not in (stem, folded)])
        longer = [self.row(one, word) for one in synonyms if len(one) > 1]
        return q.Or([made, *longer]) if longer else made

    def row(self, words: Sequence[str], like: Word) -> Any:
        """Give a synonym of one or several words, in the fields of the word that it is for."""
        boost = SYNONYM * like.boost
        if len(words) == 1:
            variants = (Variant(term=stem_of(words[0])),)
            return WordQuery(word=words[0], variants=variants, fields=like.fields, boost=boost)
        tree = q.Or([q.Phrase(name, list(words)) for name in like.fields])
        return self._phrase(Word(words=tuple(words), fields=like.fields, boost=boost, tree=tree))

    def _phrase(self, word: Word) -> Any:
        """Give the documents with a phrase, scored by its words."""
        parts = []
        for one in word.words:
            stem, *others = (term for (term,) in alternatives((one,), self.languages))
            own = Word(words=(one,), fields=word.fields, boost=word.boost, tree=None)
            parts.append(_in_languages(own, (Variant(term=stem),), others))
        return q.Require(q.And(parts), with_stems(word.tree, self.languages))

    def _forms(self, folded: str, stem: str) -> Iterator[Variant]:
        """Give the stem, and the exact form on top of it.

        Where the exact form is the stem itself, it is what is left of the stem without its other forms.
        """
        more = EXACT_OF_ALL if self.every else EXACT
        if folded != stem:
            yield Variant(term=stem)
            yield Variant(term=folded, weight=more, kind="exact")
            return
        inflections = self.known.inflections(stem) if self._expanded <= MAX_EXPANDED else ()
        yield Variant(term=stem, weight=1 + more if inflections else 1.0)
        for inflection in inflections:
            yield Variant(term=inflection, weight=-more, kind="exact")

    def _spellings(self, spelled: str, folded: str) -> list[Variant]:
        near = self.known.spelt_like(folded)
        if near:
            self.corrections[spelled] = near[0].word
        return [Variant(term=one.stem, kind="spelling") for one in near]

    def _relatives(self, stem: str, without: set[str]) -> Iterator[Variant]:
        for near in self.known.relatives(stem):
            if near.stem not in without:
                yield Variant(term=near.stem, weight=RELATED * near.closeness, kind="related")


def _in_languages(word: Word, variants: tuple[Variant, ...], others: Sequence[str]) -> Any:
    """Give a word with its stems in other languages: an article has one language, so the best counts."""
    readings = [
        WordQuery(word=word.words[0], variants=own, fields=word.fields, boost=word.boost)
        for own in (variants, *((Variant(term=term),) for term in others))
    ]
    return q.DisjunctionMax(readings) if len(readings) > 1 else readings[0]
