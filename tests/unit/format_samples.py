# ruff: noqa: E501 - samples of formats keep their own lines
"""Samples of formats, each written after its specification, and what is read of one."""

import json
from datetime import UTC, datetime
from typing import Any

from newsdex.errors import Invalid
from newsdex.formats import Context, Item, Reading, Refused, read
from newsdex_schemas import Article

FETCHED = datetime(2024, 6, 11, 8, 30, tzinfo=UTC)


def readings(content: str | bytes | dict[str, Any], suffix: str = "", **context: Any) -> list[Reading]:
    raw = json.dumps(content).encode() if isinstance(content, dict) else content
    encoded = raw.encode() if isinstance(raw, str) else raw
    return list(read(encoded, Context(**{"fetched_at": FETCHED, "name": "a-file"} | context), suffix))


def item(content: str | bytes | dict[str, Any], suffix: str = "", **context: Any) -> Item:
    """Return the one item; fail where anything is refused."""
    (found,) = readings(content, suffix, **context)

    assert isinstance(found, Item), found
    return found


def article(content: str | bytes | dict[str, Any], suffix: str = "", **context: Any) -> dict[str, Any]:
    """Return the fields of the one article that are set."""
    found = item(content, suffix, **context).data

    assert isinstance(found, Article)
    return {name: value for name, value in found.model_dump(mode="json").items() if value}


def refusal(content: str | bytes | dict[str, Any], suffix: str = "", **context: Any) -> Invalid:
    (found,) = readings(content, suffix, **context)

    assert isinstance(found, Refused), found
    return found.error


NINJS_1 = {
    "uri": "urn:courier:ferry", "type": "text", "version": "3", "pubstatus": "usable",
    "firstcreated": "2024-06-10T08:00:00Z", "versioncreated": "2024-06-11T08:00:00+02:00",
    "embargoed": "2024-06-12T06:00:00Z", "expires": "2025-06-12T06:00:00Z", "language": "en", "located": "Brackwater",
    "byline": "By Jane Doe and John Smith, AFP", "headline": "Ferry returns", "urgency": 4,
    "body_xhtml": "<p>The <b>Marigold</b> sails\n again.</p><p>It carries goats &amp; mail.</p>",
    "body_text": "The Marigold sails again. It carries goats & mail.",
    "subject": [{"name": "Ferries", "rel": "about"}, {"name": "Harbours"}], "renditions": {"main": {"href": "x"}},
}  # fmt: skip

LD = {
    "@context": "https://schema.org", "@type": "NewsArticle", "headline": "Ferry returns", "articleBody": "It sails.",
    "url": "https://courier.example/ferry", "datePublished": "2024-06-10T08:00:00Z",
    "author": {"@type": "Person", "name": "Jane Doe"}, "publisher": {"@type": "Organization", "name": "Courier"},
}  # fmt: skip

G2 = """<?xml version="1.0"?><newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><header/><itemSet>
<newsItem guid="urn:newsml:a:1" version="2" xml:lang="en"><itemMeta><versionCreated>2024-06-11T08:00:00Z</versionCreated>
<firstCreated>2024-06-10T08:00:00Z</firstCreated><embargoed>2024-06-12T08:00:00Z</embargoed><pubStatus qcode="stat:usable"/></itemMeta>
<contentMeta><urgency>3</urgency><headline>Ferry returns</headline><by>By Jane Doe</by><creditline>AFP</creditline>
<located><name>Brackwater</name></located><language tag="en"/><subject qcode="a:b"><name>Ferries</name></subject></contentMeta>
<contentSet><inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><head><title>No</title></head>
<body><body.head><hedline><hl1>No</hl1></hedline></body.head><body.content><p>It <em>sails</em>.</p><p>Again.</p></body.content></body></nitf>
</inlineXML></contentSet></newsItem>
<newsItem guid="urn:newsml:a:2" version="5"><itemMeta><versionCreated>2024-06-11T08:00:00Z</versionCreated>
<pubStatus qcode="stat:canceled"/></itemMeta></newsItem>
<packageItem guid="urn:newsml:a:3"/></itemSet></newsMessage>"""
