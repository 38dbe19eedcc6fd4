"""Tells signs of full width that are commands from those that are punctuation, as in headlines of East Asia.

Who types a command by such a keyboard means the signs of ASCII. In a headline `－` is a dash, `（…）` adds a remark,
and `＊` marks a note.
"""

import re

from newsdex.index.text.scripts import UNSPACED
from newsdex.search.language.plain_text import FEW_WORDS
from newsdex.search.language.tokenizer import NAMED_FIELD

LONGEST_TYPED = 6
"""More signs in a row, in a script without spaces, are rather a sentence than one word of a list."""

_INSIDE = re.compile(rf"(?<=[A-Za-z])？(?=[A-Za-z])|\b(?:{NAMED_FIELD})：", re.IGNORECASE)
"""Question marks and colons of full width end sentences and labels: here they are signs."""
_BRACKETS = re.compile(rf"(?:[\s()（）]|^)(?:AND|OR|NOT|ANDNOT)(?=[\s()（）])|\b(?i:{NAMED_FIELD}):[(（]")
"""What shows that brackets group parts of a command."""
_HAS_BRACKET = re.compile("[(（]").search
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SENTENCE = re.compile(rf"[{UNSPACED}]{{{LONGEST_TYPED + 1}}}|[\u3041-\u3096、。，．！？：；・「」『』【】〈〉《》…]")
"""What a list of words does not have: long runs, hiragana, which holds Japanese sentences together, punctuation."""
_BEFORE_WORD = re.compile(r"(?<![^\s(（])[－＋](?=[^\W\d]|[(（\"＂])")


def with_half_width_signs(text: str) -> str:
    """Return a text of the same length with those signs that are commands as the taggers know them: `（` is `(`."""
    if text.isascii():
        return text
    text = _INSIDE.sub(lambda sign: sign[0].replace("？", "?").replace("：", ":"), text)
    grouped = bool(_HAS_BRACKET(text) and _are_balanced(text) and _BRACKETS.search(text))
    if grouped:
        text = text.replace("（", "(").replace("）", ")")
    if not _UNSPACED.search(text):
        text = text.replace("＊", "*")
    narrow = {"－": "-", "＋": "+"} if grouped or _is_a_list(text) else {"－": " ", "＋": " "}
    return _BEFORE_WORD.sub(lambda sign: narrow[sign[0]], text)


def _is_a_list(text: str) -> bool:
    """Return whether a text is a few words in a row, of which one may be left out; two dashes enclose a remark."""
    return len(text.split()) <= FEW_WORDS and text.count("－") <= 1 and not _SENTENCE.search(text)


def _are_balanced(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign in "(（") - (sign in ")）")
        if depth < 0:
            return False
    return depth == 0
