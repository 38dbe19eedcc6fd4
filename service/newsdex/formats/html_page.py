"""Reads an HTML page in the charset that it has, for newsdex to make an article of."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from newsdex.errors import Invalid
from newsdex.formats.items import Context, Item, page_item
from newsdex.pages.canonical_link import canonical_link
from newsdex.pages.charset import decode_page
from newsdex_schemas.events import MAX_HTML_CHARS


def read(content: bytes, context: Context) -> Iterator[Item]:
    """Return the page; one that nobody named has the address that it calls its own, or the context's name."""
    page = decode_page(content)
    if len(page) > MAX_HTML_CHARS:
        raise Invalid("too_long", f"the page has more than {MAX_HTML_CHARS} characters")
    own = None if context.id or context.url else _own_address(page)
    if own:
        yield page_item(replace(context, name=None), html=page, canonical_url=own)
    else:
        yield page_item(context, html=page)


def _own_address(page: str) -> str | None:
    """Return the page's canonical address, unless that is its site's: many pages say so by mistake."""
    try:
        address = urlsplit(canonical_link(page) or "")
    except ValueError:
        return None
    is_own = address.scheme in ("http", "https") and address.netloc and address.path not in ("", "/")
    return address.geturl() if is_own else None
