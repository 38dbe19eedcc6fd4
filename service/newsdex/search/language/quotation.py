"""Which signs open and close a quotation, in the languages of the world.

A sign that stands between two letters is part of a word: of `don’t`, and of the Hebrew `דו"ח`. Scripts without spaces
write quotations right beside their letters, so there it is none.
"""

import re

from newsdex.index.text.scripts import UNSPACED

PAIRS = (
    *('""', "＂＂", "“”", "„“", "„”", "‟”", "””", "““", "«»", "»«", "»»", "‹›", "›‹", "››"),
    *("「」", "『』", "｢｣", "﹁﹂", "﹃﹄", "《》", "〈〉", "〝〞", "〝〟", "❝❞"),
)
"""What opens and what closes."""
MARKS = "".join(dict.fromkeys("".join(PAIRS)))
SINGLE_OPENING, SINGLE_CLOSING = "'‘‚‛’´`❛", "'’‘´`❜"
"""Single ones are apostrophes, too: they open behind what is no letter, and close before it."""

_LETTER = rf"[^\W{UNSPACED}]"
_BEHIND, _BEFORE = rf"(?<={_LETTER})", rf"(?={_LETTER})"
INSIDE_WORD = rf'{_BEHIND}["”“„]{_BEFORE}'
"""A quotation mark that opens and closes nothing."""
_is_inside_word = re.compile(INSIDE_WORD)


def _pair(opening: str, closing: str) -> str:
    return rf"{opening}(?:[^{opening}{closing}]|{INSIDE_WORD})*{closing}"


_SINGLE = rf"(?:[^{SINGLE_OPENING}{SINGLE_CLOSING}]|(?<=\w)[{SINGLE_CLOSING}](?=\w))+"
QUOTATION = "|".join(
    (
        rf"(?<!{_LETTER})(?=[{MARKS}])(?:{'|'.join(_pair(*pair) for pair in PAIRS)}|[{MARKS}][^{MARKS}]*[{MARKS}])",
        r"``[^`']*''",
        rf"(?<!\w)[{SINGLE_OPENING}](?=\S){_SINGLE}(?<=\S)[{SINGLE_CLOSING}](?!\w)",
    )
)
"""A quotation with its signs: those of a pair, and else any two."""


def quoted_text(quotation: str) -> str:
    """Return what stands in a quotation, without signs that the quotes of the grammar could be taken for."""
    inside = quotation.strip(MARKS + SINGLE_OPENING + SINGLE_CLOSING)
    return re.sub(r'"', lambda sign: '"' if _is_inside_word.match(inside, sign.start()) else " ", inside).strip()
