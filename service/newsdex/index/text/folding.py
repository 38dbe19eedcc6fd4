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
VOICES = "\u3099\u309a"
"""Marks of kana; where they are left, they stand behind a sign that has no voice."""

_DROPPED = re.compile(rf"[{APOSTROPHES}{JOINERS}{ARABIC_MARKS}{HEBREW_POINTS}{ACCENTS}{TATWEEL}{VOICES}]")
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
    "ھ": "ه",
    # Indian scripts: the marks of a nasal vowel are one, and the dot under a letter may be left out (as Lucene's
    # HindiNormalizer); those of Bengali are letters of their own
    **dict(zip("ँઁଁఁਁੰ", "ंંଂంਂਂ", strict=True)),
    **dict.fromkeys("\u093c\u0a3c\u0abc\u0b3c", ""),
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
_INDIAN = (0x0900, 0x0A80, 0x0B00, 0x0C00, 0x0C80)
"""Where Devanagari, Gujarati, Odia, Telugu and Kannada begin: they have their letters in the same order."""
_NASALS = ((0x19, 0x15, 0x18), (0x1E, 0x1A, 0x1D), (0x23, 0x1F, 0x22), (0x28, 0x24, 0x27), (0x2E, 0x2A, 0x2D))
"""A nasal, and the first and last of the consonants before which a dot above the line may stand for it."""
_VIRAMA, _ANUSVARA = 0x4D, 0x02
_NASAL = re.compile(
    "|".join(
        f"{chr(block + nasal)}{chr(block + _VIRAMA)}(?=[{chr(block + first)}-{chr(block + last)}])"
        for block in _INDIAN
        for nasal, first, last in _NASALS
    )
)


def _as_anusvara(found: re.Match[str]) -> str:
    """Return the dot that is also written for a nasal: `हिंदी` for `हिन्दी`."""
    return chr((ord(found[0][0]) & ~0x7F) + _ANUSVARA)


_NO_APOSTROPHES = dict.fromkeys(map(ord, APOSTROPHES))
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def fold(text: str) -> str:
    """Return a text as words are compared, line by line: NFKC, case folding, no apostrophes, accents or joiners."""
    if text.isascii():
        return text.lower().translate(_NO_APOSTROPHES)
    # before what Unicode makes of them: an accent by itself is a space and an accent there
    text = text.translate(_NO_APOSTROPHES)
    return _NOT_ASCII.sub(lambda found: _NASAL.sub(_as_anusvara, found[0].translate(_folds)), lowered(text))


def folded_in_place(text: str) -> str | None:
    """Return a text folded letter by letter, apostrophes kept, or None where letters would change their places."""
    if text.isascii():
        return text.lower()
    lower = text.casefold()
    table = {
        ord(letter): letter if letter in APOSTROPHES else _folds[ord(letter)]
        for letter in set(lower)
        if not letter.isascii()
    }
    in_place = len(lower) == len(text) and not _NASAL.search(lower) and unicodedata.is_normalized("NFKC", text)
    return lower.translate(table) if in_place and all(len(letter) == 1 for letter in table.values()) else None


def lowered(text: str) -> str:
    """Return a text with case and width folded and everything else kept: what stemmers expect."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
