"""Turns a text with HTML in it into plain text; what only looks like HTML, such as `5 < 6`, stays.

Not by a parser of documents: to one, `5 < 6` is markup too. Each pattern reads on to the end of the text where its
closing half is missing, as browsers do, so that no text takes more than one pass.
"""

import html
import re

_BLOCKS = (
    "address|article|aside|blockquote|body|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form"
    "|h[1-6]|head|header|hr|html|main|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|br|cite|code|data|del|dfn|em|font|i|img|ins|kbd|li|mark|picture|q|s|samp|small"
    "|source|span|strike|strong|sub|sup|td|th|time|tt|u|var|wbr"
)
_HIDDEN = "script|style|noscript|template|iframe|object|svg|video|audio|canvas|select|button|textarea"
_ATTRIBUTES = r"""(?:\s+(?:"[^"<]*+"|'[^'<]*+'|[^<>"'])*+|\s[^<>]*+|/)?"""

_SKIPPED = re.compile(
    rf"<!--.*?(?:-->|\Z)|<(?P<name>{_HIDDEN})\b[^<>]*+>.*?(?:</(?P=name)\s*>|\Z)|<!\[CDATA\[|\]\]>|<!doctype[^<>]*+>"
    r"|<\?xml[^<>]*+>",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(
    rf"<(?P<close>/?)(?:(?P<block>{_BLOCKS})|(?P<inline>{_INLINE})|(?P<other>{_HIDDEN})|(?P<custom>[a-z]+-[a-z-]+"
    rf"|[a-z]+:[a-z]+)){_ATTRIBUTES}>",
    re.IGNORECASE,
)
_IS_MARKUP = re.compile(
    rf"</(?:{_BLOCKS}|{_INLINE}|{_HIDDEN})\s*>|<(?:br|hr|img|p)(?:\s[^<>]*+)?/?>|<!--|<!\[CDATA\[", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_PARTED = re.compile(r"[ \t]*\n[ \t]*(?:\n\s*)?")
_PARAGRAPH = "\n\n"
_BREAK = "\x00"
"""Stands for a line break while white space is made single spaces; the contract refuses it in texts."""


def has_markup(text: str) -> bool:
    """Return whether a text has tags or entities of HTML that no plain text would have."""
    return ("<" in text and _IS_MARKUP.search(text) is not None) or _ENTITY.search(text) is not None


def plain_text(text: str, *, is_html: bool | None = None) -> str:
    """Return the text that a browser would show, paragraphs parted by a blank line.

    A text without markup is returned as it is, unless `is_html` says that it is HTML.
    """
    if not (has_markup(text) if is_html is None else is_html):
        return text
    if "<" not in text or not (is_html or _IS_MARKUP.search(text)):
        return _ENTITY.sub(_character, text)
    shown = _TAG.sub(_spaced, _SKIPPED.sub("", text))
    if _TAG.search(text) and re.search(rf"</?(?:{_BLOCKS}|br)\b", text, re.IGNORECASE):
        # line breaks of the source are spaces; in a text of inline tags only they are the text's own
        shown = "\n\n".join(" ".join(part.split()) for part in shown.split(_PARAGRAPH) if part.strip())
    return _ENTITY.sub(_character, shown).replace("\xa0", " ").replace(_BREAK, "\n").strip()


def _spaced(tag: re.Match[str]) -> str:
    name = (tag["block"] or tag["inline"] or "").lower()
    if tag["block"]:
        return _PARAGRAPH
    if name == "br":
        return _BREAK
    if name in ("li", "td", "th"):
        return _BREAK if name == "li" else " "
    return ""


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])
