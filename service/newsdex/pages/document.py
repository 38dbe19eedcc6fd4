"""Parses the text of a page as a tree of elements."""

from lxml import etree, html
from lxml.html import HtmlElement

MAX_TEXT_CHARS = 2_000_000
_INVISIBLE = ("script", "style", "noscript", "template", "svg", "iframe")


def parse_page(text: str) -> HtmlElement | None:
    """Return the root of a page; None where there is no element in it."""
    parser = html.HTMLParser(collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def remove_invisible(tree: HtmlElement) -> None:
    """Take out what browsers do not show as text: scripts, styles and the like."""
    etree.strip_elements(tree, *_INVISIBLE, with_tail=False)


def text_of(element: HtmlElement) -> str:
    """Return an element's text on one line, a space between its parts."""
    return " ".join(" ".join(element.itertext()).split())
