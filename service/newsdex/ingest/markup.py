"""Turns the texts of an article that came with HTML in them into plain text, and keeps what was given: pure."""

from pydantic import ValidationError

from newsdex.pages.markup import plain_text
from newsdex.validation import as_invalid
from newsdex_schemas import Article

TEXTS = ("title", "summary", "body")
NAMES = ("section", "agency", "dateline")
LISTS = ("authors", "tags")


def without_markup(article: Article) -> Article:
    """Return an article whose texts are plain, with those that were not as `markup`; plain text is left as it is.

    Raises `Invalid` where neither title nor body shows anything without its tags.
    """
    if article.content_type == "text/plain":
        return article
    is_html = True if article.content_type == "text/html" else None
    given = {name: value for name in (*TEXTS, *NAMES) if (value := getattr(article, name))}
    texts = {name: plain_text(value, is_html=is_html) for name, value in given.items()}
    # a headline and a name have one line, whatever blocks they came in
    changed = {
        name: text if name in ("summary", "body") else " ".join(text.split())
        for name, text in texts.items()
        if text != given[name]
    }
    lists = {name: tuple(plain_text(one, is_html=is_html) for one in getattr(article, name)) for name in LISTS}
    if not changed and all(lists[name] == getattr(article, name) for name in LISTS):
        return article
    kept = {name: given[name] for name in changed if name in TEXTS}
    fields = {**dict(article), **lists, **changed, "content_type": "text/plain", "markup": kept or None}
    try:
        return Article.model_validate(fields)
    except ValidationError as error:
        raise as_invalid(error) from error
