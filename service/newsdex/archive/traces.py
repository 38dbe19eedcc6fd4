"""Tells whether a message that cannot be read is about an article: pure."""

import json
import re
import unicodedata
from collections.abc import Iterable
from html import unescape
from typing import Literal

from newsdex_schemas import Article

MIN_TITLE_CHARS = 20
"""A shorter title may be that of another article by chance."""
MIN_MARK_CHARS = 8
"""What is shorter stands in any page."""
Trace = Literal["certain", "doubtful"]

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_WEB_HOST = re.compile(r"^https?://(?:www\.)?")
_AN_ENVELOPE = re.compile(r'"specversion"\s*:')


def trace_of(body: bytes, article_id: str, articles: Iterable[Article]) -> Trace | None:
    """Return whether bytes that are no valid event are about an article, of which some versions are known.

    That is certain where they name it as their article, or have the whole of a long title. The id as any other string,
    a short title, and the beginning of a long one may be those of another article.
    """
    text, titles = _plain(body), [article.title for article in articles]
    long_titles = [title for title in titles if len(title) >= MIN_TITLE_CHARS]
    if _names(text, article_id) or any(_quoted(title) in text for title in long_titles):
        return "certain"
    beginnings = [_quoted(title[:MIN_TITLE_CHARS])[1:-1] for title in long_titles]
    marks = [_quoted(article_id), *map(_quoted, titles), *beginnings]
    return "doubtful" if any(mark in text for mark in marks) else None


def trace_of_page(body: bytes, article_id: str, articles: Iterable[Article]) -> Trace | None:
    """Return whether a scraped page that cannot be read may be about an article that its address does not name.

    Never for certain: a page links to others, too, by their addresses and titles.
    """
    text = unescape(_ESCAPE.sub(r"\2", _plain(body)))
    marks = [_WEB_HOST.sub("", article_id), *(article.title for article in articles)]
    return "doubtful" if any(len(mark) >= MIN_MARK_CHARS and mark in text for mark in marks) else None


def _names(text: str, article_id: str) -> bool:
    """Return whether the text has an id where an article has it, and not, say, where an event has its own."""
    before = r'"data"\s*:\s*' if _AN_ENVELOPE.search(text) else r"\A\s*"
    return re.search(rf'{before}\{{[^{{}}]*"id"\s*:\s*{re.escape(_quoted(article_id))}', text) is not None


def _quoted(value: str) -> str:
    """Return a text as a string of JSON, with no more escapes than needed."""
    return json.dumps(unicodedata.normalize("NFC", value), ensure_ascii=False)


def _plain(body: bytes) -> str:
    """Return what bytes say, whatever their encoding, with their JSON strings written as `_quoted` writes them."""
    text = _ESCAPE.sub(_unescaped, _decoded(body))
    # the halves of a character beyond U+FFFF were escaped one by one
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return unicodedata.normalize("NFC", text)


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _unescaped(found: re.Match[str]) -> str:
    code, character = found.groups()
    if code is not None:
        return json.dumps(chr(int(code, 16)), ensure_ascii=False)[1:-1]
    return "/" if character == "/" else found[0]
