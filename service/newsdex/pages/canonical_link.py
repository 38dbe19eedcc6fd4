"""Finds a page's canonical address in its text, in one pass: what hands pages on has no time to read them."""

import re
from html import unescape

HEAD_CHARS = 512 * 1024
"""Where a page may have its links."""
_STARTS = re.compile(r"<(?:!--|/?([a-z][^\s/>]*))", re.IGNORECASE)
_REST_OF_TAG = re.compile(r"""(?:[^"'=>]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+>""")
"""A `>` ends a tag but in a quoted value."""
_COMMENT_ENDS = re.compile(r"-->|(?<!<!)--!>")
_TEXT_ENDS = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in (
        "iframe", "noembed", "noframes", "noscript", "script", "style", "template", "textarea", "title", "xmp",
    )
}  # fmt: skip
"""Elements whose tags are text, or none of the page's: a headline must not name the page."""
_ATTRIBUTE = re.compile(r"""([^\s/"'=<>]++)\s*+(?:=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]++)))?+""")


def canonical_link(page: str) -> str | None:
    """Return what a page's first `<link rel=canonical>` says, as it is written; None where there is none."""
    text, at = page[:HEAD_CHARS], 0
    while start := _STARTS.search(text, at):
        if start[1] is None:
            end = _COMMENT_ENDS.search(text, start.end() - len("--"))
        else:
            end = _REST_OF_TAG.match(text, start.end())
        if end is None:
            return None
        at, name = end.end(), (start[1] or "").lower()
        if start[0].startswith("</"):
            continue
        if name == "link" and (address := _canonical(text[start.end() : at])):
            return address
        if name in _TEXT_ENDS:
            end = _TEXT_ENDS[name].search(text, at)
            if end is None:
                return None
            at = end.start()
    return None


def _canonical(tag: str) -> str:
    """Return the address of a link that is canonical; an attribute that is there twice has its first value."""
    attributes: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(tag):
        attributes.setdefault(found[1].lower(), found[2] or found[3] or found[4] or "")
    is_canonical = "canonical" in attributes.get("rel", "").lower().split()
    return unescape(attributes.get("href", "")).strip() if is_canonical else ""
