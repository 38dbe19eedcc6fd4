"""Expands a word of a query into the terms of the index that stand for it.

They are its stem and its exact form; synonyms; where no article has it, the word it was probably meant to be; and where
not all words must match, relatives, words that begin alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from whoosh import query as q
from whoosh.query import Query

from newsdex.editors.wordlists import WordList
from newsdex.index.columnar.query.bm25f import Variant, WordQuery
from newsdex.index.text.analysis import alternatives, stem_of
from newsdex.search.plan.clauses import TextClause, phrase_query, query_word
from newsdex.search.plan.pinned_vocabulary import Vocabulary

EXACT = 0.1
"""What the exact form of a word weighs more than another form."""
EXACT_OF_ALL = 0.5
"""The same where all words must match: who lists words remembers them, who describes uses other forms."""
RELATED = 0.5
"""What a relative weighs, times its closeness."""
SYNONYM = 0.5
MAX_EXPANDED = 50
"""Forms and relatives are looked up for at most this many words of a query: a cursor must keep them."""


@dataclass(kw_only=True, slots=True)
class Expansion:
    """Expands the words of one query, and remembers which words were replaced."""

    vocabulary: Vocabulary
    wordlist: WordList
    languages: tuple[str, ...]
    every: bool
    """Whether all words must match; where not, relatives do too."""
    corrections: dict[str, str] = field(default_factory=dict)
    """Unknown word → what is looked for in its place."""
    _expanded: int = 0

    def expand(self, clause: TextClause) -> Query:
        """Return the node of a word, a phrase or a hyphenated word."""
        return self._phrase(clause) if len(clause.words) > 1 else self._word(clause)

    def synonym(self, words: Sequence[str], like: TextClause) -> Query:
        """Return the node of a synonym of one or several words, in the fields of the word that it is for."""
        boost = SYNONYM * like.boost
        if len(words) == 1:
            variants = (Variant(term=stem_of(words[0])),)
            return WordQuery(word=words[0], variants=variants, fields=like.fields, boost=boost)
        return self._phrase(TextClause(words=tuple(map(query_word, words)), fields=like.fields, boost=boost))

    def _word(self, clause: TextClause) -> Query:
        self._expanded += 1
        ((spelled, folded, stem),) = clause.words
        synonyms = self.wordlist.synonyms.get((stem,), ())
        single = [Variant(term=stem_of(one[0]), weight=SYNONYM, kind="synonym") for one in synonyms if len(one) == 1]
        stems = [term for (term,) in alternatives((spelled,), self.languages)]
        if not single and not any(map(self.vocabulary.frequency, {*stems, folded})):
            corrected = self.vocabulary.correction(spelled)
            if corrected is not None:
                return self._corrected(clause, corrected)
        variants = [*self._forms(folded, stem), *single]
        if not self.every and self._expanded <= MAX_EXPANDED:
            variants += self._relatives(stem, {one.term for one in single})
        made = _in_languages(clause, tuple(variants), [term for term in stems if term not in (stem, folded)])
        longer = [self.synonym(one, clause) for one in synonyms if len(one) > 1]
        return q.Or([made, *longer]) if longer else made

    def _corrected(self, clause: TextClause, corrected: str) -> Query:
        """Return the node of the word that an unknown one was meant to be."""
        self.corrections[clause.words[0].spelled] = corrected
        first, *others = (term for (term,) in alternatives((corrected,), self.languages))
        return _in_languages(clause, (Variant(term=first, kind="spelling"),), others)

    def _phrase(self, clause: TextClause) -> Query:
        """Return the node of the documents with a phrase, scored by its words."""
        parts = []
        for word in clause.words:
            first, *others = (term for (term,) in alternatives((word.spelled,), self.languages))
            parts.append(_in_languages(replace(clause, words=(word,)), (Variant(term=first),), others))
        return q.Require(q.And(parts), phrase_query(clause, self.languages))

    def _forms(self, folded: str, stem: str) -> Iterator[Variant]:
        """Yield the stem, and the exact form on top of it.

        Where the exact form is the stem itself, it is what is left of the stem without its other forms.
        """
        more = EXACT_OF_ALL if self.every else EXACT
        if folded != stem:
            yield Variant(term=stem)
            yield Variant(term=folded, weight=more, kind="exact")
            return
        inflections = self.vocabulary.inflections(stem) if self._expanded <= MAX_EXPANDED else ()
        yield Variant(term=stem, weight=1 + more if inflections else 1.0)
        for inflection in inflections:
            yield Variant(term=inflection, weight=-more, kind="exact")

    def _relatives(self, stem: str, without: set[str]) -> Iterator[Variant]:
        for near in self.vocabulary.relatives(stem):
            if near.stem not in without:
                yield Variant(term=near.stem, weight=RELATED * near.closeness, kind="related")


def _in_languages(clause: TextClause, variants: tuple[Variant, ...], others: Sequence[str]) -> Query:
    """Return the node of a word with its stems in other languages: an article has one language, so the best counts."""
    readings = [
        WordQuery(word=clause.words[0].spelled, variants=own, fields=clause.fields, boost=clause.boost)
        for own in (variants, *((Variant(term=term),) for term in others))
    ]
    return q.DisjunctionMax(readings) if len(readings) > 1 else readings[0]
