"""Digests by which a text is known again, however it is wrapped and whatever else its article says: pure."""

import hashlib
import unicodedata

from newsdex_schemas import Article

MIN_CHARS = 200
"""A shorter text may be that of another article by chance, or by convention, as the headline of a flash may."""


def text_digests(article: Article) -> list[bytes]:
    """Return the digests of an article: of all its text and of a long body; a short text counts under its id only."""
    whole = [article.title, article.summary or "", article.body]
    parts = [whole if sum(map(len, whole)) >= MIN_CHARS else [article.id, *whole]]
    if len(article.body) >= MIN_CHARS:
        parts.append([article.body])
    return [_digest(texts) for texts in parts]


def _digest(texts: list[str]) -> bytes:
    """Digest texts without what re-wrapping, re-encoding and re-casing change."""
    plain = ("".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in texts)
    return hashlib.sha256("\n".join(plain).encode("utf-8", "surrogatepass")).digest()
