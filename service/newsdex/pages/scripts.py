"""Finds the JSON-LD of a page, and in it the article that the page is about."""

from collections.abc import Iterator, Sequence
from dataclasses import fields

from lxml.html import HtmlElement

from newsdex.normalise.dates import PageClock
from newsdex.normalise.page_address import one_address
from newsdex.pages.fields import StatedFields
from newsdex.pages.json_ld import PAGE_TYPES, Object, articles_in, load, read_article, types_of

MAX_BLOCKS = 50
MAX_BLOCK_CHARS = 1_000_000
_PLAIN_PAGES = frozenset(("webpage", "itempage"))


def from_json_ld(tree: HtmlElement, clock: PageClock, url: str | None) -> StatedFields:
    """Return what the page's JSON-LD states; of several articles, the one with the page's address, else the first.

    A page without an article may still state dates and authors, as a recipe, a video or as a page.
    """
    blocks = list(_blocks(tree))
    stated = [(item, read_article(item, clock)) for block in blocks for item in articles_in(block)]
    if not stated:
        pages = [item for block in blocks for item in articles_in(block, PAGE_TYPES)]
        pages.sort(key=lambda item: bool(types_of(item) & _PLAIN_PAGES))
        return merged([_without_texts(read_article(item, clock)) for item in pages])
    own = [read for _, read in stated if url and read.url and one_address(read.url) == one_address(url)]
    best = (own or [read for _, read in stated])[0]
    # some pages state one article in several objects, each with other fields
    return merged([best, *(read for _, read in stated if read.title == best.title)])


def merged(parts: Sequence[StatedFields]) -> StatedFields:
    """Return the fields that any part states, those of earlier parts before others."""
    empty = StatedFields()
    names = [field.name for field in fields(StatedFields)]
    return StatedFields(**{
        name: next((value for part in parts if (value := getattr(part, name))), getattr(empty, name)) for name in names
    })  # fmt: skip


def _without_texts(stated: StatedFields) -> StatedFields:
    return StatedFields(
        authors=stated.authors,
        language=stated.language,
        published_at=stated.published_at,
        updated_at=stated.updated_at,
    )


def _blocks(tree: HtmlElement) -> Iterator[Object]:
    scripts = [script for script in tree.iter("script") if "ld+json" in (script.get("type") or "").lower()]
    for script in scripts[:MAX_BLOCKS]:
        text = script.text or ""
        if len(text) <= MAX_BLOCK_CHARS:
            try:
                yield load(text)
            except ValueError:
                continue  # half a block states nothing
