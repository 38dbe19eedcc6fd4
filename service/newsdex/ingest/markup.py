"""Turns the texts of an article that came with HTML in them into plain text, and keeps what was given: pure."""

from pydantic import ValidationError

from newsdex.pages.markup import plain_text
from newsdex.validation import as_invalid
from newsdex_schemas import Article

PARAGRAPHS = ("summary", "body")
ONE_LINE = ("title", "section", "agency", "dateline")
LISTS = ("authors", "tags")


def without_markup(article: Article) -> Article:
    """Return an article whose texts are plain, with those that were not as `markup`; plain text is left as it is.

    Raises `Invalid` where neither title nor body shows anything without its tags.
    """
    if article.content_type == "text/plain":
        return article
    is_html = True if article.content_type == "text/html" else None
    plain: dict[str, str | tuple[str, ...] | None] = {}
    for name in PARAGRAPHS:
        plain[name] = _plain(getattr(article, name), is_html)
    for name in ONE_LINE:
        plain[name] = _line(getattr(article, name), is_html)
    for name in LISTS:
        plain[name] = tuple(_line(one, is_html) or "" for one in getattr(article, name))
    given = {name: getattr(article, name) for name, text in plain.items() if text != getattr(article, name)}
    if not given:
        return article
    try:
        return Article.model_validate({**dict(article), **plain, "content_type": "text/plain", "markup": given})
    except ValidationError as error:
        raise as_invalid(error) from error


def _plain(text: str | None, is_html: bool | None) -> str | None:
    return text and plain_text(text, is_html=is_html)


def _line(text: str | None, is_html: bool | None) -> str | None:
    """Return a headline or a name, which has one line whatever blocks it came in."""
    plain = _plain(text, is_html)
    return plain if plain == text or plain is None else " ".join(plain.split())
