"""Refuses content that would take long to read, before it is read, where others wait for that: pure."""

import re
from itertools import islice

from newsdex.errors import Invalid
from newsdex.formats.recognition import FEED, NEWSML_G2
from newsdex.formats.xml_encoding import with_plain_tags

MAX_EVENTS = 1_000
MAX_FEED_BYTES, MAX_FEED_TAGS, MAX_TAG_BYTES = 1_000_000, 20_000, 4_096
"""A feed is read as a whole before its first item is known: more would take longer than a second."""
MAX_NEWSML_TAGS = 200_000
"""As many as a thousand items of a news message have; more would take longer than a second."""


def refuse_long_reading(name: str, content: bytes) -> None:
    """Raise `Invalid` where content of a format has more than is read in about a second."""
    if name == FEED:
        _refuse_long_feed(with_plain_tags(content))
    elif name == NEWSML_G2 and with_plain_tags(content).count(b"<") > MAX_NEWSML_TAGS:
        raise Invalid("too_many", f"a NewsML-G2 document has at most {MAX_NEWSML_TAGS:,} tags here: use a file")


_ITEM = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_TAG = re.compile(rb"""<(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+""")
"""A `>` ends a tag but in a quoted value."""
_OWN_TYPE = re.compile(rb"<!DOCTYPE[^<>\[]*+[<\[]", re.IGNORECASE)
_UNCOUNTED = re.compile(rb"<!--|<\?|<!\[CDATA\[")
_ENDS = {b"<!--": b"-->", b"<?": b"?>", b"<![CDATA[": b"]]>"}


def _refuse_long_feed(feed: bytes) -> None:
    if len(feed) > MAX_FEED_BYTES:
        raise Invalid(
            "request_too_large", f"a feed has at most {MAX_FEED_BYTES:,} bytes here: send a part, or use a file"
        )
    if sum(1 for _ in islice(_ITEM.finditer(feed), MAX_EVENTS + 1)) > MAX_EVENTS:
        raise Invalid("too_many", f"at most {MAX_EVENTS:,} items are taken at once")
    if _OWN_TYPE.search(feed):
        raise Invalid("entities_declared", "a feed's document type declares nothing of its own here")
    outside = _outside(feed)
    if outside.count(b"<") > MAX_FEED_TAGS:
        raise Invalid("too_many", f"a feed has at most {MAX_FEED_TAGS:,} tags here")
    if any(tag.end() - tag.start() > MAX_TAG_BYTES for tag in _TAG.finditer(outside)):
        raise Invalid("too_long", f"a tag in a feed has at most {MAX_TAG_BYTES:,} bytes here")


def _outside(feed: bytes) -> bytes:
    """Return what stands in no comment, instruction or CDATA section, whichever begins first; each of them ends."""
    pieces, at = [], 0
    while start := _UNCOUNTED.search(feed, at):
        end = feed.find(_ENDS[start[0]], start.end())
        if end < 0:
            break
        pieces.append(feed[at : start.start()])
        at = end + len(_ENDS[start[0]])
    return b"".join((*pieces, feed[at:]))
