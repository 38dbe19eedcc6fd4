"""Finds a page's canonical address in its text, in one pass: what hands pages on has no time to read them."""

import re
from html import unescape

HEAD_CHARS = 512 * 1024
"""Where a page may have its links."""
MAX_TAG_CHARS = 4_096
_STARTS = re.compile(r"<(?:!--|(?:script|style|template|noscript)\b|link\b)", re.IGNORECASE)
_ENDS = {
    "<!--": re.compile("-->"),
    "<script": re.compile("</script", re.IGNORECASE),
    "<style": re.compile("</style", re.IGNORECASE),
    "<template": re.compile("</template", re.IGNORECASE),
    "<noscript": re.compile("</noscript", re.IGNORECASE),
}
_ATTRIBUTE = re.compile(r"""(?<![a-z-])([a-z][a-z-]*+)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE)


def canonical_link(page: str) -> str | None:
    """Return what a page's first `<link rel=canonical>` says, as it is written; None where there is none."""
    text, at = page[:HEAD_CHARS], 0
    while start := _STARTS.search(text, at):
        at = start.end()
        opened = start[0].lower()
        if opened in _ENDS:
            end = _ENDS[opened].search(text, at)
            if end is None:
                return None
            at = end.end()
            continue
        tag = text[at : at + MAX_TAG_CHARS].partition(">")[0]
        at += len(tag)
        attributes = {found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(tag)}
        if "canonical" in attributes.get("rel", "").lower().split() and attributes.get("href", "").strip():
            return unescape(attributes["href"]).strip()
    return None
