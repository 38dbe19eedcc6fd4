"""Reads who wrote an article, where the line says so beyond doubt."""

import re

MAX_NAME_WORDS = 5
MAX_NAME_CHARS = 80
_LABEL = re.compile(
    r"(?:(?:written|story|text|words|reported|posted|geschrieben|ein beitrag)\s)?"
    r"(?:by|von|par|por|di|door|av|af|tekst)(?:\s*:\s*|\s)|(?:authors?|autor(?:in|en|a)?|auteur|yazar|autore|автор|作者|記者|记者|글|लेखक)\s?[:：]\s?"
    r"|بقلم\s?:?\s",
    re.IGNORECASE,
)
BARE_LABELS = frozenset(
    ("by", "von", "par", "por", "di", "door", "av", "author", "autor", "auteur", "автор", "作者", "بقلم")
)
"""A label that stands on a line of its own, above the name."""
_PICTURE = (
    r"(?:photo|foto|bild|image|picture|credits?|file photo|fotos?|bilder)\b\s?[:/].{0,80}"
    r"|(?:getty|imago|shutterstock|istock|dpa|picture alliance|afp).{0,10}(?:images|/.{1,40})"
    r"|[©Ⓒ].{0,80}|\(c\)\s.{0,80}"
)
_DESK = (
    r"(?:web|news|monitoring|sports|city|foreign|national|digital|business)\s(?:desk|report|team)|newsdesk|newsroom"
    r"|staff"
    r"|(?:staff|our|special)\s(?:reporter|correspondent|writer)|recorder report|press release|agencies"
    r"|admin(?:istrator)?"
    r"|(?:online)?redaktion|redazione|redacci[oó]n|redaç[aã]o|(?:la\s)?rédaction|redakcja|redactie|toimitus|редакция"
    r"|pressemitteilung|communiqué de presse|anonymous"
)
_ROLES = r"desk|staff|newsroom|reporters?|correspondents?|editors?|team|bureau|agencies"
_NOBODY = re.compile(rf"{_DESK}|{_PICTURE}", re.IGNORECASE)
_NOBODY_BY = re.compile(rf"{_DESK}|{_PICTURE}|(?:(?:the|our)\s)?(?:[\w&’'.-]+\s){{0,3}}(?:{_ROLES})", re.IGNORECASE)
"""Credits of no person: a desk, a press release, a picture's source. After a label, any team is one."""
_BETWEEN = re.compile(r"\s*[,;&、،]\s*(?:(?:and|und|et|y)\s)?|\s+(?:and|und|et|y|и|و)\s+", re.IGNORECASE)
_IN_PLACE = re.compile(r"\s+in\s+(?P<place>\S.*)")
_ROLE = re.compile(
    r"(?:(?:[a-z]+ ){0,3}(?:correspondent|reporter|staff writer|writer|editor|columnist|bureau chief)"
    r"|our correspondent)(?:\s+in\s+\S.*)?",
    re.IGNORECASE,
)
_TRAILING_ROLE = re.compile(
    r"\s+(?:(?:staff|senior|business|political|chief)\s+)?(?:writer|correspondent|reporter|columnist|editor)$",
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


def is_nobody(text: str) -> bool:
    """Return whether a credit, with its label or without, names no person, such as `By Web Desk` or `Press Release`."""
    label = _LABEL.match(text)
    return (_NOBODY_BY.fullmatch(text[label.end() :]) if label else _NOBODY.fullmatch(text)) is not None


def read_byline(text: str) -> tuple[str, ...] | None:
    """Read `By Jane Doe and John Smith` or `Jane Doe, Correspondent`; None where any part of it is something else.

    What names no person, such as a desk, is no author of the line.
    """
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
        if (found and _ROLE.fullmatch(part)) or _NOBODY_BY.fullmatch(part):
            continue
        name = _TRAILING_ROLE.sub("", name)
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
