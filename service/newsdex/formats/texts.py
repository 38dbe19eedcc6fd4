"""The short texts of articles: lines out of markup, and who a byline names."""

import re

from newsdex.errors import Invalid
from newsdex.normalise.agencies import read_agencies
from newsdex.pages.authors import clean_authors
from newsdex.pages.markup import plain_text

MAX_TAGS = 100_000
"""More than any article has; each takes some microseconds."""
_SPACES = re.compile(r"\s+")
_HEAD = re.compile(r"<head\b.*?(?:</head\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_NITF_CONTENT = re.compile(r"<body\.content\b[^<>]*>(?P<content>.*?)(?:</body\.content\s*>|\Z)", re.DOTALL)
_NITF_TAG = re.compile(
    r"</?(?:block|note|person|location|org|chron|num|classifier|virtloc)\b[^<>]*>|<media\b.*?</media>", re.DOTALL
)
_BETWEEN = re.compile(r"\s*[,;/|]\s*")


def line_of(text: object) -> str:
    """Return a text, with markup or without, as one line; what is no text gives an empty one."""
    return " ".join(plain_text(_limited(text)).split()) if isinstance(text, str) else ""


def block_of(text: object) -> str:
    """Return a text, with markup or without, as paragraphs; what is no text gives an empty one."""
    return plain_text(_limited(text)).strip() if isinstance(text, str) else ""


def _limited(text: str) -> str:
    if text.count("<") + text.count("&") > MAX_TAGS:
        raise Invalid("too_much_markup", f"a text with more than {MAX_TAGS} tags and entities")
    return text


def text_of_html(markup: object) -> str:
    """Return the text of a document or a piece of HTML or of NITF, where line breaks are spaces.

    Raises `Invalid` for more markup than an article has.
    """
    if not isinstance(markup, str):
        return ""
    content = _NITF_CONTENT.search(_limited(markup))
    if content:
        markup = _NITF_TAG.sub("", content["content"])
    return plain_text(_SPACES.sub(" ", _HEAD.sub("", markup)), is_html=True)


def read_credits(byline: object) -> tuple[tuple[str, ...], str | None]:
    """Return the persons and the agency that a byline names, such as `Von Jane Doe, dpa`."""
    text = line_of(byline)
    agencies = [name for part in _BETWEEN.split(text) for name in read_agencies(part) or ()]
    return clean_authors([text]), agency_of(agencies)


def agency_of(names: list[str] | tuple[str, ...] | None) -> str | None:
    """Return the agencies as an article has them, in one text."""
    return "/".join(dict.fromkeys(names)) or None if names else None
