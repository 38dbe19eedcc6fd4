"""The scripts that are written without spaces between words: which characters they have, and how a run of them is cut.

A run is taken two signs at a time, as Lucene's CJKBigramFilter does, and its last sign stands by itself. Hangul is cut
so, too: its words are written with particles behind them and compounds now with a space and now without.
"""

import re
import unicodedata

JOINERS = "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
"""Invisible signs inside words: soft hyphens, spaces of no width, joiners, directions, variation selectors."""

UNSPACED_RANGES = (
    ("\u0e01", "\u0e3a"), ("\u0e40", "\u0e4e"), ("\u0e81", "\u0ece"),  # Thai, Lao
    ("\u1000", "\u103f"), ("\u1050", "\u108f"),  # Burmese
    ("\u1780", "\u17d3"),  # Khmer
    ("\u3005", "\u3007"), ("\u303b", "\u303c"), ("\u3041", "\u3096"), ("\u309d", "\u309f"),  # 々〆〇, hiragana
    ("\u30a1", "\u30fa"), ("\u30fc", "\u30ff"), ("\u31f0", "\u31ff"),  # katakana
    ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"),  # ideographs
    ("\uac00", "\ud7a3"),  # Hangul
    ("\uf900", "\ufaff"),  # ideographs once more
    ("\uff66", "\uff9d"),  # katakana of half width
    ("\U00020000", "\U0003ffff"),  # ideographs beyond the Basic Multilingual Plane
)  # fmt: skip
"""The first and the last character of each block, in order; digits and punctuation are left out."""
UNSPACED = "".join(f"{first}-{last}" for first, last in UNSPACED_RANGES)
FIRST_UNSPACED = UNSPACED_RANGES[0][0]
_VOICED = "\u3099\u309a\uff9e\uff9f"
_JAMO = r"[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"
OLD_JAMO = rf"(?:(?!{_JAMO})[\u1100-\u11ff])+"
"""Letters of Hangul that make no syllable of today, which Unicode leaves apart: they are words by themselves."""
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9d"
SIGN = rf"(?:[{_KANA}][{_VOICED}{JOINERS}]*|(?:[{UNSPACED}]|{_JAMO})[{JOINERS}]*)"
"""What a reader calls one sign: with the invisible signs and, in kana, the marks of voice behind it."""
RUN = rf"(?:{SIGN})+"
_sign = re.compile(SIGN)
_is_unspaced = re.compile(rf"[{UNSPACED}]|{_JAMO}").match
_taken_apart = re.compile(rf"[\uff66-\uff9d{_VOICED}{JOINERS}\u1100-\u11ff]").search
_sign_taken_apart = re.compile(
    rf"(?P<kana>[{_KANA}][{_VOICED}{JOINERS}]+|[\uff66-\uff9d])|(?P<jamo>{_JAMO})[{JOINERS}]*|([{UNSPACED}])[{JOINERS}]+"
)
TO_COMPOSE = rf"\u1100-\u11ff{_VOICED}{JOINERS}\uff66-\uff9d"
"""A text that `composed` changes has some of these."""


def is_unspaced(word: str) -> bool:
    """Return whether a word is of signs that are written without spaces."""
    return word >= FIRST_UNSPACED and _is_unspaced(word) is not None


def signs(run: str) -> list[tuple[int, int]]:
    """Return where each sign of a run begins and ends."""
    if not _taken_apart(run):
        return [(at, at + 1) for at in range(len(run))]
    return [match.span() for match in _sign.finditer(run)]


def composed(text: str) -> str:
    """Return a text in which each sign of such a script is one character, as far as Unicode has one for it."""
    return _sign_taken_apart.sub(_composed, text)


def _composed(sign: re.Match[str]) -> str:
    if sign["kana"]:
        # what has no voice of its own loses the mark, as in `fold`; a mark behind a joiner does, too
        return _marks.sub("", unicodedata.normalize("NFKC", sign[0]))
    return unicodedata.normalize("NFKC", sign["jamo"]) if sign["jamo"] else sign[0][0]


_marks = re.compile(rf"[{_VOICED}{JOINERS}]")
