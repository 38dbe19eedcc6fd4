"""What bounds feeds and NewsML-G2 for the gateway and for messages, in whatever encoding they are."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

import pytest
from tests.unit.events import delivery

from newsdex.errors import Invalid
from newsdex.formats import Context, Item, Refused, read
from newsdex.gateway.api.event_bodies import split_body
from newsdex.ingest.read import read_event
from newsdex_schemas import Article, channels

CONTEXT = Context(fetched_at=datetime(2024, 7, 1, tzinfo=UTC))

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
