"""Expands a word of a query into the terms of the index that stand for it.

They are its stem, its exact and its irregular forms; the same word written as one or as two; synonyms; where no article
has it, the word it was probably meant to be; and where not all words must match, relatives, words that begin alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from whoosh import query as q
from whoosh.query import Query

from newsdex.editors.wordlists import WordList
from newsdex.index.columnar.kernel import bindings as kernel
from newsdex.index.columnar.query.bm25f import Variant, VariantPhrase, WordQuery
from newsdex.index.text.analysis import MARK, alternatives, stem_of, terms
from newsdex.index.text.irregular import irregular_forms
from newsdex.index.text.languages import DEFAULT, TONAL
from newsdex.index.text.vietnamese import has_marks
from newsdex.search.plan.clauses import TextClause, phrase_query, query_word
from newsdex.search.plan.compounds import hyphenated, may_be_one, neighbours
from newsdex.search.plan.pinned_vocabulary import Vocabulary

EXACT = 0.1
"""What the exact form of a word weighs more than another form."""
EXACT_OF_ALL = 0.5
"""The same where all words must match: who lists words remembers them, who describes uses other forms."""
RELATED = 0.7
"""What a relative weighs, times its closeness."""
SYNONYM = 0.5
LOOSE = 0.3
"""What a word without its marks weighs where articles have it with them: many words of Vietnamese look so."""
IRREGULAR = 0.8
"""What an irregular form of a word weighs: exact forms stand above it."""
MAX_PARTED = 8
"""So many words of a query are looked for in parts, too: longer ones are texts, which say a thing more than once."""
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
    in_parts: dict[str, str] = field(default_factory=dict)
    """Word that no article has as one → its parts, which some have side by side."""
    related: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Word → words that begin like it."""
    _expanded: int = 0
    _joined: dict[str, list[str]] = field(default_factory=dict)
    """Word, folded → the words that it makes together with its neighbours."""

    def join(self, clauses: Sequence[TextClause]) -> None:
        """Take words that stand in a row: what they make together is looked for, too."""
        for parts in neighbours(clauses[:MAX_EXPANDED], self.wordlist.stop_words):
            if (joined := self.vocabulary.joined(parts)) is not None:
                for part in parts.split():
                    self._joined.setdefault(part, []).append(joined)

    def expand(self, clause: TextClause, *, related: bool = True) -> Query:
        """Return the node of a word, a phrase or a hyphenated word; without `related`, of its own forms only."""
        if len(clause.words) == 1:
            return self._word(clause, related=related)
        parts = hyphenated(clause)
        joined = self.vocabulary.joined(parts) if parts else None
        phrase = self._phrase(clause)
        return q.Or([phrase, self.synonym((joined,), clause)]) if joined else phrase

    def synonym(self, words: Sequence[str], like: TextClause) -> Query:
        """Return the node of a synonym of one or several words, in the fields of the word that it is for."""
        boost = SYNONYM * like.boost
        if len(words) == 1:
            variants = (Variant(term=stem_of(words[0])),)
            return WordQuery(word=words[0], variants=variants, fields=like.fields, boost=boost)
        return self._phrase(TextClause(words=tuple(map(query_word, words)), fields=like.fields, boost=boost))

    def _word(self, clause: TextClause, *, related: bool) -> Query:
        self._expanded += 1
        ((spelled, folded, stem),) = clause.words
        synonyms = self.wordlist.synonyms.get((stem,), ())
        alike = [stem_of(one[0]) for one in synonyms if len(one) == 1]
        alike += [term for one in self._joined.get(folded, ()) for term in self._stem_by_language(one)]
        single = [Variant(term=term, weight=SYNONYM, kind="synonym") for term in alike]
        single += [Variant(term=term, weight=IRREGULAR) for term in irregular_forms(spelled, self.languages)]
        longer = [one for one in synonyms if len(one) > 1]
        parted = tuple(self._parted(folded))
        stems = self._stems(spelled)
        known = (*stems, folded, *(one.term for one in single))
        if not any(map(self.vocabulary.frequency, dict.fromkeys(known))):
            if parted:
                self.in_parts[spelled] = self.vocabulary.parted(folded)[0]
            elif (corrected := self.vocabulary.correction(spelled)) is not None:
                return self._corrected(clause, corrected)
        marked = [term for term in stems if term not in (stem, folded)]
        toned = self._toned(spelled)
        forms = _told_apart(toned, stems) if toned else self._forms(folded, stem, marked)
        variants = [*forms, *single]
        if related and not longer and not self.every and self._expanded <= MAX_EXPANDED:
            variants += self._relatives(spelled, stem, {one.term for one in single})
        made = replace(_word_query(clause, variants), phrases=parted)
        return q.Or([made, *(self.synonym(one, clause) for one in longer)]) if longer else made

    def _toned(self, spelled: str) -> str | None:
        """Return the term of a Vietnamese word that has marks, where articles have it."""
        if TONAL not in self.languages or spelled.isascii():
            return None
        term = terms(spelled, TONAL)[0]
        return term if has_marks(term) and self.vocabulary.frequency(term) else None

    def _parted(self, folded: str) -> Iterator[VariantPhrase]:
        """Yield the parts in which articles write a word."""
        if self._expanded <= MAX_PARTED:
            for parts in self.vocabulary.parted(folded):
                if may_be_one(parts, self.wordlist.stop_words):
                    yield VariantPhrase(series=alternatives(tuple(parts.split()), self.languages), weight=SYNONYM)

    def _corrected(self, clause: TextClause, corrected: str) -> Query:
        """Return the node of the word that an unknown one was meant to be."""
        self.corrections[clause.words[0].spelled] = corrected
        return _word_query(clause, [Variant(term=term, kind="spelling") for term in self._stems(corrected)])

    def _phrase(self, clause: TextClause) -> Query:
        """Return the node of the documents with a phrase, scored by its words."""
        parts = []
        for word in clause.words:
            variants = [Variant(term=term) for term in self._stems(word.spelled)]
            parts.append(_word_query(replace(clause, words=(word,)), variants))
        return q.Require(q.And(parts), phrase_query(clause, self.languages))

    def _stems(self, spelled: str) -> list[str]:
        """Return the stems of a word in each language, the default first, and the word itself."""
        return [term for (term,) in alternatives((spelled,), self.languages)]

    def _stem_by_language(self, word: str) -> list[str]:
        """Return the stem of a folded word in each language."""
        return list(dict.fromkeys(terms(word, language)[0] for language in (DEFAULT, *self.languages)))

    def _forms(self, folded: str, stem: str, marked: Sequence[str]) -> Iterator[Variant]:
        """Yield the stems, and the exact form on top of them.

        Where the exact form is the default language's stem, it is what is left of the stem without its other forms.
        """
        more, others = EXACT_OF_ALL if self.every else EXACT, [Variant(term=term) for term in marked]
        every = kernel.COUNTS_PLAIN | kernel.COUNTS_MARKED if marked else kernel.COUNTS_PLAIN
        if folded != stem:
            yield Variant(term=stem)
            yield from others
            yield Variant(term=folded, weight=more, kind="exact", reading=every)
        else:
            inflections = self.vocabulary.inflections(stem) if self._expanded <= MAX_EXPANDED else ()
            yield Variant(term=stem, weight=1 + more if inflections else 1.0)
            for inflection in inflections:
                yield Variant(term=inflection, weight=-more, kind="exact")
            yield from others
            if marked:
                yield Variant(term=folded, weight=more, kind="exact", reading=kernel.COUNTS_MARKED)

    def _relatives(self, spelled: str, stem: str, without: set[str]) -> Iterator[Variant]:
        found = [near for near in self.vocabulary.relatives(stem) if near.stem not in without]
        if found:
            self.related[spelled] = tuple(near.word for near in found)
        for near in found:
            yield Variant(term=near.stem, weight=RELATED * near.closeness, kind="related")


def _told_apart(toned: str, stems: Sequence[str]) -> Iterator[Variant]:
    """Yield a word with its marks and, as less, what it is without them or with others; not that of other languages."""
    yield Variant(term=toned)
    for term in stems:
        if term.startswith(MARK) and not term.startswith(f"{MARK}{TONAL}"):
            yield Variant(term=term)
        elif term != toned:
            yield Variant(term=term, weight=LOOSE, kind="loose")


def _word_query(clause: TextClause, variants: Sequence[Variant]) -> WordQuery:
    spelled = clause.words[0].spelled
    return WordQuery(word=spelled, variants=tuple(variants), fields=clause.fields, boost=clause.boost)
