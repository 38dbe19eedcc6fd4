"""Finds the title in what pages call themselves: `Headline | Site` is the headline."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

_SEPARATOR = re.compile(r"\s+(?:[|–—•·»«‹›/:]|-{1,2}|::)\s+|\s*[|»]\s*")
_KICKER_END = re.compile(rf"{_SEPARATOR.pattern}|:\s+")
_LETTERS = re.compile(r"[^\W_]+")
MIN_SITE_LETTERS = 3
MIN_WORD_CHARS, MIN_COMMON_WORDS = 4, 3


def words(text: str) -> str:
    """Return the words of a text, by which two spellings of a title are compared."""
    return " ".join(_LETTERS.findall(unicodedata.normalize("NFKC", text).casefold()))


def without_site(title: str, sites: Sequence[str], heading: str | None) -> str:
    """Return a title without the site's name before or after it.

    What the page's heading repeats is the title; else a part that is one of the site's names is not.
    """
    own = words(heading or "")
    if own and own != words(title):
        starts, ends = _cuts(_KICKER_END, title)
        for start in starts:
            for end in reversed(ends):
                if start < end and words(title[start:end]) == own:
                    return title[start:end].strip()
    starts, ends = _cuts(_SEPARATOR, title)
    first, last = 0, len(starts) - 1
    while last > first and _is_site(title[starts[last] : ends[last]], sites):
        last -= 1
    while first < last and _is_site(title[starts[first] : ends[first]], sites):
        first += 1
    return title[starts[first] : ends[last]].strip()


def _cuts(separator: re.Pattern[str], title: str) -> tuple[list[int], list[int]]:
    """Return where the parts of a title start, and where they end."""
    found = [(match.start(), match.end()) for match in separator.finditer(title)]
    return [0, *(end for _, end in found)], [*(start for start, _ in found), len(title)]


def _is_site(part: str, sites: Iterable[str]) -> bool:
    name = _squeezed(part)
    return any(
        name == site
        or (len(name) > MIN_SITE_LETTERS and (name in site or (site in name and len(site) * 2 > len(name))))
        for site in map(_squeezed, sites)
        if site
    )


def _squeezed(name: str) -> str:
    """Return the letters of a name, as a domain has them."""
    text = name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(_LETTERS.findall(re.sub(r"^(?:https?://)?(?:www\.)?", "", plain.strip())))


def site_names(metas: Mapping[str, Sequence[str]], url: str | None) -> list[str]:
    """Return the names of a page's site: those that it states, its host, and the longest part of that."""
    host = (urlsplit(url).hostname or "").removeprefix("www.") if url else ""
    labels = host.split(".")[:-1]
    stated = [
        text
        for name in ("og:site_name", "application-name", "publisher", "twitter:site")
        for text in metas.get(name, ())
    ]
    return [*stated, *([host, max(labels, key=len)] if labels else [])]


def is_rewording(title: str, heading: str, likeness: float) -> bool:
    """Return whether two titles share most of the longer words of the shorter one."""
    one, other = ({word for word in words(text).split() if len(word) >= MIN_WORD_CHARS} for text in (title, heading))
    common = len(one & other)
    return common >= MIN_COMMON_WORDS and common >= likeness * min(len(one), len(other))
