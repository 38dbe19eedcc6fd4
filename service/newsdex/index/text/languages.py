"""The language an article is stemmed by: the one it names, or the one that its beginning is in."""

from collections.abc import Callable
from itertools import pairwise

import pycld2
import Stemmer

from newsdex.index.text.vietnamese import toned
from newsdex_schemas import Article

DEFAULT = "en"
"""Stems as English: an article whose language has no stemmer, or cannot be told."""
_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""Snowball's stemmers by ISO 639 code."""
_ALSO = {"nb": "no", "nn": "no", "iw": "he", "in": "id"}
TONAL = "vi"
"""Its words are told apart by their marks, and have no endings."""
OWN_SCRIPT = frozenset({"ar", "el", "fa", "hi", "hy", "ne", "ru", "ta", "yi"})
"""Written in a script of their own: Latin words in such an article are foreign, mostly English."""

LOOKED_AT_CHARS = (300, 2_000)
"""So much of a text is looked at, and so much where that does not tell: quotations and names mislead."""
ENOUGH_BYTES = 100
"""Fewer bytes of a Latin script do not tell: headlines with names of places passed for Danish and Portuguese."""
ENOUGH_PERCENT = 70

# without their caches: whoever stems many words remembers them, and keeping a cache small takes longer than stemming
stemmers: dict[str, Callable[[str], str]] = {
    **{code: Stemmer.Stemmer(name, 0).stemWord for code, name in _STEMMERS.items()},
    TONAL: toned,
}


def stemmed_as(article: Article) -> str:
    """Return the code of the language that an article's words are stemmed by."""
    if article.language:
        return known(article.language)
    return detected(f"{article.title}\n{article.summary or ''}\n{article.body[: LOOKED_AT_CHARS[-1]]}")


def known(tag: str) -> str:
    """Return the code of a BCP 47 tag's language where it has a stemmer, else the default's."""
    code = tag.partition("-")[0].lower()
    code = _ALSO.get(code, code)
    return code if code in stemmers else DEFAULT


def detected(text: str) -> str:
    """Return the code of the language that a text is in; the default's where that is not certain."""
    for before, chars in pairwise((0, *LOOKED_AT_CHARS)):
        if before and len(text) <= before:
            break
        language = _certain(text[:chars])
        if language:
            return language
    return DEFAULT


def _certain(text: str) -> str | None:
    try:
        reliable, found_bytes, (best, *_) = pycld2.detect(text.encode(errors="replace"), isPlainText=True)
    except pycld2.error:  # a control character
        return None
    _, tag, percent, _ = best
    code = known(tag)
    if reliable and percent >= ENOUGH_PERCENT and (found_bytes >= ENOUGH_BYTES or code in OWN_SCRIPT):
        return code
    return None
