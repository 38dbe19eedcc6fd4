"""Reads patterns: words with `*` for any letters, or `?` for one inside them. They are cut into words as texts are."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from newsdex.index.text.analysis import MARKS, words
from newsdex.index.text.scripts import UNSPACED

SIGNS = "*?"
_PHRASE_SIGNS = frozenset("*?~")
_LETTER = rf"\w{MARKS}"
_ENDS = re.compile(rf"^[^{_LETTER}*]+|[^{_LETTER}*]+$")
_PATTERN = re.compile(rf"[{_LETTER}{SIGNS}'’.-]+")
"""What else a word has inside it makes it a link or a sum, and `?` and `*` part of those."""
_HAS_UNSPACED = re.compile(rf"[{UNSPACED}]").search
_AS_LETTERS = str.maketrans(SIGNS, "\ua500\ua501")
"""Letters of a script that no query has stand for the signs while a pattern is cut."""


_FUZZY_END = re.compile(r"(?<=[^\W\d])~[12]?(?!\w)")
_FUZZY = re.compile(rf"(?P<word>.*[^\W\d_{UNSPACED}])~(?P<edits>[12]?)")


class FuzzyPiece(NamedTuple):
    """A word of a phrase with at most so many letters wrong."""

    word: str
    edits: int


def fuzzy_of(piece: str) -> FuzzyPiece | None:
    """Return the fuzzy word that one of the `pieces` is, or None."""
    found = _FUZZY.fullmatch(piece)
    return FuzzyPiece(found["word"], int(found["edits"] or 1)) if found else None


def stands_for_others(text: str) -> bool:
    """Return whether a phrase has patterns or fuzzy words among its own."""
    return bool(_PHRASE_SIGNS & set(text)) and any(is_pattern(one) or fuzzy_of(one) for one in pieces(text))


def pattern_of(text: str, *, whole: bool = False) -> str:
    """Return the pattern that a word is, without what stands around it, or an empty text.

    At a word's beginning and end a question mark asks a question. A value of a filter is taken `whole`.
    """
    pattern = text.rstrip("?'") if whole else _ENDS.sub("", text)
    if not set(SIGNS) & set(pattern) or not pattern.strip(SIGNS) or not (whole or _PATTERN.fullmatch(pattern)):
        return ""
    return pattern


def pieces(text: str) -> Sequence[str]:
    """Return the words of a text that may have patterns among them, and what stands alone of their signs."""
    if _HAS_UNSPACED(text):
        return text.split()
    lettered = _FUZZY_END.sub(lambda end: "\ua502" * len(end[0]), text.translate(_AS_LETTERS))
    return [text[start:end] for _, start, end in words(lettered)]


def is_pattern(piece: str) -> bool:
    """Return whether a word stands for others."""
    return bool(set(SIGNS) & set(piece))
