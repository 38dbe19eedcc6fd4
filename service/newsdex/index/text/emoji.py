"""Emoji as words: a picture with all that changes it, or a flag.

One is found where it stands, and takes no place of its own: a phrase goes on behind it as if it were not there.
"""

import re

_WIDE = "\U0001f000-\U0001f0ff\U0001f10d-\U0001f10f\U0001f12f\U0001f16c-\U0001f171\U0001f17e-\U0001f17f\U0001f18e"
PICTURES = (
    "\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u2600-\u2604\u2607-\u275a\u275f-\u2767\u2794-\u27bf\u2b1b\u2b1c\u2b50\u2b55"
)
"""Those of the Basic Multilingual Plane, without stars, digits in circles and brackets, which adorn texts."""
_PICTURE = (
    rf"[{PICTURES}{_WIDE}\U0001f191-\U0001f19a\U0001f1ad-\U0001f1e5\U0001f201-\U0001f20f\U0001f21a\U0001f22f"
    r"\U0001f232-\U0001f23a\U0001f23c-\U0001f3fa\U0001f400-\U0001faff]"
)
_TONES, _SELECTOR, _JOINER = "\U0001f3fb-\U0001f3ff", "\ufe0f", "\u200d"
_TAGS = "\U000e0020-\U000e007f"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_WHOLE = rf"{_PICTURE}[{_SELECTOR}{_TONES}]*[{_TAGS}]*"
EMOJI = rf"(?:{_FLAG}|{_WHOLE}(?:{_JOINER}(?:{_WHOLE}|[\u2640\u2642]{_SELECTOR}?))*)"
_is_emoji = re.compile(EMOJI).match
_changed = re.compile(rf"[{_SELECTOR}{_JOINER}{_TONES}]")
FIRST_PICTURE = PICTURES[0]


def is_emoji(word: str) -> bool:
    """Return whether a word is an emoji."""
    return word >= FIRST_PICTURE and _is_emoji(word) is not None


def plain_emoji(word: str) -> str:
    """Return an emoji without the tone of its skin, and whether it is shown in colour."""
    return _changed.sub("", word)
