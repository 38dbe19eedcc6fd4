"""Words of a text, the same for the index, for queries and for marking matches.

A word is indexed as it stands, folded, and by its stem in the article's language at the same place. English stems are
terms like any word; stems of another language begin with a mark that names it, so that a French stem finds no English
word. A query need not name a language: it asks for a word's stem in every language that the index has.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from whoosh.analysis import Analyzer, Token

from newsdex.index.text.folding import ACCENTS, APOSTROPHES, ARABIC_MARKS, HEBREW_POINTS, JOINERS, fold, lowered
from newsdex.index.text.languages import DEFAULT, OWN_SCRIPT, stemmers

UNSPACED = (  # scripts without spaces: taken two by two
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Japanese, Chinese
)
MARKS = rf"{ACCENTS}{HEBREW_POINTS}{ARABIC_MARKS}{JOINERS}\u0900-\u0dff"  # belong to the letter before
LETTERS = rf"[^\W{UNSPACED}]+(?:[{MARKS}]+[^\W{UNSPACED}]*)*"
_INITIAL = rf"[^\W\d_{UNSPACED}]"
_INITIALS = rf"(?<!\w){_INITIAL}(?:\.{_INITIAL}(?!\w))+"
WORD = re.compile(rf"(?:{_INITIALS}|{LETTERS})(?:[{APOSTROPHES}]{LETTERS})*|[{UNSPACED}]+")
DOT_OF_INITIALS = re.compile(rf"\.(?<={_INITIAL}\.)(?<!\w\w\.)(?={_INITIAL}(?!\w))")
"""The dots inside `U.S.` and `J.R.R.`, which part no words."""
FIRST_UNSPACED = "\u0e00"
_IS_UNSPACED = re.compile(rf"[{UNSPACED}]").match

POSSESSIVES = tuple(f"{apostrophe}{s}" for apostrophe in APOSTROPHES for s in "sS")
_ELISIONS = {
    "fr": re.compile(rf"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)[{APOSTROPHES}](?=\w)"),
    "it": re.compile(rf"(?:[cdlmstv]|un|gl|agl|all|dagl|dall|degl|dell|negl|nell|sugl|sull)[{APOSTROPHES}](?=\w)"),
    "ca": re.compile(rf"[dlmnst][{APOSTROPHES}](?=\w)"),
}
"""Small words that lean on the next one: `l’élection`."""
MARK = "\x1f"
"""Begins the stems of a language other than the default, before its two letters; no word has it."""
LONGEST_WORD = 100
"""Longer ones are cut: they are noise, and a term must stay small."""


_stem = stemmers[DEFAULT]


def terms(word: str, language: str) -> tuple[str, ...]:
    """Give what a word of an article is indexed as, all at one place: its stem, and itself where that is another."""
    plain = word.isascii() and word.isalnum()
    spelled = word if plain else _without_possessive(word)
    if language == DEFAULT or (language in OWN_SCRIPT and spelled.isascii()):
        folded = word.lower()[:LONGEST_WORD] if plain else fold(spelled)[:LONGEST_WORD] or word
        stem = stem_of(folded)
        return (stem, folded) if folded != stem else (stem,)
    spelled = lowered(spelled)
    elided = _ELISIONS[language].match(spelled) if language in _ELISIONS else None
    spelled = spelled[elided.end() :] if elided else spelled
    folded = fold(spelled)[:LONGEST_WORD] or word
    if folded[0].isdecimal() or folded >= FIRST_UNSPACED:
        return (folded,)
    # stemmers know accents; what they leave is folded
    return f"{MARK}{language}{fold(stemmers[language](spelled[:LONGEST_WORD])) or folded}", folded


def stem_of(folded: str) -> str:
    """Give the stem in the default language of a folded word."""
    return _stem(folded) if folded.isascii() else folded


@lru_cache(maxsize=10_000)
def plain_form(word: str) -> str:
    """Give a word as it stands in the index besides its stem, folded; its language is not known."""
    return terms(word, DEFAULT)[-1]


def _without_possessive(word: str) -> str:
    bare = next((word.removesuffix(ending) for ending in POSSESSIVES if word.endswith(ending)), word)
    return bare.replace(".", "")


@lru_cache(maxsize=10_000)
def alternatives(words: tuple[str, ...], languages: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Give the series of terms that stand for some words of a query that follow each other, one series a language.

    In a language with accents they may be left out of a query; a word is also found as it stands, folded.
    """
    found = [tuple(terms(word, DEFAULT)[0] for word in words)]
    others = [language for language in languages if language != DEFAULT]
    for spelled in (words, tuple(fold(word) or word for word in words)):
        found += [tuple(terms(word, language)[0] for word in spelled) for language in others]
    if others:
        found += [tuple(terms(word, language)[-1] for word in words) for language in languages]
    return tuple(dict.fromkeys(found))


def certain_part(stem: str) -> str:
    """Give what every word of an article in the default language with this term contains, folded.

    The English stemmer (Snowball's Porter2) changes at most the last letter of what it leaves (`happy`, `happi`;
    `hoping`, `hope`), but for `dying` and its like, which become `die`.
    """
    if not stem.isascii():
        return fold(stem)
    return stem[0] if len(stem) == len("die") and stem.endswith("ie") else stem[:-1]


def folded_lines(text: str) -> list[str]:
    """Give the lines of a text, folded as words are: a word of a line is in its folded line."""
    return fold(DOT_OF_INITIALS.sub("", text)).split("\n")


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """Give (word, start, end) of each word as it stands; pairs of characters in scripts without spaces.

    Offsets are of the text as given, in characters.
    """
    for match in WORD.finditer(text):
        word, start = match.group(), match.start()
        if word < FIRST_UNSPACED or len(word) == 1 or not _IS_UNSPACED(word):
            yield word, start, match.end()
            continue
        for offset in range(len(word) - 1):
            yield word[offset : offset + 2], start + offset, start + offset + 2


class NewsAnalyzer(Analyzer):  # type: ignore[misc]  # whoosh has no types
    """The same words, as Whoosh wants them."""

    def __init__(self, language: str | None = DEFAULT) -> None:
        """Take the language of the texts; None leaves words as they are written, to be searched in any language."""
        self.language = language

    def __call__(  # noqa: D102, PLR0913, PLR0917 - whoosh's signature
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        keeporiginal: bool = False,  # noqa: ARG002 - nothing of ours asks for it
        removestops: bool = True,  # noqa: ARG002 - there are no stop words
        start_pos: int = 0,
        start_char: int = 0,
        tokenize: bool = True,
        mode: str = "",
        **_: object,
    ) -> Iterator[Token]:
        token = Token(positions, chars, mode=mode)
        token.stopped = False
        if not tokenize:  # a prefix, a pattern or a fuzzy word: compared with words as they stand
            token.text = fold(value)
            yield token
            return
        for position, (word, start, end) in enumerate(words(value), start_pos):
            token.pos = position
            token.startchar, token.endchar = start_char + start, start_char + end
            token.boost = 1.0
            own = (word,) if self.language is None else terms(word, self.language)
            for token.text in own[:1] if mode == "query" else own:
                yield token
