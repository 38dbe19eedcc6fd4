"""Words of a text, the same for the index, for queries and for marking matches.

A word is indexed as it stands, folded, and by its stem in the article's language at the same place. English stems are
terms like any word; stems of another language begin with a mark that names it, so that a French stem finds no English
word. A query need not name a language: it asks for a word's stem in every language that the index has.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from whoosh.analysis import Analyzer, Token

from newsdex.index.text.emoji import EMOJI, is_emoji, plain_emoji
from newsdex.index.text.folding import ACCENTS, APOSTROPHES, ARABIC_MARKS, HEBREW_POINTS, fold, lowered
from newsdex.index.text.languages import DEFAULT, OWN_SCRIPT, TONAL, stemmers
from newsdex.index.text.scripts import FIRST_UNSPACED, JOINERS, OLD_JAMO, RUN, UNSPACED, is_unspaced, signs
from newsdex.index.text.spellings import ENDING, other_number, other_spellings, with_digraphs, without_article

MARKS = rf"{ACCENTS}{HEBREW_POINTS}{ARABIC_MARKS}{JOINERS}\u0900-\u0dff"  # belong to the letter before
_LETTER = rf"[^\W_\u1100-\u11ff\uff9e\uff9f{UNSPACED}]"  # marks of voice are letters behind kana only
LETTERS = rf"{_LETTER}+(?:[{MARKS}]+{_LETTER}*)*"
_INITIAL = rf"[^\W\d_\u1100-\u11ff\uff9e\uff9f{UNSPACED}]"
_INITIALS = rf"(?<![^\W_])(?:{_INITIAL}(?:\.{_INITIAL}(?!\w))+|[A-Z][A-Za-z](?:\.[A-Z]{{1,2}}(?=\.))+)"
_WORD = rf"{LETTERS})(?:[{APOSTROPHES}]{LETTERS})*|{RUN}|{EMOJI}|{OLD_JAMO}"
WORD = re.compile(rf"(?:{_INITIALS}|{_WORD}")
WORD_OF_PIECE = re.compile(rf"(?:{_INITIAL}{{1,2}}(?:\.{_INITIAL}{{1,2}})+|{_WORD}")
"""The same in a piece of a text that `with_inner_dots` gave, in small letters: all its dots are inner."""
DOT_OF_INITIALS = re.compile(
    rf"\.(?:(?<={_INITIAL}\.)(?<![^\W_][^\W_]\.)(?={_INITIAL}(?!\w))"
    rf"|(?<=[A-Z][A-Za-z]\.)(?<![^\W_][A-Z][A-Za-z]\.)(?=[A-Z]{{1,2}}\.))"
)
"""The dots inside `U.S.`, `J.R.R.` and `Ph.D.`, which part no words, and some that part: see `WORD`."""
INNER_DOT = "\0"
"""Stands for the dots inside initials where a text is cut into pieces; no article has it."""

POSSESSIVES = tuple(f"{apostrophe}{s}" for apostrophe in APOSTROPHES for s in "sS")
_ARABIC_AND = re.compile(r"[وف](?=[بك]?ال\w\w|لل\w\w)")
"""Arabic for `and`, written in one with the article that follows; the stemmer knows the article."""
_DOTLESS = str.maketrans({"I": "ı", "İ": "i"})
_WITH_DOTLESS = frozenset({"tr"})
_ELISIONS = {
    "fr": re.compile(rf"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)[{APOSTROPHES}](?=\w)"),
    "it": re.compile(rf"(?:[cdlmstv]|un|gl|agl|all|dagl|dall|degl|dell|negl|nell|sugl|sull)[{APOSTROPHES}](?=\w)"),
    "ca": re.compile(rf"[dlmnst][{APOSTROPHES}](?=\w)"),
}
"""Small words that lean on the next one: `l’élection`."""
MARK = "\x1f"
"""Begins the stems of a language other than the default, before its two letters; no word has it.

A stem of the default language has it, too, where it is a word with another stem: `commissioner` must not be found by
`commission`."""
LONGEST_WORD = 100
"""Longer ones are cut: they are noise, and a term must stay small."""


_stem = stemmers[DEFAULT]


def terms(word: str, language: str) -> tuple[str, ...]:
    """Return what a word of an article is indexed as, all at one place: its stem, and itself where that is another."""
    plain = word.isascii() and word.isalnum()
    if not plain and is_unspaced(word):
        return (fold(word)[:LONGEST_WORD],)
    if not plain and is_emoji(word):
        return (plain_emoji(word)[:LONGEST_WORD],)
    spelled = word if plain else _without_possessive(word)
    if language == DEFAULT or (language in OWN_SCRIPT and spelled.isascii()):
        folded = word.lower()[:LONGEST_WORD] if plain else fold(spelled)[:LONGEST_WORD] or word
        stem = stem_of(folded)
        return (stem, folded) if folded != stem else (stem,)
    if language in _WITH_DOTLESS:
        spelled = ENDING.sub("", in_own_case(spelled, language))
    spelled = lowered(spelled)
    elided = _ELISIONS[language].match(spelled) if language in _ELISIONS else None
    spelled = spelled[elided.end() :] if elided else spelled
    folded = fold(spelled)[:LONGEST_WORD] or word
    if folded[0].isdecimal() or folded >= FIRST_UNSPACED:
        return (folded,)
    # stemmers know accents; what they leave is folded
    if language == "ar":
        spelled = _ARABIC_AND.sub("", spelled, count=1) if _ARABIC_AND.match(spelled) else spelled
    stem = stemmers[language](spelled[:LONGEST_WORD])
    return f"{MARK}{language}{(stem if language == TONAL else fold(stem)) or folded}", folded


def in_own_case(text: str, language: str) -> str:
    """Return a text that may be written in small letters: in some languages that of `I` is no `i`."""
    return text.translate(_DOTLESS) if language in _WITH_DOTLESS else text


def indexed_as(word: str, language: str) -> tuple[str, ...]:
    """Return all that a word of an article is found by, at one place.

    These are its terms, those of its other spellings, and for a pair of signs the first of them.
    """
    own = terms(word, language)
    if word.isascii() and word.isalnum():
        return own
    if not is_unspaced(word):
        spelled = other_spellings(word, language)
        return tuple(dict.fromkeys((*own, *(term for other in spelled for term in terms(other, language)))))
    if len(word) == 1:
        return own
    first, *others = signs(word)
    return (*own, fold(word[: first[1]])) if others else own


def stem_of(folded: str) -> str:
    """Return the stem in the default language of a folded word, marked where it is a word with another stem."""
    if not folded.isascii():
        return folded
    stem = _stem(folded)
    return stem if stem == folded or _stem(stem) == stem else f"{MARK}{DEFAULT}{stem}"


def bare_stem(stem: str) -> str:
    """Return a stem in the default language without its mark."""
    return stem.removeprefix(f"{MARK}{DEFAULT}")


@lru_cache(maxsize=10_000)
def plain_form(word: str) -> str:
    """Return a word as it stands in the index besides its stem, folded; its language is not known."""
    return terms(word, DEFAULT)[-1]


def _without_possessive(word: str) -> str:
    bare = word[:-2] if word.endswith(POSSESSIVES) else word
    return bare.replace(".", "")


@lru_cache(maxsize=10_000)
def alternatives(words: tuple[str, ...], languages: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the series of terms that stand for some words of a query that follow each other, one series a language.

    In a language with accents they may be left out of a query; a word is also found as it stands, folded.
    """
    found = [tuple(terms(word, DEFAULT)[0] for word in words)]
    others = [language for language in languages if language != DEFAULT]
    otherwise = {tuple(map(change, words)) for change in (with_digraphs, without_article, other_number)} - {words}
    found += [tuple(terms(word, DEFAULT)[0] for word in written) for written in sorted(otherwise)]
    for spelled in (words, tuple(fold(word) or word for word in words)):
        found += [tuple(terms(word, language)[0] for word in spelled) for language in others]
    if others:
        found += [tuple(terms(word, language)[-1] for word in words) for language in languages]
    return tuple(dict.fromkeys(found))


def certain_part(stem: str) -> str:
    """Return what every word of an article in the default language with this term contains, folded.

    The English stemmer (Snowball's Porter2) changes at most the last letter of what it leaves (`happy`, `happi`;
    `hoping`, `hope`), but for `dying` and its like, which become `die`.
    """
    stem = bare_stem(stem)
    if not stem.isascii():
        return fold(stem)
    return stem[0] if len(stem) == len("die") and stem.endswith("ie") else stem[:-1]


def folded_lines(text: str) -> list[str]:
    """Return the lines of a text, folded as words are: a word of a line is in its folded line."""
    return fold(with_inner_dots(text).replace(INNER_DOT, "")).split("\n")


def with_inner_dots(text: str) -> str:
    """Return a text in which `INNER_DOT` stands for each dot inside a word, so that all others part words."""
    made, behind = [], 0
    for dot in DOT_OF_INITIALS.finditer(text):
        if dot.start() < behind:
            continue
        start = text.rfind(" ", 0, dot.start()) + 1
        made.append(text[behind:start])
        behind = text.find(" ", dot.end()) % (len(text) + 1)
        made.append(WORD.sub(_with_inner_dots, text[start:behind]))
    return "".join([*made, text[behind:]]) if made else text


def _with_inner_dots(word: re.Match[str]) -> str:
    return word[0].replace(".", INNER_DOT)


def words(text: str, word_pattern: re.Pattern[str] = WORD) -> Iterator[tuple[str, int, int]]:
    """Return (word, start, end) of each word as it stands.

    In scripts without spaces these are the pairs of signs of a run, and its last sign. Offsets are of the text as
    given, in characters.
    """
    for match in word_pattern.finditer(text):
        word, start = match.group(), match.start()
        if word < FIRST_UNSPACED or not is_unspaced(word):
            yield word, start, match.end()
            continue
        places = signs(word)
        for (begin, _), (_, end) in pairwise(places):
            yield word[begin:end], start + begin, start + end
        yield word[places[-1][0] :], start + places[-1][0], match.end()


def phrase_words(text: str) -> list[str]:
    """Return the `words` that a text has one after the other, without the last sign of a run at its end.

    The pair before it covers that sign. Emoji have no place among other words.
    """
    found = list(words(text))
    found = [one for one in found if not is_emoji(one[0])] or found[:1]
    covered = len(found) > 1 and found[-1][1] < found[-2][2]
    return [word for word, _, _ in (found[:-1] if covered else found)]


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
        position = start_pos - 1
        for word, start, end in words(value):
            position += not is_emoji(word)
            token.pos = max(position, start_pos)
            token.startchar, token.endchar = start_char + start, start_char + end
            token.boost = 1.0
            for token.text in self._forms(word, mode):
                yield token

    def _forms(self, word: str, mode: str) -> tuple[str, ...]:
        if self.language is None:
            return (word,)
        return terms(word, self.language)[:1] if mode == "query" else indexed_as(word, self.language)
