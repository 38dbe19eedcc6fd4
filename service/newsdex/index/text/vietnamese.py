"""Vietnamese words as readers tell them apart: by the marks of their vowels and of their tone.

`ma`, `má` and `mạ` are three words, as `đường` and `dương` are two, so a word's marks belong to its stem here.
"""

import re
import unicodedata

TONES = "\u0300\u0301\u0303\u0309\u0323"
"""Falling, rising, broken, asking and heavy."""
_TONE = re.compile(f"[{TONES}]")
_LAST_Y = re.compile("(?<=[bcdđghklmnprstvx])y$")


def toned(word: str) -> str:
    """Return a word in small letters with its tone behind them all: `hòa` and `hoà` are one word, `Mỹ` and `Mĩ` too."""
    if word.isascii():
        return _LAST_Y.sub("i", word)
    parts = unicodedata.normalize("NFD", word)
    letters = unicodedata.normalize("NFC", _TONE.sub("", parts))
    return _LAST_Y.sub("i", letters) + "".join(_TONE.findall(parts))


def has_marks(stem: str) -> bool:
    """Return whether a word was written with marks; who leaves them out leaves out all."""
    return not stem.isascii()
