"""Parses XML that others made: without entities of its own, without the network, and not deep."""

import re
from collections.abc import Iterator
from functools import partial

from lxml import etree

from newsdex.errors import Invalid
from newsdex.formats.xml_encoding import declared_encoding, with_plain_tags

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_TAG = re.compile(rb"<(?P<close>/?)[A-Za-z][^<>]*?(?P<alone>/?)>")
MAX_DEPTH = 1_000
"""Elements of HTML that nobody closes count as well."""
_BLOCK_NAMES = """
article aside block blockquote body body.content br dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hl1 hl2 hr li note
ol p pre section table td th tr ul
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_parser = partial(
    etree.XMLParser,
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    remove_comments=True,  # a walk over n of them takes n² steps
    remove_pis=True,
)
_LEFT_OUT = frozenset(("head", "media", "script", "style"))


def refuse_entities(content: bytes) -> None:
    """Raise `Invalid` where a document declares entities: news has none, and they can name files or be bombs."""
    if _ENTITY.search(content) or b"\0<\0!\0E\0N\0T" in content:
        raise Invalid("entities_declared", "the document declares entities, which newsdex does not read")


def refuse_depth(content: bytes) -> None:
    """Raise `Invalid` where elements lie deeper in one another than in any feed; some readers take its square."""
    depth = 0
    for tag in _TAG.finditer(content):
        if not tag["alone"]:
            depth += -1 if tag["close"] else 1
        if depth > MAX_DEPTH:
            raise Invalid("too_deep", f"elements lie more than {MAX_DEPTH} deep in one another")


def parse_xml(content: bytes) -> etree._Element:
    """Return the root of a document, without its comments; raise `Invalid` where it is not well-formed or too deep."""
    content = with_plain_tags(content)
    refuse_entities(content)
    encoding = declared_encoding(content)
    try:
        # told the encoding, the parser cannot read another one out of the declaration, in which tags were not seen
        return etree.fromstring(content, _parser(encoding=encoding))
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Invalid("invalid_xml", f"not well-formed XML: {error}") from error


def text_in(tree: etree._Element) -> str:
    """Return the text of an element of XHTML or NITF, paragraphs parted by a blank line."""
    paragraphs: list[list[str]] = [[]]
    for piece in _pieces(tree):
        if piece is None:
            paragraphs.append([])
        else:
            paragraphs[-1].append(piece)
    return "\n\n".join(text for one in paragraphs if (text := " ".join("".join(one).split())))


def _pieces(tree: etree._Element) -> Iterator[str | None]:
    """Return the pieces of text, None between paragraphs. A walk, since recursion would have the tree's depth."""
    left_out: etree._Element | None = None
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        name = name_of(element)
        if event == "start" and left_out is None:
            if name in _LEFT_OUT:
                left_out = element
                continue
            if name in _BLOCKS:
                yield None
            yield element.text or ""
        elif event != "start" and left_out in (None, element):
            left_out = None
            if name in _BLOCKS:
                yield None
            yield (element.tail or "") if element is not tree else ""


def name_of(element: etree._Element) -> str:
    """Return an element's name without its namespace; that of a comment is empty."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
