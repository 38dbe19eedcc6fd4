"""Words of a text, the same for the index, for queries and for marking matches.

A word is indexed as it stands, folded, and by its stem at the same place; a query asks for the stem. So `run` finds
`running`, and prefixes and patterns see whole words.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer
from whoosh.analysis import Analyzer, Token

_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # scripts without spaces: taken two by two
_MARKS = r"\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0dff\u0e00-\u0e7f"  # belong to the letter before
_LETTERS = rf"[^\W{_UNSPACED}]+(?:[{_MARKS}]+[^\W{_UNSPACED}]*)*"
WORD = re.compile(rf"{_LETTERS}(?:['’ʼ]{_LETTERS})*|[{_UNSPACED}]+")
FIRST_UNSPACED = "\u3040"
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]").match
_APOSTROPHES = "'’ʼ"
_stem = Stemmer.Stemmer("english").stemWord

POSSESSIVES = tuple(f"{apostrophe}{s}" for apostrophe in _APOSTROPHES for s in "sS")
MAX_CHANGED_LETTERS = 2
LONGEST_WORD = 100
"""Longer ones are cut: they are noise, and a term must stay small."""


@lru_cache(maxsize=100_000)
def forms(word: str) -> tuple[str, str]:
    """Give a word folded, and its stem: NFKC, case folding, no possessive `'s`, no apostrophe inside."""
    bare = next((word.removesuffix(ending) for ending in POSSESSIVES if word.endswith(ending)), word)
    folded = fold(bare)[:LONGEST_WORD] or word
    return folded, _stem(folded) if folded.isascii() else folded


def fold(text: str) -> str:
    """Give a text as words are compared, line by line: NFKC, case folding, without apostrophes."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for apostrophe in _APOSTROPHES:
        folded = folded.replace(apostrophe, "")
    return folded


def certain_part(stem: str) -> str:
    """Give what every word with this stem contains, folded.

    The English stemmer (Snowball's Porter2) changes at most the last two letters of what it leaves: `lying`, `lie`.
    """
    return stem[:-MAX_CHANGED_LETTERS] if stem.isascii() else stem


def words(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Give (folded, stem, start, end) of each word; offsets are of the text as given, in characters."""
    for word, start, end in raw_words(text):
        yield (*forms(word), start, end)


def raw_words(text: str) -> Iterator[tuple[str, int, int]]:
    """Give (word, start, end) of each word as it stands; pairs of characters in scripts without spaces."""
    for match in WORD.finditer(text):
        word, start = match.group(), match.start()
        if word < FIRST_UNSPACED or len(word) == 1 or not _IS_UNSPACED(word):
            yield word, start, match.end()
            continue
        for offset in range(len(word) - 1):
            yield word[offset : offset + 2], start + offset, start + offset + 2


class NewsAnalyzer(Analyzer):  # type: ignore[misc]  # whoosh has no types
    """The same words, as Whoosh wants them."""

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
        for position, (folded, stem, start, end) in enumerate(words(value), start_pos):
            token.pos = position
            token.startchar, token.endchar = start_char + start, start_char + end
            token.boost = 1.0
            token.text = stem
            yield token
            if folded != stem and mode != "query":
                token.text = folded
                yield token
