"""Makes names of what metadata calls the author: a person, several in one text, a desk, an address."""

import re
from collections.abc import Iterable

from newsdex.normalise.agencies import read_agencies
from newsdex.pages.text import one_line

MAX_AUTHORS = 100
MAX_NAME_CHARS = 80
MAX_NAME_WORDS = 6
_LABEL = re.compile(
    r"(?:(?:written|words|text|texte?|story|article|reporting|posted|published|geschrieben|ein beitrag)\s+)?"
    r"(?:by|von|par|por|di|door|av|af)\s*:?\s+|(?:author|autor(?:in|en)?|auteur|автор|text|words|redaktion)\s?:\s*",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\s*[;|/·•、]\s*|\s*,\s*(?:(?:and|und|et|y|e|og|en)\s+)?|\s+(?:and|und|et|&|y|и|og|och|i)\s+", re.IGNORECASE
)
_ROLE = re.compile(
    r"[\s,–—|(-]+(?:[\w-]+ )?"
    r"(?:staff writer|correspondent|reporter|editor|redakteur(?:in)?|senior writer|contributor)s?\)?$",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"\s*\(?(?<!\w)@\w{2,30}\)?")
_ADDRESS = re.compile(
    r"@|https?:|www\.|\.(?:com|de|at|ch|org|net|fr|es|it|pl|co\.uk|tv|info|eu|nl|br|cl|ar|pk|in)\b", re.IGNORECASE
)
_NOBODY_WORDS = """
admin administrator administration anonymous anonym anónimo author autor autoren contributor contributors default desk
editor editorial editors editorialteam editorinchief guest guestauthor gastautor gastbeitrag newsdesk newsroom online
presse press pressestelle redacción redaccion redação redacao redaction rédaction redaktion redakcja redazione
redaktör redaktion redactie root staff system team unknown user web webdesk webmaster webredaktion
корреспондент редакция محرر
"""
_NOBODY = frozenset(_NOBODY_WORDS.split())
_NOBODY_IN = re.compile(
    r"\b(?:desk|staff|newsroom|newsdesk|redaktion|redacción|redaccion|redação|rédaction|redazione|redakcja|editorial"
    r"|press release|pressemitteilung|pressestelle|onlineredaktion|web ?team|news ?team|our (?:reporter|correspondent)"
    r"|recorder report|(?:monitoring|web|news|sports) report|agencies|agenturen|agencias|guest author|gastautor)\b"
    r"|redaktion$|^photo|^foto|^bild:|\b(?:gmbh|mbh|e\.\s?v\.?|verlag|landesanstalt|verband|verein|inc\.?|ltd\.?|llc"
    r"|copyright|rights reserved|no author|sponsored|gesponserte?|university|universität|press|presse|magazin)(?!\w)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]")


def clean_authors(credits_: Iterable[str]) -> tuple[str, ...]:
    """Return the names of persons in some credits, each once; desks, agencies and addresses are none."""
    found: dict[str, str] = {}
    for credit in credits_:
        for name in _names(credit):
            found.setdefault(name.casefold(), name)
    return tuple(found.values())[:MAX_AUTHORS]


def _names(credit: str) -> Iterable[str]:
    text = one_line(credit, 1_000)
    if text is None or "://" in text:
        return
    text = _HANDLE.sub("", _LABEL.sub("", text, count=1) if _LABEL.match(text) else text)
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) == 2 and re.match(r"(?:[JS]r|M\.?D|Ph\.?D)\.?$", parts[1], re.IGNORECASE):  # noqa: PLR2004 - a name and its end
        parts = [text]
    for part in parts:
        name = _ROLE.sub("", part).strip(" \"'.,:–—-")
        name = part.strip() if part.endswith(".") and re.search(r"\b[A-Z]\.$", part) else name
        if is_person(name):
            yield name


def is_person(name: str) -> bool:
    """Return whether a credit may be a person's name; one word may be."""
    words = name.split()
    if not 1 <= len(words) <= MAX_NAME_WORDS or not 2 <= len(name) <= MAX_NAME_CHARS:  # noqa: PLR2004 - initials
        return False
    if _ADDRESS.search(name) or _NOBODY_IN.search(name) or name.casefold().replace(" ", "") in _NOBODY:
        return False
    return _WORD.search(name) is not None and read_agencies(name) is None


def agencies_of(credits_: Iterable[str]) -> tuple[str, ...]:
    """Return the news agencies among some credits, by our names for them."""
    texts = (one_line(credit, 1_000) for credit in credits_)
    return tuple(dict.fromkeys(name for text in texts if text for name in read_agencies(text) or ()))
