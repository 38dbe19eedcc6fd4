"""Builds the nodes of a query's leaves: of words and phrases as they stand, of patterns, ranges, dates and values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from whoosh import query as q
from whoosh.query import Query

from newsdex.index.columnar.query.bm25f import Variant, WordQuery
from newsdex.index.columnar.query.pattern_phrase import PatternPhrase
from newsdex.index.schema import FILTER_FIELDS, TEXT_FIELDS, filter_value
from newsdex.index.text.analysis import alternatives, phrase_words, terms
from newsdex.index.text.folding import fold
from newsdex.index.text.languages import DEFAULT
from newsdex.search.language.ast import DateRange, Fuzzy, Leaf, MatchAll, Node, Phrase, TermRange, Wildcard, Word
from newsdex.search.language.dates import QueryClock
from newsdex.search.language.patterns import SIGNS, fuzzy_of, is_pattern, pieces, stands_for_others
from newsdex.search.plan.runs import pieces as run_pieces

NAMES_IN_PARTS = "authors"
"""A value of this field is found by some of its words too: `author:Doe`."""
ALL_TEXT = tuple(TEXT_FIELDS)


class QueryWord(NamedTuple):
    """A word in the three forms in which it is looked up."""

    spelled: str
    """As it stands in the query."""
    folded: str
    stem: str
    """In the default language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TextClause:
    """A word that is looked for in full text; a phrase or a hyphenated word has several words."""

    words: tuple[QueryWord, ...]
    fields: tuple[str, ...] = ALL_TEXT
    boost: float = 1.0
    slop: int = 1
    """How far each word of a phrase may stand behind the one before."""
    quoted: bool = False
    bridge: bool = False
    """Whether it is a pair of signs that need not be there; see `runs`."""

    @property
    def key(self) -> tuple[str | bool, ...]:
        """Return what is the same for a word in whatever form."""
        return (*(word.stem for word in self.words), self.quoted)

    def split(self) -> "list[TextClause]":
        """Return each word of a hyphenated word by itself."""
        if len(self.words) == 1 or self.quoted:
            return [self]
        return [TextClause(words=(word,), fields=self.fields, boost=self.boost) for word in self.words]


def query_word(spelled: str) -> QueryWord:
    """Return a word in its forms."""
    forms = terms(spelled, DEFAULT)
    return QueryWord(spelled, forms[-1], forms[0])


def text_clause(node: Node) -> TextClause | None:
    """Return the words of a leaf that asks for words or a phrase in full text; None for any other node."""
    if not isinstance(node, Word | Phrase) or (node.field is not None and node.field not in TEXT_FIELDS):
        return None
    if isinstance(node, Phrase) and stands_for_others(node.text):
        return None
    found = tuple(map(query_word, phrase_words(node.text)))
    fields = ALL_TEXT if node.field is None else (node.field,)
    phrase = isinstance(node, Phrase) and len(found) > 1
    slop = node.gap + 1 if isinstance(node, Phrase) else 1
    return TextClause(words=found, fields=fields, boost=node.boost, slop=slop, quoted=phrase)


@lru_cache(maxsize=1_000)
def run_clauses(node: Node) -> Sequence[TextClause]:
    """Return what a leaf asks for in a script without spaces, clause by clause; nothing for any other leaf."""
    whole = text_clause(node) if isinstance(node, Word) else None
    cut = run_pieces(node.text) if isinstance(node, Word) and whole else None
    if whole is None or cut is None:
        return ()
    return tuple(
        replace(whole, words=tuple(map(query_word, one.words)), bridge=one.bridge, quoted=one.whole) for one in cut
    )


def phrase_query(clause: TextClause, languages: tuple[str, ...]) -> Query:
    """Return the query of the documents that have the words of a clause one after the other, in any one language."""
    spelled = tuple(word.spelled for word in clause.words)
    phrases = [
        q.Phrase(name, list(series), slop=clause.slop)
        for name in clause.fields
        for series in alternatives(spelled, languages)
    ]
    return phrases[0] if len(phrases) == 1 else q.Or(phrases)


def text_query(clause: TextClause, languages: tuple[str, ...]) -> Query:
    """Return the query of the documents that have a word in any of its forms, or a phrase, and nothing in its place."""
    if len(clause.words) > 1:
        return phrase_query(clause, languages)
    spelled = clause.words[0].spelled
    variants = tuple(Variant(term=term) for (term,) in alternatives((spelled,), languages))
    return WordQuery(word=spelled, variants=variants, fields=clause.fields, boost=clause.boost)


def other_query(leaf: Leaf, clock: QueryClock, languages: tuple[str, ...] = (DEFAULT,)) -> Query:
    """Return the query of a leaf that asks for no word or phrase of full text."""
    if isinstance(leaf, DateRange):
        first = leaf.since.stamp_us(clock) if leaf.since else None
        end = leaf.until.stamp_us(clock) if leaf.until else None
        return q.NumericRange("published", first, end, endexcl=True, boost=leaf.boost)
    if isinstance(leaf, MatchAll):
        return q.Every(leaf.field, boost=leaf.boost)
    if leaf.field is None:
        return q.Or([_in_text(leaf, name, weight * leaf.boost, languages) for name, weight in TEXT_FIELDS.items()])
    if leaf.field in TEXT_FIELDS:
        return _in_text(leaf, leaf.field, leaf.boost, languages)
    form = filter_value if leaf.field in FILTER_FIELDS else str
    if isinstance(leaf, Word | Phrase):
        return _value(leaf.field, form(leaf.text), leaf.boost)
    return _term_set(leaf, leaf.field, form, leaf.boost)


def _in_text(leaf: Leaf, field: str, boost: float, languages: tuple[str, ...]) -> Query:
    """Return the query of a leaf that stands for terms of a text; it is cut into words as the texts are."""
    if not isinstance(leaf, Wildcard | Fuzzy | Phrase):
        return _term_set(leaf, field, fold, boost)
    cut = pieces(leaf.text)
    words_ = [piece for piece in cut if piece.strip(SIGNS)] or cut
    if len(words_) == 1 and not isinstance(leaf, Phrase):
        return _term_set(replace(leaf, text=words_[0]), field, fold, boost)
    slop = 1 + (leaf.gap if isinstance(leaf, Phrase) else 0) + len(cut) - len(words_)
    # of a fuzzy word of several words, the letters of one may differ
    wrong = range(len(words_)) if isinstance(leaf, Fuzzy) else (-1,)
    phrases = [
        PatternPhrase(
            fieldname=field,
            parts=tuple(_in_phrase(leaf, piece, field, languages, fuzzy=at == one) for at, piece in enumerate(words_)),
            slop=slop,
            boost=boost,
        )
        for one in wrong
    ]
    return phrases[0] if len(phrases) == 1 else q.Or(phrases)


def _in_phrase(leaf: Leaf, piece: str, field: str, languages: tuple[str, ...], *, fuzzy: bool) -> Query:
    """Return the query of what may stand at one place of a phrase."""
    if fuzzy and isinstance(leaf, Fuzzy):
        return _term_set(replace(leaf, text=piece), field, fold, 1.0)
    if near := fuzzy_of(piece):
        return _term_set(Fuzzy(start=leaf.start, end=leaf.end, text=near.word, edits=near.edits), field, fold, 1.0)
    if is_pattern(piece):
        return _term_set(Wildcard(start=leaf.start, end=leaf.end, text=piece), field, fold, 1.0)
    return q.Or([q.Term(field, term) for (term,) in alternatives((piece,), languages)])


def _term_set(leaf: Leaf, field: str, form: Callable[[str], str], boost: float) -> Query:
    """Return the query of a leaf that stands for all terms of some shape; `form` gives terms as the index has them."""
    match leaf:
        case Wildcard(text=text) if text.endswith("*") and not set("*?") & set(text[:-1]):
            return q.Prefix(field, form(text[:-1]), boost=boost)
        case Wildcard(text=text):
            return q.Wildcard(field, form(text), boost=boost)
        case Fuzzy(text=text, edits=edits, beginning=beginning):
            term = form(text)
            return q.FuzzyTerm(field, term, boost=boost, maxdist=edits, prefixlength=min(beginning, len(term)))
        case TermRange():
            first, last = (form(text) if text is not None else None for text in (leaf.first, leaf.last))
            return q.TermRange(field, first, last, not leaf.with_first, not leaf.with_last, boost=boost)
    raise AssertionError(leaf)


def _value(field: str, value: str, boost: float) -> Query:
    """Return the query of a value of a filter's field, compared as filters compare it."""
    whole = q.Term(field, value, boost=boost)
    if field != NAMES_IN_PARTS:
        return whole
    around = [q.Wildcard(field, pattern, boost=boost) for pattern in (f"* {value}", f"* {value} *")]
    return q.Or([whole, q.Prefix(field, f"{value} ", boost=boost), *around])
