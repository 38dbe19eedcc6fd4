"""Reads a page: plain text, or HTML in the charset that it has."""

from collections.abc import Iterator

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, page_item


def read(content: bytes, context: Context) -> Iterator[Item]:
    """Return the page as a scraper left it, for newsdex to make an article of."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("invalid_utf8", f"not UTF-8 at byte {error.start}") from error
    yield page_item(context, text=text)
