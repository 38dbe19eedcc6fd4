"""Odd input to the gateway is a refusal or is ignored; it is never a defect, and never costs a receipt."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from tests.unit.events import delivery

from newsdex.apps.client import Client
from newsdex.apps.messages import message_of, message_on
from newsdex.errors import Invalid, NewsdexError
from newsdex.formats import Context, Item, Refused, read
from newsdex.gateway.api.event_bodies import split_body
from newsdex.gateway.api.events import IN_FLIGHT, _published, _receipts
from newsdex.gateway.callers import Hosts
from newsdex.gateway.pages.address import SearchAddress
from newsdex.ingest.read import read_event
from newsdex.pages.canonical_link import canonical_link
from newsdex_schemas import Article, EventRef, channels

CONTEXT = Context(fetched_at=datetime(2024, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]", "[::1]:8080", "search.desk.example:443"]
)
def test_a_name_of_ours_with_or_without_a_port_is_taken(host: str) -> None:
    assert host in Hosts("127.0.0.1", ["search.desk.example"])


@pytest.mark.parametrize(
    "host",
    [
        "[::1",
        "[::1]x",
        "localhost:@evil.example/x",
        "localhost:/api/",
        "localhost:80:80",
        "localhost/x",
        "",
        "evil.example",
    ],
)
def test_what_is_no_name_and_port_of_ours_is_refused(host: str) -> None:
    assert host not in Hosts("127.0.0.1", ["search.desk.example"])


@pytest.mark.parametrize("timeout_ms", ["²", "9" * 5_000, "-1", "1e3", "٣", ""])
def test_a_time_that_is_no_short_number_is_not_more_than_usual(timeout_ms: str) -> None:
    assert not SearchAddress(timeout_ms=timeout_ms).takes_longer


def test_half_a_surrogate_pair_in_a_batch_is_taken_as_in_a_single_event() -> None:
    event = b'{"specversion": "1.0", "id": "e-1", "source": "desk", "data": {"title": "\\ud800"}}'
    headers: Mapping[str, str] = {"content-type": "application/cloudevents-batch+json"}
    events = split_body(b"[" + event + b"]", headers, CONTEXT)

    assert ["e-1"] == [json.loads(body)["id"] for body in events.bodies if isinstance(body, bytes)]


def test_an_event_that_is_stored_has_its_receipt_whatever_waiting_for_it_meets() -> None:
    class Waiting:
        async def wait_until_searchable(self, *_: Any) -> None:
            raise NewsdexError("internal_error", "a searcher met a defect")

    ref = EventRef(source="desk", id="e-1", stream_sequence=7)
    (receipt,) = asyncio.run(_receipts(cast("Client", Waiting()), [(ref, False)], [()], 1.0))

    assert (202, "e-1", 7) == (receipt.status, receipt.id, receipt.stream_sequence)


def test_a_publisher_waits_for_all_events_as_long_as_for_one() -> None:
    deadlines = []

    class Electing:
        async def publish_one(self, _: Any, patience_s: float) -> None:
            if patience_s > 0:
                deadlines.append(time.monotonic() + patience_s)
            await asyncio.sleep(patience_s)
            raise NewsdexError("broker_unavailable", "no leader")

    bodies = [b'{"id": "a", "title": "T"}'] * (3 * IN_FLIGHT)
    results = asyncio.run(_published(cast("Client", Electing()), bodies, 1.0))

    assert {"broker_unavailable"} == {result.code for result in results if isinstance(result, NewsdexError)}
    assert max(deadlines) - min(deadlines) < 0.5, "one deadline for all, and not one for each turn of a second"


def test_what_the_gateway_takes_of_html_is_not_read_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may take seconds to read: it is the processes for pages that read it, with limits."""
    monkeypatch.setitem(sys.modules, "newsdex.pages.article", None)
    (page,) = split_body(b"<title>T</title><p>x", {"content-type": "text/html"}, CONTEXT).bodies
    assert isinstance(page, Item)
    channel, event = page.to_event(id="p-1", source="desk")
    message = message_on(channel, event, "page", reads_pages=False)

    assert ("articles.scraped", "p-1") == (message.channel, message.ref.id)
    assert message == replace(message_of(event, "page", reads_pages=False), origin="page")


RSS = b'<rss version="2.0"><channel><title>t</title>%b</channel></rss>'
RSS_ITEM = b"<item><title>T</title><guid>g</guid><description>%b</description></item>"
LONG_TAG = b"<enclosure " + b" ".join(b'a%d="u"' % number for number in range(60_000)) + b"/>"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (RSS_ITEM % b"" * 12_000, "too_many"),
        (RSS_ITEM % b"" * 1_001, "too_many"),
        (RSS_ITEM % (b"word " * 210_000), "request_too_large"),
        (b"<a/>" * 50_000 + RSS_ITEM % b"", "too_many"),
        (LONG_TAG, "too_long"),
        (LONG_TAG.replace(b'"u"', b'">"'), "too_long"),
        (b"<!-- <![CDATA[ -->" + LONG_TAG + b"<!-- ]]> -->", "too_long"),
        (b"<?p <![CDATA[ ?>" + LONG_TAG + b"<?p ]]> ?>", "too_long"),
        (b"<![CDATA[ <!-- ]]>" + b"<a/>" * 50_000 + b"<![CDATA[ --> ]]>", "too_many"),
        (b"<!-- " * 190_000, "too_many"),
        (b"<a b='" * 150_000, "too_many"),
    ],
    ids=[
        "12,000",
        "1,001",
        "bytes",
        "elements",
        "attributes",
        "quoted",
        "commented",
        "instructed",
        "data",
        "comments without an end",
        "values without an end",
    ],
)
def test_a_feed_that_takes_long_to_read_is_refused_unread(content: bytes, code: str) -> None:
    began = time.process_time()
    with pytest.raises(Invalid) as fault:
        split_body(RSS % content, {"content-type": "application/rss+xml"}, CONTEXT)

    assert code == fault.value.code
    assert time.process_time() - began < 0.5


NEWSML = (
    b'<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="g" version="1"><contentMeta><headline>T</headline>'
    b'</contentMeta><contentSet><inlineXML contenttype="application/xhtml+xml"><html><body>%b</body></html></inlineXML>'
    b"</contentSet></newsItem>"
)


@pytest.mark.parametrize("tag", [b"<a/>", b"<p/>", b"<p><b/></p>"])
def test_a_news_item_that_takes_long_to_read_is_refused_unread(tag: bytes) -> None:
    content = NEWSML % (tag * (4_000_000 // len(tag)))
    began = time.process_time()
    refusals: list[Callable[[], object]] = [
        lambda: split_body(content, {"content-type": "application/xml"}, CONTEXT),
        lambda: read_event(delivery(content, channels.ARTICLES_PUBLISHED)),
    ]
    for refused in refusals:
        with pytest.raises(Invalid) as fault:
            refused()

        assert "too_many" == fault.value.code
    assert time.process_time() - began < 0.5


WITHIN = {
    "paragraphs": NEWSML % (b"<p/>" * 199_000),
    "comments": NEWSML % (b"<!-- -->x" * 199_000),
    "instructions": NEWSML % (b"<?a b?>x" * 199_000),
    "tags": NEWSML.replace(
        b"<headline>", b"<subject><name>a</name></subject>" * 30_000 + b"<keyword>b</keyword>" * 30_000 + b"<headline>"
    )
    % b"",
}
"""Each took the square of their number, but for paragraphs."""


@pytest.mark.parametrize("content", WITHIN.values(), ids=WITHIN)
def test_a_news_item_within_the_bound_is_read_in_about_a_second(content: bytes) -> None:
    began = time.process_time()
    (item,) = split_body(content, {"content-type": "application/xml"}, CONTEXT).bodies

    assert isinstance(item, Item)
    assert time.process_time() - began < 4.0


HIDDEN = "".join(f"\\u{ord(one):04x}" for one in "<p/>").encode()
DECLARATIONS = {
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>',
    "spaces": b"<?xml version='1.0' encoding = 'UTF-7' ?>",
    "lines": b'<?xml version="1.0"%bencoding="UTF-7"?>' % (b"\n" * 600),
    "unknown to Python": b'<?xml version="1.0" encoding="JAVA"?>',
}


@pytest.mark.parametrize("declaration", DECLARATIONS.values(), ids=DECLARATIONS)
@pytest.mark.parametrize("hidden", [b"+ADwAcAAvAD4-", HIDDEN], ids=["base64", "escapes"])
def test_a_news_item_in_an_encoding_that_can_hide_tags_is_refused(declaration: bytes, hidden: bytes) -> None:
    content = declaration + NEWSML % (hidden * 250_000)
    began = time.process_time()

    (refused,) = read(content, CONTEXT)

    assert isinstance(refused, Refused)
    assert "unreadable_format" == refused.error.code
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-1", "windows-1252", "gb18030", "iso2022_jp"])
def test_a_news_item_in_another_encoding_is_read(encoding: str) -> None:
    text = "渡し舟" if encoding in ("gb18030", "iso2022_jp") else "Fähre"
    declared = {"utf-8-sig": "iso-8859-1", "iso2022_jp": "ISO-2022-JP"}.get(encoding, encoding)  # a mark goes before
    content = f'<?xml version="1.0" encoding="{declared}"?>' + NEWSML.decode().replace("%b", f"<p>{text}</p>")
    for item in (*read(content.encode(encoding), CONTEXT), message(content.encode(encoding))):
        assert text == (item.data if isinstance(item, Item) else item).body


def message(content: bytes) -> Article:
    article = read_event(delivery(content, channels.ARTICLES_PUBLISHED)).article
    assert article is not None
    return article


def test_comments_and_instructions_part_no_text() -> None:
    (item,) = read(NEWSML % b"<p>The fe<!-- r -->rry<?pi x?> sails <b>on<!-- --></b> time.</p>", CONTEXT)

    assert isinstance(item, Item)
    assert "The ferry sails on time." == cast("Article", item.data).body


def test_items_within_one_another_are_not_read_as_often_as_they_are_deep() -> None:
    content = NEWSML % (b"<p>It sails.</p>" * 20_000)
    for _ in range(40):
        content = NEWSML % content
    began = time.process_time()

    assert 1 == len(split_body(content, {"content-type": "application/xml"}, CONTEXT).bodies)
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize("encoding", ["utf-7", "UTF7", "cp037", "unicode_escape", "punycode"])
def test_a_feed_in_an_encoding_that_can_hide_tags_is_refused(encoding: str) -> None:
    feed = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + RSS % (RSS_ITEM % b"x")
    with pytest.raises(Invalid) as fault:
        split_body(feed, {"content-type": "application/rss+xml"}, CONTEXT)

    assert "unreadable_format" == fault.value.code


@pytest.mark.parametrize(
    "encoding", ["utf-8", "us-ascii", "ISO-8859-1", "windows-1251", "gb2312", "big5", "Shift_JIS", "euc-jp", "none"]
)
def test_a_feed_in_another_encoding_is_read(encoding: str) -> None:
    feed = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + RSS % (RSS_ITEM % b"x")

    assert 1 == len(split_body(feed, {"content-type": "application/rss+xml"}, CONTEXT).bodies)


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("iso-2022-jp", "夜の渡し船"),
        ("ISO-2022-KR", "밤의 나룻배"),
        ("hz-gb-2312", "夜间渡轮"),
        ("euc-jp", "夜の渡し船"),
        ("gb18030", "夜间渡轮"),
        ("utf-16", "Traversée de nuit"),
        ("utf-16le", "Traversées de nuit"),
        ("utf-32", "Traversée de nuit"),
    ],
)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_feed_keeps_its_letters_in_whatever_encoding(encoding: str, title: str, quote: str) -> None:
    declared = f"<?xml version={quote}1.0{quote} encoding={quote}{encoding}{quote}?>"
    # who declares UTF-16 in bytes that begin as ASCII does has UTF-8
    feed = f"{declared}{(RSS % (RSS_ITEM % b'x')).decode().replace('<title>T<', f'<title>{title}<')}".encode(
        "utf-8" if encoding.startswith("utf-") else encoding
    )
    (item,) = split_body(feed, {"content-type": "application/rss+xml"}, CONTEXT).bodies

    assert isinstance(item, Item)
    assert isinstance(item.data, Article)
    assert title == item.data.title


@pytest.mark.parametrize(
    "before",
    [
        b'<?xml-stylesheet href="%b"?>' % (b"x" * 600),
        b'<?xml version="1.0" encoding="utf-8">',
        b'<?xml version="1.0"?><?xml-stylesheet href="%b"?>' % (b"x" * 600),
        b'<?xml version="1.0"\n encoding="utf-8"\n?>',
    ],
    ids=["a long instruction", "not closed as it should be", "two", "on several lines"],
)
def test_whatever_instruction_begins_a_feed_it_is_read(before: bytes) -> None:
    feed = before + RSS % (RSS_ITEM % b"x")

    assert 1 == len(split_body(feed, {"content-type": "application/rss+xml"}, CONTEXT).bodies)


def test_a_shift_of_letters_hides_no_tags() -> None:
    hidden = b"\x1b$B<!--\x1b(B" + LONG_TAG + b"\x1b$B-->A\x1b(B"
    with pytest.raises(Invalid) as fault:
        split_body(
            b'<?xml version="1.0" encoding="iso-2022-jp"?>' + RSS % (hidden + RSS_ITEM % b"x"),
            {"content-type": "application/rss+xml"},
            CONTEXT,
        )

    assert "too_long" == fault.value.code


@pytest.mark.parametrize(
    "declaration", [b"<?xml encoding='%b\n?>" % (b"'" * 400_000), b"<?xml?>" + b"encoding=''" * 400]
)
def test_a_declaration_is_read_in_one_pass(declaration: bytes) -> None:
    began = time.process_time()
    with suppress(Invalid):
        split_body(declaration + RSS % (RSS_ITEM % b"x"), {"content-type": "application/rss+xml"}, CONTEXT)

    assert time.process_time() - began < 0.5


def test_a_document_type_cannot_hide_what_a_feed_has() -> None:
    feed = b'<!DOCTYPE rss [<!ATTLIST x a CDATA "<![CDATA[">]>' + RSS % (LONG_TAG + b"<!-- ]]> -->" + RSS_ITEM % b"x")
    with pytest.raises(Invalid) as fault:
        split_body(feed, {"content-type": "application/rss+xml"}, CONTEXT)

    assert "entities_declared" == fault.value.code


@pytest.mark.parametrize(
    "before", [b"", b'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://n.example/r.dtd">']
)
def test_a_feed_with_long_comments_and_sections_is_read(before: bytes) -> None:
    text = b"it's \"quoted\" &gt; <![CDATA[<!DOCTYPE html><p title='a > b'>" + b"word " * 2_000 + b"]]>"
    feed = before + RSS % (b"<!-- it's by hand: " + b"x " * 5_000 + b"-->" + RSS_ITEM % text)
    events = split_body(feed, {"content-type": "application/rss+xml"}, CONTEXT)

    assert isinstance(events.bodies[0], Item)


def test_a_feed_of_as_many_items_as_are_taken_is_read() -> None:
    item = RSS_ITEM % (b"<![CDATA[" + b"<b>x</b> and more of the story, at length; " * 10 + b"]]>")
    events = split_body(RSS % (item * 1_000), {"content-type": "application/rss+xml"}, CONTEXT)

    assert 1_000 == len(events.bodies)


@pytest.mark.parametrize(
    "text",
    [
        "{'id': 'x', 'title': 'Minister resigns', 'embargoed_until': '2030-01-01T00:00:00Z'}",
        "{id: 'x', title: 'Minister resigns'}",
        "  ['x', {'id': 'x'}]",
        "[Article(id='x', title='Minister resigns')]",
        "{u'id': u'x'}",
    ],
)
@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", "text/html"])
def test_values_that_are_no_json_are_no_page(text: str, media_type: str) -> None:
    with pytest.raises(Invalid) as fault:
        split_body(text.encode(), {"content-type": media_type}, CONTEXT)

    assert "invalid_json" == fault.value.code


@pytest.mark.parametrize("name", ["url", "id"])
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b'{"id": "a", "title": "T"}'),
        ("application/json", b'[{"id": "a", "title": "T"}]'),
        ("application/rss+xml", RSS % (RSS_ITEM % b"x")),
        ("text/csv", b"id,title\na,b\nc,d\n"),
        ("application/x-ndjson", b'{"id": "a", "title": "T"}\n'),
        ("application/cloudevents+json", b"{}"),
        ("application/json", b'{"uri": "urn:rail:3", "headline": "Rail", "body_text": "x", "urgency": 4}'),
    ],
    ids=["article", "list", "feed", "table", "lines", "event", "ninjs"],
)
def test_a_name_that_would_not_be_used_is_refused(media_type: str, body: bytes, name: str) -> None:
    named: dict[str, Any] = {name: "https://g.example/a"}
    context = replace(CONTEXT, **named)
    with pytest.raises(Invalid) as fault:
        split_body(body, {"content-type": media_type}, context)

    assert ("invalid_request", name) == (fault.value.code, fault.value.place)


@pytest.mark.parametrize("name", ["url", "id"])
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/html", b"<title>T</title><p>x"),
        ("text/plain", b"[Update] Rail\n\nThe last train."),
        ("application/ld+json", b'{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "R"}'),
    ],
    ids=["HTML", "text", "JSON-LD"],
)
def test_a_name_is_that_of_a_page(media_type: str, body: bytes, name: str) -> None:
    named: dict[str, Any] = {name: "https://g.example/a"}
    context = replace(CONTEXT, **named)
    (item,) = split_body(body, {"content-type": media_type}, context).bodies

    assert isinstance(item, Item)
    assert "https://g.example/a" in (getattr(item.data, "id", None), getattr(item.data, "url", None))


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("<link rel=canonical href=https://g.example/a>", "https://g.example/a"),
        ("<LINK HREF='https://g.example/a?b=1&amp;c=2' REL='x Canonical'/>", "https://g.example/a?b=1&c=2"),
        ("<!-- <link rel=canonical href=/old> --><link rel=canonical href='/new'>", "/new"),
        ('<script>\'<link rel=canonical href=/js>\'</script ><link rel="canonical"\nhref = "/new">', "/new"),
        ("<link rel=stylesheet href=/a.css><link rel=canonical><link rel=canonical href=/second>", "/second"),
        ("<!-- " * 100_000, None),
        ("<link " * 100_000, None),
        ("<script>" * 50_000 + "<link rel=canonical href=/a>", None),
        ("<link a" + " " * 400_000 + "=1>", None),
        ("", None),
        ('<link title="a > b" rel=canonical href="/quoted">', "/quoted"),
        ("<title><link rel=canonical href=/evil></title><link rel=canonical href=/a>", "/a"),
        ("<textarea><link rel=canonical href=/evil></textarea ><link rel=canonical href=/a>", "/a"),
        ('<meta content="<link rel=canonical href=/evil>"><link rel=canonical href=/a>', "/a"),
        ('<link data-x1="a rel=canonical href=/evil" rel=icon href=/b><link rel=canonical href=/a>', "/a"),
        ("<script-loader></script-loader><p title=don't><link rel=canonical href=/a href=/evil>", "/a"),
        ("<title>" * 70_000, None),
        ("<p a='" * 70_001, None),
        ('<p ="x' * 70_001 + ">", None),
        ("</link rel=canonical href=/evil><link rel=canonical href=/a>", "/a"),
    ],
    ids=[
        "bare",
        "escaped",
        "comment",
        "script",
        "second",
        "comments",
        "links",
        "scripts",
        "blanks",
        "nothing",
        "quoted",
        "title",
        "textarea",
        "meta",
        "data",
        "names",
        "titles",
        "quotes",
        "tags",
        "end",
    ],
)
def test_the_canonical_link_of_a_page_is_found_in_one_pass(page: str, address: str | None) -> None:
    began = time.process_time()

    assert address == canonical_link(page)
    assert time.process_time() - began < 1.0
