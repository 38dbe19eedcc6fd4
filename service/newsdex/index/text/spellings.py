"""Other spellings of a word: what stands in it behind an elision, before an ending or a prefix, or for an umlaut.

They are read off the word as it stands, whatever its language: names of one language stand in the texts of all.
"""

import re
from collections.abc import Iterator

from newsdex.index.text.folding import APOSTROPHES

_ELISION = re.compile(
    rf"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|un|gl|agl|all|dagl|dall|degl|dell|negl|nell|sugl|sull)"
    rf"[{APOSTROPHES}](?=\w{{3}})",
    re.IGNORECASE,
)
"""Small words of French, Italian and Catalan that lean on the next one: `L’Oréal`, `D'Antonio`."""
_CASE = "[aeıiuü]"
ENDING = re.compile(
    rf"(?<=\w\w)[{APOSTROPHES}](?:"
    rf"[yns]?{_CASE}|[dt][ae]n?|n?[ıiuüə]n|n?d[aeə]n?|[dt]?[ae]ki(?:l[ae]r)?|y?l[aeə]|l[aeə]r.{{0,5}}|l[ıiuü]k?|c[aeə]|"
    rf"[dt][ıiuü]r?|[yn]?k[ae]n|ning|ni|ga|ka|qa|lik|daki|dagi"
    rf")$",
    re.IGNORECASE,
)
"""Endings of Turkish, Azerbaijani and Uzbek names, which an apostrophe parts from them: `Ankara'da`, not `Kur'an`."""
_ARABIC_AND = re.compile(r"و(?=\w{3})")
_ARABIC_ARTICLE = re.compile(r"[وف]?(?:[بك]?ال|لل)(?=\w{3})")
_HEBREW_WORD = re.compile(rf"[\u05d0-\u05ea](?:[{APOSTROPHES}]?[\u05d0-\u05ea]){{2}}")
_HEBREW_PREFIXES = re.compile("ו?(?:כש|לכש|מש|ש)?[בכלמ]?ה?")
_DOUBLED_VAV = re.compile("וו(?=[^ו])")
_HEBREW_ARTICLE = re.compile(r"ה(?=[\u05d0-\u05ea]{2})")
_DIGRAPHS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"}
)
_ACRONYM = re.compile(r"(?:[B-DF-HJ-NP-TV-Z]{2}|[A-Z]{3,5})(?<!S)")
"""Not `IT` and its like, which are words in a headline in capitals."""
WITH_DIGRAPHS = frozenset({"en", "de", "da", "no", "sv", "fi", "nl"})
"""In texts of these languages such letters are those of names that are written with two letters, too."""


def with_digraphs(word: str) -> str:
    """Return a word with two letters for each that may be written so: `Mueller` for `Müller`."""
    return word if word.isascii() else word.translate(_DIGRAPHS)


def without_article(word: str) -> str:
    """Return a Hebrew or Arabic word without the article before it."""
    article = _HEBREW_ARTICLE.match(word) or _ARABIC_ARTICLE.match(word)
    return word[article.end() :] if article else word


def other_number(word: str) -> str:
    """Return an acronym's plural for its singular, and the other way round: `MPs` for `MP`; else the word."""
    if _ACRONYM.fullmatch(word):
        return f"{word}s"
    return word[:-1] if word.endswith("s") and _ACRONYM.fullmatch(word[:-1]) else word


def other_spellings(word: str, language: str) -> Iterator[str]:
    """Yield by which other words an article's word is found."""
    if any(apostrophe in word for apostrophe in APOSTROPHES):
        if elision := _ELISION.match(word):
            yield word[elision.end() :]
        if ending := ENDING.search(word):
            yield word[: ending.start()]
    if word.isascii():
        return
    if language in WITH_DIGRAPHS and (written := with_digraphs(word)) != word:
        yield written
    if conjunction := _ARABIC_AND.match(word):
        yield word[conjunction.end() :]
    if (bare := without_article(word)) != word:
        yield bare
    yield from _without_prefixes(word)


def _without_prefixes(word: str) -> Iterator[str]:
    """Yield what is left of a Hebrew word behind any of its prefixes; behind one, its first `ו` is doubled."""
    for end in range(1, len(word) - 2):
        rest = word[end:]
        if not _HEBREW_PREFIXES.fullmatch(word, 0, end):
            return
        if _HEBREW_WORD.match(rest):
            yield rest
            if _DOUBLED_VAV.match(rest):
                yield rest[1:]
