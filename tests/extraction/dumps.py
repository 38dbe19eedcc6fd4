"""Makes of a page the text that four kinds of scrapers leave of it."""

import re
from collections.abc import Iterator

import trafilatura
from lxml import etree, html

_BLOCK_LIST = """
address article aside blockquote body dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li
main nav ol p pre section table td th tr ul br button label option
"""
BLOCKS = frozenset(_BLOCK_LIST.split())
HIDDEN = frozenset(("script", "style", "noscript", "template", "svg", "iframe", "head"))
HEADINGS = {"h1": "# ", "h2": "## ", "h3": "### ", "h4": "#### ", "li": "  * "}
HEAD_LINES = 12
"""As many lines of the site's own as a reader's view has under the headline, at most."""
MIN_STORY_CHARS = 80


def full_page(page: bytes) -> str:
    """Return every line that a page shows, menus and footers too."""
    return "\n".join(_lines(_tree(page), markdown=False))


def markdown(page: bytes) -> str:
    """Return a whole page as converters to Markdown leave it, headings and links marked."""
    return "\n\n".join(_lines(_tree(page), markdown=True))


def reader_view(page: bytes) -> str | None:
    """Return the headline, the site's own lines under it, and the article; None where there is no one headline."""
    tree = _tree(page)
    body = trafilatura.extract(page, include_comments=False) or ""
    headings = [text for one in tree.iter("h1") if (text := " ".join("".join(one.itertext()).split()))]
    lines = list(_lines(tree, markdown=False))
    at = next((lines.index(text) for text in headings if text in lines and len(text) > 15), None)
    if at is None or not body:
        return None
    head = []
    for line in lines[at + 1 : at + 1 + HEAD_LINES]:
        if len(line) >= MIN_STORY_CHARS:
            break
        head.append(line)
    story = [line for line in body.splitlines() if line.strip() and line.strip() not in {lines[at], *head}]
    return "\n\n".join([lines[at], *head, *story])


def plain_text(page: bytes) -> str | None:
    """Return the article's text alone, as trafilatura leaves it."""
    return trafilatura.extract(page, include_comments=False)


def _tree(page: bytes) -> etree._Element:
    tree = trafilatura.load_html(page)
    body = tree.find("body") if tree is not None else None
    return body if body is not None else html.fromstring("<body/>")


def _lines(tree: etree._Element, *, markdown: bool) -> Iterator[str]:
    pieces: list[str] = []
    for piece in _pieces(tree, markdown=markdown):
        if piece is not None:
            pieces.append(piece)
            continue
        if line := re.sub(r"\s+", " ", "".join(pieces)).strip():
            yield line
        pieces = []


def _pieces(tree: etree._Element, *, markdown: bool) -> Iterator[str | None]:
    hidden: etree._Element | None = None
    for event, element in etree.iterwalk(tree, events=("start", "end", "comment")):
        name = element.tag if isinstance(element.tag, str) else ""
        if event == "start" and hidden is None:
            if name in HIDDEN:
                hidden = element
                continue
            yield from [None] if name in BLOCKS else []
            if markdown and name in HEADINGS:
                yield HEADINGS[name]
            yield "[" if markdown and name == "a" else ""
            yield element.text or ""
        elif event != "start" and hidden in (None, element):
            hidden = None
            yield f"]({element.get('href', '')})" if markdown and name == "a" else ""
            yield from [None] if name in BLOCKS else []
            yield element.tail or ""
    yield None
