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
_JAMO = r"[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9d"
SIGN = rf"(?:[{_KANA}][{_VOICED}{JOINERS}]*|(?:[{UNSPACED}]|{_JAMO})[{JOINERS}]*)"
"""What a reader calls one sign: with the invisible signs and, in kana, the marks of voice behind it."""
RUN = rf"(?:{SIGN})+"
_sign = re.compile(SIGN)
_is_unspaced = re.compile(rf"[{UNSPACED}]|{_JAMO}").match
_taken_apart = re.compile(rf"[\uff66-\uff9d{_VOICED}{JOINERS}\u1100-\u11ff]").search
_run_taken_apart = re.compile(rf"[\uff66-\uff9f]+|(?<=[{UNSPACED}])[{JOINERS}]+|(?:{_JAMO})+|[{_KANA}][{_VOICED}]+")
TO_COMPOSE = "\u1100-\u11ff\u200b-\u200f\u2060\u3099\u309a\ufe00-\ufe0f\ufeff\uff66-\uff9f"
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
    return _run_taken_apart.sub(_composed, text)


def _composed(run: re.Match[str]) -> str:
    made = unicodedata.normalize("NFKC", _without_joiners(run[0]))
    # a sign that has no voice of its own loses the mark, as in `fold`; a mark by itself parts words
    return made if run[0][0] in _VOICED else _voices.sub("", made)


def _without_joiners(text: str) -> str:
    return _joiners.sub("", text)


_joiners = re.compile(rf"[{JOINERS}]")
_voices = re.compile(f"[{_VOICED}]")
