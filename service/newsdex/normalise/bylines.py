"""Reads who wrote an article, where the line says so beyond doubt."""

import re

MAX_NAME_WORDS = 5
MAX_NAME_CHARS = 80
_LABEL = re.compile(r"(?:by|von|par|por)\s|(?:author|autor|auteur|автор|作者)\s?[:：]\s?|بقلم\s?:?\s", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[,;&、،]\s*(?:(?:and|und|et|y)\s)?|\s+(?:and|und|et|y|и|و)\s+", re.IGNORECASE)
_IN_PLACE = re.compile(r"\s+in\s+(?P<place>\S.*)")
_ROLE = re.compile(
    r"(?:(?:[a-z]+ ){0,3}(?:correspondent|reporter|staff writer|writer|editor|columnist|bureau chief)"
    r"|our correspondent)(?:\s+in\s+\S.*)?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:[A-Z][\w.'’-]*\s?){1,4}")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-](?!$))*|[^\W\d_]\.|[JS]r\.|Dr\.")
_PARTICLES = frozenset(
    [
        "al",
        "ap",
        "bin",
        "bint",
        "da",
        "dal",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "do",
        "dos",
        "du",
        "e",
        "el",
        "ibn",
        "la",
        "las",
        "le",
        "los",
        "of",
        "ter",
        "ul",
        "van",
        "von",
        "y",
        "zu",
    ]
)


def read_byline(text: str) -> tuple[str, ...] | None:
    """Read `By Jane Doe and John Smith` or `Jane Doe, Correspondent`; None where any part of it is something else."""
    label = _LABEL.match(text)
    if label:
        return _labelled(text[label.end() :])
    name, comma, role = text.partition(",")
    if comma and is_name(name) and _ROLE.fullmatch(role.strip()):
        return (name.strip(),)
    return None


def _labelled(text: str) -> tuple[str, ...] | None:
    found: list[str] = []
    for part in _BETWEEN.split(text):
        place = _IN_PLACE.search(part)
        name = part[: place.start()] if place else part
        if found and _ROLE.fullmatch(part):
            continue
        if not is_name(name, labelled=True) or (place and not _PLACE.fullmatch(place["place"])):
            return None
        found.append(name)
    return tuple(found) or None


def is_name(text: str, *, labelled: bool = False) -> bool:
    """Tell whether the text has the shape of a person's name.

    Two to five words that begin with a capital. After a label, names in scripts without capitals are read too, where
    one word may be all of it.
    """
    words = text.split()
    caseless = labelled and text.lower() == text.upper()
    if not (1 if caseless else 2) <= len(words) <= MAX_NAME_WORDS or len(text) > MAX_NAME_CHARS:
        return False
    return all(_WORD.fullmatch(word) and (caseless or word[0].isupper() or word in _PARTICLES) for word in words) and (
        caseless or words[-1][0].isupper()
    )
