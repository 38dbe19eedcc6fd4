"""Cuts a query into tokens, with Whoosh's query parser and taggers of our own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from whoosh.qparser import Plugin, QueryParser, syntax
from whoosh.qparser.taggers import FnTagger

from newsdex.index.text.emoji import EMOJI
from newsdex.search.language.quotation import INSIDE_WORD, MARKS, QUOTATION, SINGLE_OPENING, quoted_text

FIELDS = {
    "title": "title", "summary": "summary", "body": "body",
    "section": "section", "author": "authors", "authors": "authors", "tag": "tags", "tags": "tags",
    "agency": "agency", "language": "language", "published": "published", "id": "id",
}  # fmt: skip
"""How a field may be named in a query → its name."""

OPERATORS = ("AND", "OR", "NOT", "ANDNOT")

_UNIT = "(?:minute|hour|day|week|month|year)s?"
_DAY = r"\d{4}(?:-\d\d){0,2}(?:T[\d:.]+\S*?)?"
NAMED_FIELD = "|".join(sorted(FIELDS, key=len, reverse=True))
TAGGERS: Sequence[tuple[str, str]] = (
    ("space", r"\s+"),
    ("open", r"\("),
    ("close", r"\)"),
    ("operator", r"(?<![^\s()])(?P<text>AND|OR|NOT|ANDNOT)(?=[\s()]|$)"),
    ("field", rf"(?P<text>(?i:{NAMED_FIELD})):(?!//)"),
    ("sign", rf"(?<![^\s(])(?P<text>[-+])(?=[^\W\d]|[(\[{{*#@{MARKS}{SINGLE_OPENING}]|{EMOJI})"),
    ("comparison", r"(?<=:)(?P<text>[<>]=?)"),
    ("date", rf"(?P<text>(?i:(?:last|past)\s+\d{{1,4}}\s+{_UNIT}))\b"),
    ("date", rf"(?<=:)(?P<text>(?i:(?:this|last)\s+(?:week|month|year)|\d{{1,4}}\s+{_UNIT}\s+ago))\b"),
    ("phrase", QUOTATION),
    ("quote", rf"[{MARKS}]"),
    ("range", r"[\[{](?P<first>[^\[\]{}()\"]*?)\bTO\b(?P<last>[^\[\]{}()\"]*)[\]}]"),
    ("range", rf"[\[{{]\s*(?P<first>{_DAY}|[*])\s+to\s+(?P<last>{_DAY}|[*])\s*[\]}}]"),
    ("open_range", r"[\[{](?P<first>[^\[\]{}()\"]*?)\bTO\b(?P<last>\s*[^\s\[\]{}()\"]*)"),
    ("boost", r"(?<=\S)\^(?P<text>\d+(?:[.]\d+)?)?(?=[\s)]|$)"),
    ("fuzz", r"(?<=\S)~(?P<text>\d{1,4})?(?:/(?P<beginning>\d{1,4}))?"),
    ("dash", r"[-+'/]+"),
    ("word", rf"(?:[^\s(){MARKS}\[\]{{}}~^]|{INSIDE_WORD})+"),
    ("other", r"."),
)
"""In the order in which they are tried at each place."""


class Tagged(syntax.SyntaxNode):  # type: ignore[misc]  # whoosh has no types
    """What a tagger found, as Whoosh's parser keeps it."""

    def __init__(self, kind: str, **groups: str | None) -> None:
        self.kind = kind
        self.groups = groups


class _Language(Plugin):  # type: ignore[misc]  # as above
    def taggers(self, parser: QueryParser) -> list[tuple[Any, int]]:  # noqa: ARG002 - whoosh's signature
        """Return the taggers with their order."""
        return _taggers


_taggers = [
    (FnTagger(re.compile(pattern, re.DOTALL), partial(Tagged, kind), kind), order)
    for order, (kind, pattern) in enumerate(TAGGERS)
]
_parser = QueryParser(None, None, plugins=[_Language()])


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A piece of a query; `start` and `end` are its offsets."""

    kind: str
    start: int
    end: int
    text: str = ""
    extra: str = ""
    """A range's last word, a fuzzy word's certain beginning."""
    touches: bool = False
    """Whether it follows the token before without a space."""


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query, without spaces and dashes."""
    found: list[Token] = []
    touches = False
    for node in _parser.tag(text):
        groups = node.groups if isinstance(node, Tagged) else {}
        kind = node.kind if isinstance(node, Tagged) else "space"
        if kind in ("space", "dash"):
            touches &= kind == "dash"
            continue
        shown = next((value for value in groups.values() if value is not None), "")
        extra = groups.get("last") or groups.get("beginning") or ""
        if kind == "word":
            shown = text[node.startchar : node.endchar]
        elif kind == "phrase":
            shown = quoted_text(text[node.startchar : node.endchar])
        found.append(Token(kind=kind, start=node.startchar, end=node.endchar, text=shown, extra=extra, touches=touches))
        touches = True
    return found
