"""Finds the story's paragraphs: by trafilatura, with the standfirst that it takes for part of the heading."""

import copy
import re
from collections.abc import Sequence
from itertools import islice

import trafilatura
from lxml.html import HtmlElement

from newsdex.pages.document import text_of
from newsdex.pages.shown import is_aside
from newsdex.pages.titles import words

MIN_BODY_CHARS = 250
"""With less, the story that JSON-LD states may be more of it."""
MIN_STANDFIRST_CHARS, MAX_STANDFIRST_CHARS = 40, 1_500
COMPARED_CHARS, MIN_DESCRIPTION_CHARS = 40, 30
MAX_CANDIDATES = 60
_STANDFIRST_CLASS = re.compile(
    r"(?:^|[\s_-])(?:lead|lede|article-lead|intro|introtext|standfirst|teaser-?text|vorspann|subtitle|sub-?headline"
    r"|summary|deck?|excerpt|chapo|entradilla|bajada|abstract|description|einleitung|anreisser|strapline|untertitel)"
    r"(?:[\s_-]|$)",
    re.IGNORECASE,
)
_CANDIDATES = "following::*[self::p or self::div or self::h2 or self::h3 or self::span or self::strong]"


def story(tree: HtmlElement, heading: HtmlElement | None, descriptions: Sequence[str], stated: str | None) -> list[str]:
    """Return the paragraphs of a page's story; the tree stays as it is.

    `descriptions` are what metadata say about the story, by which a standfirst is known; `stated` is the story where
    metadata state that.
    """
    extracted = trafilatura.bare_extraction(
        copy.deepcopy(tree), fast=True, favor_recall=True, include_comments=False, with_metadata=False
    )
    text = str(getattr(extracted, "text", None) or "")
    if stated and len(text) < MIN_BODY_CHARS and len(stated) > 2 * len(text):
        return stated.split("\n\n")
    found = _paragraphs(text)
    standfirst = _standfirst(heading, descriptions, text) if heading is not None else None
    return [standfirst, *found] if standfirst else found


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of an extracted text, in which each is a line; the items of a list stay together."""
    found: list[str] = []
    after_item = False
    for line in text.splitlines():
        is_item = line.startswith(("- ", "| "))
        if is_item and after_item:
            found[-1] += f"\n{line}"
        elif line.strip():
            found.append(line)
        after_item = is_item
    return found


def _standfirst(heading: HtmlElement, descriptions: Sequence[str], text: str) -> str | None:
    """Return the text under the heading that metadata repeat, or that is called so, where the story lacks it."""
    beginnings = [words(text)[:COMPARED_CHARS] for text in descriptions if len(text) >= MIN_DESCRIPTION_CHARS]
    body = words(text)
    for element in islice(heading.xpath(f"({_CANDIDATES})[position() <= {MAX_CANDIDATES}]"), MAX_CANDIDATES):
        shown = text_of(element) if len(element.findall(".//p")) <= 1 else ""
        if not MIN_STANDFIRST_CHARS <= len(shown) <= MAX_STANDFIRST_CHARS:
            continue
        own = words(shown)
        if any(own.startswith(start) for start in beginnings) or _STANDFIRST_CLASS.search(element.get("class") or ""):
            if own[:MAX_CANDIDATES] in body:
                return None
            if not is_aside(element):
                return shown
    return None
