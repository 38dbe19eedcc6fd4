"""Turns a text with HTML in it into plain text; what only looks like HTML, such as `5 < 6`, stays.

Not by a parser of documents: to one, `5 < 6` is markup too. Each pattern passes over a text once, however it goes on
(no part of one gives back what it took), since a text of a million signs is read beside everything else.
"""

import html
import re
from html.entities import html5

_BLOCKS = (
    "address|article|aside|blockquote|body|caption|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer"
    "|form|h[1-6]|head|header|hgroup|hr|html|legend|main|menu|nav|ol|p|pre|search|section|summary|table|tbody|tfoot"
    "|thead|tr|ul"
)
_INLINE = (
    "abbr|acronym|area|a|base|basefont|bdi|bdo|big|blink|br|b|cite|code|colgroup|col|data|datalist|del|dfn|em|embed"
    "|font|frameset|frame|img|input|ins|i|kbd|label|link|li|map|mark|marquee|meta|meter|nobr|optgroup|option|output"
    "|param|picture|progress|q|rb|rtc|ruby|samp|slot|small|source|span|strike|strong|sub|sup|s|td|th|time|track|tt|u"
    "|var|wbr"
)
_HIDDEN = (
    "script|style|noscript|noframes|template|iframe|object|applet|svg|math|video|audio|canvas|select|button|textarea"
    "|title|rt|rp"
)
"""What readers do not see as text, or not as a part of it: a title stands in another field, `rt` says how to read."""
_QUOTED = r"""=\s*+"[^"]{0,5000}+"|=\s*+'[^']{0,5000}+'|"[^"<]*+"|'[^'<]*+'"""
_ATTRIBUTES = rf"""(?:\s++(?:{_QUOTED}|[^<>"'])*+|\s[^<>]*+|/)?"""
_UNREAD = "!--"

_OPENING = re.compile(rf"<(?:{_UNREAD}|(?P<name>{_HIDDEN})(?=[\s/>])[^<>]*+>)", re.IGNORECASE)
_CLOSING = {name: re.compile(rf"</{name}\s*+>", re.IGNORECASE) for name in _HIDDEN.split("|")}
_CLOSING[_UNREAD] = re.compile("-->")
_DECLARATION = re.compile(r"<!\[CDATA\[|\]\]>|<!doctype[^<>]*+>|<\?xml[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(
    rf"<(?P<close>/?)(?:(?P<block>{_BLOCKS})|(?P<inline>{_INLINE})|(?P<other>{_HIDDEN})"
    rf"|(?P<custom>[a-z][a-z0-9]*+-[a-z0-9-]++|[a-z]++:[a-z]++)){_ATTRIBUTES}>",
    re.IGNORECASE,
)
_CLOSES = re.compile(rf"</(?:{_BLOCKS}|{_INLINE}|{_HIDDEN})\s*+>", re.IGNORECASE)
_IS_MARKUP = re.compile(
    rf"</(?:{_BLOCKS}|{_INLINE}|{_HIDDEN})\s*+>|<(?:br|hr|img|p|div|[uo]l|li|strong|h[1-6])(?:\s[^<>]*+)?/?>"
    rf"|<(?:{_BLOCKS}|{_INLINE}|{_HIDDEN})(?:\s++[a-z-]++\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s<>\"'=]++))++\s*+/?>"
    rf"|\A\s*+<(?:{_BLOCKS})>|<!\[CDATA\[",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_OLD_NAMES = "|".join(sorted((name for name in html5 if not name.endswith(";")), key=len, reverse=True))
_LOOSE_ENTITY = re.compile(rf"{_ENTITY.pattern}|&(?:#\d{{1,7}}|#[xX][0-9A-Fa-f]{{1,6}}|{_OLD_NAMES})(?![\w;=])")
"""HTML knows some names without a semicolon, too; in a text without tags they may be anything."""
_HAS_BLOCK = re.compile(rf"</?(?:{_BLOCKS}|br)(?=[\s/>])", re.IGNORECASE)
_PARAGRAPH = "\n\n"
_BREAK = "\x00"
"""Stands for a line break while white space is made single spaces; the contract refuses it in texts."""


def has_markup(text: str) -> bool:
    """Return whether a text has tags or entities of HTML that no plain text would have."""
    return _has_tags(text) or _ENTITY.search(text) is not None


def plain_text(text: str, *, is_html: bool | None = None) -> str:
    """Return the text that a browser would show, paragraphs parted by a blank line; what `pre` lays out is not kept.

    A text without markup is returned as it is, unless `is_html` says that it is HTML. One that was escaped as a whole,
    and so has tags in its entities only, is read once more.
    """
    if not (has_markup(text) if is_html is None else is_html):
        return text
    if "<" not in text or not (is_html or _has_tags(text)):
        shown = (_LOOSE_ENTITY if is_html else _ENTITY).sub(_character, text)
        escaped_whole = "<" not in text and _CLOSES.search(shown) is not None
        return plain_text(shown) if escaped_whole else _tidy(shown)
    seen = _without_hidden(text, certain=bool(is_html))
    shown = _TAG.sub(_spaced, seen)
    if _HAS_BLOCK.search(seen):
        # line breaks of the source are spaces; in a text of inline tags only they are the text's own
        shown = "\n\n".join(" ".join(part.split()) for part in shown.split(_PARAGRAPH) if part.strip())
    return _tidy(_LOOSE_ENTITY.sub(_character, shown))


def _has_tags(text: str) -> bool:
    if "<" not in text:
        return False
    comment = text.find("<!--")
    return _IS_MARKUP.search(text) is not None or (comment >= 0 and text.find("-->", comment) >= 0)


def _without_hidden(text: str, *, certain: bool) -> str:
    """Return a text without comments, and without what elements have in them that readers do not see.

    What is not closed goes on to the end, as in a browser, where it is `certain` that the text is HTML; else it may be
    a text about HTML.
    """
    parts: list[str] = []
    kept_from = at = 0
    unclosed: set[str] = set()
    while opening := _OPENING.search(text, at):
        name, at = (opening["name"] or _UNREAD).lower(), opening.end()
        if opening[0].endswith("/>"):
            continue
        closing = None if name in unclosed else _CLOSING[name].search(text, at)
        if closing is None:
            unclosed.add(name)  # what follows is not closed either, and need not be searched again
            if not certain:
                continue
        parts.append(text[kept_from : opening.start()])
        kept_from = at = closing.end() if closing else len(text)
    return _DECLARATION.sub("", "".join([*parts, text[kept_from:]]))


def _spaced(tag: re.Match[str]) -> str:
    name = (tag["block"] or tag["inline"] or "").lower()
    if tag["block"]:
        return _PARAGRAPH
    if name == "br":
        return _BREAK
    if name in ("li", "td", "th"):
        return _BREAK if name == "li" else " "
    return ""


def _tidy(text: str) -> str:
    return text.replace("\xa0", " ").replace(_BREAK, "\n").strip()


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])
