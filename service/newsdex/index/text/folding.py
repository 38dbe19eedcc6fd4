"""Folds texts to the form in which words are compared: case, width, accents and Arabic letter forms do not matter.

What is another letter to its readers stays one: Cyrillic й, Japanese が, vowel signs of Indian and Thai scripts.
"""

import re
import unicodedata

from newsdex.index.text.scripts import JOINERS

APOSTROPHES = "'’ʼ‘´`ʻʿʾ′＇׳"
"""What stands for an apostrophe inside words, one that opens a quotation or is an accent by itself among them."""
ARABIC_MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
HEBREW_POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
ACCENTS = "\u0300-\u036f"
TATWEEL = "\u0640"

_DROPPED = re.compile(rf"[{APOSTROPHES}{JOINERS}{ARABIC_MARKS}{HEBREW_POINTS}{ACCENTS}{TATWEEL}]")
_LETTERS = {
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "ё": "е",
    "ѐ": "е",
    "ѝ": "и",
    **dict.fromkeys("آأإٱ", "ا"),
    **dict.fromkeys("ىیےئۓ", "ي"),
    **dict.fromkeys("ةۀہۂۃ", "ه"),
    "ک": "ك",
    "ؤ": "و",
}
"""Letters that Unicode does not take apart, and those of Arabic script that are written in more than one way."""
_SCRIPTS_WITH_ACCENTS = ("LATIN", "GREEK")


class _Folds(dict[int, str]):
    """Character → what it is compared as; each is looked up in Unicode's tables once."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded(chr(code))
        return folded


def _folded(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if _DROPPED.match(character):
        return ""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    if unicodedata.name(character, "").startswith(_SCRIPTS_WITH_ACCENTS):
        decomposed = unicodedata.normalize("NFD", character)
        return decomposed[0] if all(map(unicodedata.combining, decomposed[1:])) else character
    return character


_folds = _Folds()
_NO_APOSTROPHES = dict.fromkeys(map(ord, APOSTROPHES))
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def fold(text: str) -> str:
    """Give a text as words are compared, line by line: NFKC, case folding, no apostrophes, accents or joiners."""
    if text.isascii():
        return text.lower().translate(_NO_APOSTROPHES)
    # before what Unicode makes of them: an accent by itself is a space and an accent there
    text = text.translate(_NO_APOSTROPHES)
    return _NOT_ASCII.sub(lambda found: found[0].translate(_folds), lowered(text))


def folded_in_place(text: str) -> str | None:
    """Give a text folded letter by letter, apostrophes kept, or None where letters would change their places."""
    if text.isascii():
        return text.lower()
    lower = text.casefold()
    table = {
        ord(letter): letter if letter in APOSTROPHES else _folds[ord(letter)]
        for letter in set(lower)
        if not letter.isascii()
    }
    in_place = len(lower) == len(text) and unicodedata.is_normalized("NFKC", text)
    return lower.translate(table) if in_place and all(len(letter) == 1 for letter in table.values()) else None


def lowered(text: str) -> str:
    """Give a text with case and width folded and everything else kept: what stemmers expect."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
