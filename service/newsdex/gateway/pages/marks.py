"""Writes `<mark>` round matched words. Texts are escaped here; HTML that a reply contains is never used."""

import re
from collections.abc import Collection, Iterable, Iterator

from markupsafe import Markup, escape

Span = tuple[int, int]


def marked(text: str, spans: Iterable[Span]) -> Markup:
    """Return a text escaped, with the words at some places marked; places that lie outside it are left out."""
    parts, at = [], 0
    for start, end in sorted(spans):
        if at <= start < end <= len(text):
            parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
            at = end
    return Markup("").join([*parts, escape(text[at:])])


def words_at(text: str, spans: Iterable[Span]) -> set[str]:
    """Return the marked words of a text, each in small letters."""
    return {text[start:end].casefold() for start, end in spans if text[start:end].strip()}


def places_of(text: str, words: Collection[str]) -> Iterator[Span]:
    """Yield where some words stand in a text as whole words; in scripts without spaces, anywhere."""
    if not words:
        return
    longest_first = sorted(words, key=len, reverse=True)
    pattern = "|".join(_bounded(word) for word in longest_first)
    for match in re.finditer(pattern, text, re.IGNORECASE):
        yield match.span()


def _bounded(word: str) -> str:
    if any(_SPACELESS.match(sign) for sign in word):
        return re.escape(word)
    return rf"(?<!\w){re.escape(word)}(?!\w)"


_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Thai, Lao, Burmese, Khmer, kana and Han."""
