# ruff: noqa: E501 - samples of formats keep their own lines
"""Every format becomes articles, takedowns, or refusals with a reason; each sample is written after its specification."""

import gzip
import io
import json
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events import delivery

from newsdex.errors import Invalid
from newsdex.formats import Context, Given, Item, Reading, Refused, read, read_value
from newsdex.ingest.read import read_event
from newsdex_schemas import Article, ScrapedPage, Withdrawal, channels

FETCHED = datetime(2024, 6, 11, 8, 30, tzinfo=UTC)
NINJS_SUITE = "./iptc-newsinjson/validation/test_suite/"
IN_TIME_S = 10


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


# ninjs

NINJS_1 = {
    "uri": "urn:courier:ferry", "type": "text", "version": "3", "pubstatus": "usable",
    "firstcreated": "2024-06-10T08:00:00Z", "versioncreated": "2024-06-11T08:00:00+02:00",
    "embargoed": "2024-06-12T06:00:00Z", "expires": "2025-06-12T06:00:00Z", "language": "en", "located": "Brackwater",
    "byline": "By Jane Doe and John Smith, AFP", "headline": "Ferry returns", "urgency": 4,
    "body_xhtml": "<p>The <b>Marigold</b> sails\n again.</p><p>It carries goats &amp; mail.</p>",
    "body_text": "The Marigold sails again. It carries goats & mail.",
    "subject": [{"name": "Ferries", "rel": "about"}, {"name": "Harbours"}], "renditions": {"main": {"href": "x"}},
}  # fmt: skip
NINJS_ARTICLE = {
    "id": "urn:courier:ferry", "title": "Ferry returns", "version": 3, "agency": "AFP", "language": "en",
    "body": "The Marigold sails again.\n\nIt carries goats & mail.", "authors": ["Jane Doe", "John Smith"],
    "tags": ["Ferries", "Harbours"], "dateline": "Brackwater", "published_at": "2024-06-10T08:00:00Z",
    "updated_at": "2024-06-11T08:00:00+02:00", "embargoed_until": "2024-06-12T06:00:00Z",
    "expires_at": "2025-06-12T06:00:00Z",
}  # fmt: skip
NINJS_3 = {
    "uri": "urn:courier:ferry", "versionCreated": "2024-06-11T08:00:00Z", "pubStatus": "usable",
    "embargoedUntil": "2024-06-12T06:00:00Z", "headlines": [{"role": "main", "value": "Ferry returns"}],
    "descriptions": [{"role": "summary", "contentType": "text/plain", "value": "A boat is back."}],
    "bodies": [
        {"role": "xml", "contentType": "application/xml", "value": "<x>no</x>"},
        {"role": "text", "contentType": "text/plain", "value": "The Marigold sails again."},
        {"role": "html", "contentType": "text/html", "value": "<html><head><title>No</title></head><p>The Marigold.</p>"},
    ],
}  # fmt: skip


def test_an_item_of_ninjs_1_is_an_article_without_its_renditions() -> None:
    found = item(NINJS_1)

    assert NINJS_ARTICLE == article(NINJS_1)
    assert {"urgency", "renditions"} == set(found.unkept)
    assert datetime.fromisoformat("2024-06-11T08:00:00+02:00") == found.time


def test_an_item_of_ninjs_3_is_an_article() -> None:
    found = article(NINJS_3)

    assert ("Ferry returns", "The Marigold.", "A boat is back.") == (found["title"], found["body"], found["summary"])
    assert "2024-06-12T06:00:00Z" == found["embargoed_until"]


@pytest.mark.parametrize("status", ["canceled", "withheld"])
def test_an_item_that_must_not_be_published_is_a_takedown(status: str) -> None:
    found = item(NINJS_1 | {"pubstatus": status})

    assert Withdrawal(id="urn:courier:ferry", version=3) == found.data
    assert channels.ARTICLES_WITHDRAWN == found.to_event(id="e", source="s")[0]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"embargoed": "soon"}, "invalid_datetime"),
        ({"expires": "never"}, "invalid_datetime"),
        ({"pubstatus": "cancelled"}, "not_allowed"),
        ({"headline": 3}, "wrong_type"),
        ({"mood": "calm"}, "unknown_field"),
    ],
)
def test_what_could_be_published_by_mistake_is_refused(fields: dict[str, Any], code: str) -> None:
    assert code == refusal(NINJS_1 | fields).code


def test_properties_of_a_schema_of_the_publishers_own_are_counted() -> None:
    own = {"standard": {"name": "ours", "schema": "https://courier.example/schema.json"}, "mood": "calm"}

    assert "mood" in item(NINJS_1 | own).unkept


def ninjs_files(shared_data: Path, *parts: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(shared_data / "formats" / "iptc-newsinjson.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".json") and all(part in member.name for part in parts):
                content = archive.extractfile(member)
                assert content is not None
                yield member.name, content.read()


def test_every_example_of_ninjs_is_an_article(shared_data: Path) -> None:
    found = {
        f"{name}{reading.place}": reading
        for name, content in ninjs_files(shared_data, "/examples/")
        if "/not-valid/" not in name and "extension-schema" not in name
        for reading in readings(content, ".json")
    }

    assert 56 <= len(found) + 1
    assert {} == {name: one for name, one in found.items() if not isinstance(one, Item)}
    assert {} == {
        name: one for name, one in found.items() if isinstance(one, Item) and not isinstance(one.data, Article)
    }


def test_what_should_pass_in_the_suite_of_ninjs_is_read_where_it_has_a_text(shared_data: Path) -> None:
    """Most of the suite's items are a `uri` and one property; of these an article would have no text at all."""
    refused = {}
    for name, content in ninjs_files(shared_data, NINJS_SUITE, "/should_pass/"):
        (one,) = readings(content, ".json")
        if isinstance(one, Refused):
            refused[name] = one.error.code
            texts = [key for key in json.loads(content) if key.lower().startswith(("headline", "title", "bod", "desc"))]

            assert [] == texts, name

    assert {"missing_field"} == set(refused.values())


def test_what_should_fail_in_the_suite_of_ninjs_is_refused(shared_data: Path) -> None:
    taken = set()
    for name, content in ninjs_files(shared_data, NINJS_SUITE, "/should_fail/"):
        (one,) = readings(content, ".json")
        if not isinstance(one, Refused | Given):
            taken.add(name.removeprefix(NINJS_SUITE))

    # both say `component`, a type since 1.2, and do not say that they are older
    assert {"1.0/should_fail/014_type_component.json", "1.1/should_fail/001_type_component.json"} >= taken


# JSON-LD

LD = {
    "@context": "https://schema.org", "@type": "NewsArticle", "headline": "Ferry returns", "articleBody": "It sails.",
    "url": "https://courier.example/ferry", "datePublished": "2024-06-10T08:00:00Z",
    "author": {"@type": "Person", "name": "Jane Doe"}, "publisher": {"@type": "Organization", "name": "Courier"},
}  # fmt: skip
LD_ARTICLE = {
    "id": "https://courier.example/ferry", "url": "https://courier.example/ferry", "title": "Ferry returns",
    "body": "It sails.", "authors": ["Jane Doe"], "published_at": "2024-06-10T08:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        LD,
        {"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "Courier"}, LD]},
        json.dumps([{"@context": "https://schema.org", "@type": "BreadcrumbList"}, LD]),
        json.dumps(LD)[:-1] + ",}",
    ],
    ids=["object", "graph", "array", "trailing comma"],
)
def test_json_ld_is_an_article(value: str | dict[str, Any]) -> None:
    assert LD_ARTICLE == article(value)
    assert item(LD).unkept == ("publisher",)


def test_json_ld_without_an_article_is_refused_and_one_without_an_address_takes_the_given_one() -> None:
    assert "no_items" == refusal({"@context": "https://schema.org", "@type": "WebSite", "name": "Courier"}).code
    nameless = {name: value for name, value in LD.items() if name != "url"}

    assert "https://a.example/1" == article(nameless, url="https://a.example/1")["id"]


def test_every_block_of_json_ld_in_the_wild_is_articles_or_a_refusal_with_a_reason(shared_data: Path) -> None:
    outcomes = Counter[str]()
    with gzip.open(shared_data / "formats" / "jsonld_wild.jsonl.gz") as lines:
        for line in lines:
            block = json.loads(line)
            raw = block["raw"] if "raw" in block else json.dumps(block["jsonld"])
            found = readings(raw, ".jsonld")
            errors = [one.error for one in found if isinstance(one, Refused)]
            outcomes["article" if len(errors) < len(found) else errors[0].code] += 1

            assert found
            assert all(error.code and error.message for error in errors)

    assert 534 == outcomes.total()
    assert 515 <= outcomes["article"]


# Feeds

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Courier</title><language>en-gb</language>
<item><guid isPermaLink="false">courier-1</guid><link>https://courier.example/1</link>
<title>Ferry &amp;amp; bridge</title><description>&lt;p&gt;It sails.&lt;/p&gt;</description><dc:creator>Jane Doe</dc:creator>
<content:encoded><![CDATA[<p>The Marigold sails.</p><p>Goats too.</p>]]></content:encoded>
<category>Ferries</category><pubDate>Mon, 10 Jun 2024 10:00:00 +0200</pubDate><enclosure url="https://a.example/a.mp3"
 length="1" type="audio/mpeg"/></item><item><link>https://courier.example/2</link><title>Bridge</title></item>
<item><description/></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Kurier</title><entry><id>tag:kurier.example,2024:1</id>
<title type="html">F&amp;auml;hre zur&amp;uuml;ck</title><link href="https://kurier.example/1"/><summary>Kurz.</summary>
<author><name>Erika Mustermann</name></author><published>2024-06-10T08:00:00Z</published><updated>2024-06-11T08:00:00Z</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Sie f&#228;hrt.</p><p>Wieder.</p></div></content></entry></feed>"""


def test_each_item_of_rss_is_an_article_by_its_guid_or_its_link() -> None:
    first, second, third = readings(RSS)
    assert isinstance(first, Item)
    assert isinstance(second, Item)

    assert {
        "id": "courier-1", "url": "https://courier.example/1", "title": "Ferry & bridge", "summary": "It sails.",
        "body": "The Marigold sails.\n\nGoats too.", "authors": ["Jane Doe"], "tags": ["Ferries"], "language": "en-GB",
        "published_at": "2024-06-10T10:00:00+02:00",
    } == {name: value for name, value in first.data.model_dump(mode="json").items() if value}  # fmt: skip
    assert ("https://courier.example/2", ("[1]", "[2]", "[3]")) == (
        second.data.id,
        (first.place, second.place, third.place),
    )
    assert isinstance(third, Refused)
    assert first.time is None


def test_an_entry_of_atom_is_an_article_and_its_update_orders_it() -> None:
    found = item(ATOM)

    assert {
        "id": "tag:kurier.example,2024:1", "url": "https://kurier.example/1", "title": "Fähre zurück", "summary": "Kurz.",
        "body": "Sie fährt.\n\nWieder.", "authors": ["Erika Mustermann"], "language": "de",
        "published_at": "2024-06-10T08:00:00Z", "updated_at": "2024-06-11T08:00:00Z",
    } == article(ATOM)  # fmt: skip
    assert datetime(2024, 6, 11, 8, tzinfo=UTC) == found.time


def test_a_json_feed_is_an_article_for_each_item() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": "Courier", "language": "en", "authors": [{"name": "Jane Doe"}],
        "items": [
            {"id": 1, "url": "https://courier.example/1", "title": "Ferry", "content_html": "<p>It sails.</p>",
             "date_published": "2024-06-10T08:00:00Z", "tags": ["boats"], "image": "https://a.example/a.png"},
            {"content_text": "nameless"},
        ],
    }  # fmt: skip
    first, second = readings(feed)

    assert isinstance(first, Item)
    assert ("1", "It sails.", ("Jane Doe",), ("image",)) == (
        first.data.id, first.data.body, first.data.authors, first.unkept,  # type: ignore[union-attr]  # an article
    )  # fmt: skip
    assert isinstance(second, Refused)


@pytest.fixture(scope="session")
def feeds_of_feedparser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of feedparser's own tests; skip where its source distribution cannot be had."""
    folder = tmp_path_factory.mktemp("feedparser")
    order = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        "feedparser",
        "feedparser==6.0.14",
    ]
    try:
        subprocess.run([*order, "-d", str(folder)], check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"the source of feedparser, whose tests are read, is not to be had: {error}")
    (source,) = folder.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("feedparser-*/tests"))


def test_feedparsers_own_feeds_become_articles_or_refusals_with_a_reason(feeds_of_feedparser: Path) -> None:
    outcomes = Counter[str]()
    for file in sorted(feeds_of_feedparser.glob("**/*.xml")):
        found = readings(file.read_bytes(), ".xml")
        outcomes.update(one.error.code if isinstance(one, Refused) else "article" for one in found)

        assert found, file
        assert all(isinstance(one, Refused | Item) for one in found), file

    assert outcomes["article"] > 300


# WordPress, NewsML-G2, CSV, JSON Lines with a mapping

POST = {
    "id": 7, "guid": {"rendered": "https://blog.example/?p=7"}, "link": "https://blog.example/ferry", "status": "publish",
    "date": "2024-06-10T10:00:00", "date_gmt": "2024-06-10T08:00:00", "modified_gmt": "2024-06-11T08:00:00",
    "title": {"rendered": "Ferry &#8217;s back"}, "content": {"rendered": "<p>It sails.</p>\n<p>Again.</p>", "protected": False},
    "excerpt": {"rendered": "<p>Short.</p>"}, "sticky": False,
    "_embedded": {"author": [{"name": "Jane Doe"}], "wp:term": [[{"taxonomy": "category", "name": "Harbour"}],
                                                              [{"taxonomy": "post_tag", "name": "goats"}]]},
}  # fmt: skip


def test_a_post_of_wordpress_is_an_article_by_its_guid() -> None:
    assert {
        "id": "https://blog.example/?p=7", "url": "https://blog.example/ferry", "title": "Ferry ’s back",
        "body": "It sails.\n\nAgain.", "summary": "Short.", "authors": ["Jane Doe"], "section": "Harbour", "tags": ["goats"],
        "published_at": "2024-06-10T08:00:00Z", "updated_at": "2024-06-11T08:00:00Z",
    } == article(POST)  # fmt: skip


def test_a_draft_is_refused_one_in_the_bin_is_taken_down_and_a_planned_one_waits() -> None:
    assert "not_published" == refusal(POST | {"status": "draft"}).code
    assert Withdrawal(id="https://blog.example/?p=7") == item(POST | {"status": "trash"}).data
    assert "2024-06-10T08:00:00Z" == article(POST | {"status": "future"})["embargoed_until"]


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


def test_news_items_of_newsml_g2_are_articles_and_takedowns() -> None:
    first, second, third = readings(G2)
    assert isinstance(first, Item)
    assert isinstance(second, Item)

    assert {
        "id": "urn:newsml:a:1", "title": "Ferry returns", "body": "It sails.\n\nAgain.", "authors": ["Jane Doe"],
        "agency": "AFP", "dateline": "Brackwater", "language": "en", "version": 2, "tags": ["Ferries"],
        "published_at": "2024-06-10T08:00:00Z", "updated_at": "2024-06-11T08:00:00Z",
        "embargoed_until": "2024-06-12T08:00:00Z",
    } == {name: value for name, value in first.data.model_dump(mode="json").items() if value}  # fmt: skip
    assert ("urgency",) == first.unkept
    assert Withdrawal(id="urn:newsml:a:2", version=5) == second.data
    assert isinstance(third, Refused)


TABLE = "Kennung;Überschrift;body;authors;published_at\n7;Fähre;Sie fährt.;Jane Doe; 10.06.2024 10:00\n8;Brücke;Zu.;;\n9;zu;viele;Zellen;hier;;\n"


def test_rows_of_csv_are_articles_by_the_header_and_a_mapping() -> None:
    first, second, third = readings(TABLE, mapping={"id": "Kennung", "title": "Überschrift"}, timezone="Europe/Berlin")

    assert isinstance(first, Item)
    assert {
        "id": "7", "title": "Fähre", "body": "Sie fährt.", "authors": ["Jane Doe"],
        "published_at": "2024-06-10T10:00:00+02:00",
    } == {name: value for name, value in first.data.model_dump(mode="json").items() if value}  # fmt: skip
    assert isinstance(second, Item)
    assert (":2", ":3", ":4", "too_many") == (first.place, second.place, third.place, third.error.code)  # type: ignore[union-attr]


def test_a_table_that_nobody_explains_is_refused_with_its_columns() -> None:
    assert ("no_title_column", True) == (
        (error := refusal("id,headline\na,b\n", ".csv")).code,
        "headline" in error.message,
    )
    assert "unknown_column" == refusal("id,title\na,b\n", ".csv", mapping={"body": "text"}).code


def test_json_lines_are_articles_by_a_mapping_with_paths() -> None:
    lines = (
        '{"key": 1, "fields": {"headline": "Ferry"}, "mood": "calm"}\n{"key": 2, "fields": {"headline": "Bridge"}}\n'
    )
    first, second = readings(lines, mapping={"id": "key", "title": "fields.headline"})

    assert isinstance(first, Item)
    assert isinstance(second, Item)
    assert [("1", "Ferry"), ("2", "Bridge")] == [(one.data.id, one.data.title) for one in (first, second)]  # type: ignore[union-attr]
    assert ("mood",) == first.unkept


# Pages

PAGE = '<!doctype html><html lang="de"><head><meta charset="iso-8859-1">{}<title>Fähre</title></head><body><p>Sie fährt.</p></body></html>'


def test_a_page_is_read_in_its_charset_and_has_the_address_that_it_calls_its_own() -> None:
    own = PAGE.format('<link rel="canonical" href="https://kurier.example/faehre">').encode("iso-8859-1")
    found = item(own).data
    named = item(own, url="https://kurier.example/?p=7").data

    assert isinstance(found, ScrapedPage)
    assert isinstance(named, ScrapedPage)
    assert (None, "https://kurier.example/faehre") == (found.id, found.canonical_url)
    assert "Sie fährt." in (found.html or "")
    assert ("https://kurier.example/?p=7", None) == (named.url, named.canonical_url)


def test_a_page_that_calls_its_sites_start_its_own_is_named_after_its_file() -> None:
    found = item(PAGE.format('<link rel="canonical" href="https://kurier.example/">')).data

    assert isinstance(found, ScrapedPage)
    assert ("a-file", None) == (found.id, found.canonical_url)


# Recognised, and refused by name


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('<!DOCTYPE nitf SYSTEM "nitf.dtd"><nitf><head/></nitf>', "NITF"),
        ('<?xml version="1.0"?><NewsML Version="1.2"><NewsItem/></NewsML>', "NewsML 1"),
        ('<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel/></rss>', "WXR"),
        ({"_id": "A", "type": "story", "content_elements": []}, "ANS"),
        ({"db": [{"meta": {}, "data": {"posts": []}}]}, "Ghost"),
        ("%PDF-1.7\n", "PDF"),
    ],
)
def test_other_formats_are_refused_by_their_names(content: str | dict[str, Any], name: str) -> None:
    error = refusal(content)

    assert "unreadable_format" == error.code
    assert name in error.message


# What comes as a message


def received(body: object, **headers: str) -> Any:
    return read_event(delivery(body, channels.ARTICLES_PUBLISHED, headers=headers))


def test_a_message_may_be_an_item_of_another_format() -> None:
    event = received(NINJS_1)

    assert ("urn:courier:ferry", 3, "Ferry returns") == (event.article_id, event.version, event.article.title)
    assert 2 == event.unknown_fields
    assert "urn:newsml:a:9" == received(G2[: G2.index("<newsItem guid")].encode() + b'<newsItem guid="urn:newsml:a:9"><contentMeta>'
        b"<headline>T</headline></contentMeta></newsItem></itemSet></newsMessage>").article_id  # fmt: skip


@pytest.mark.parametrize("bare", [True, False])
def test_an_item_that_is_canceled_takes_the_article_down(bare: bool) -> None:
    canceled = NINJS_1 | {"pubstatus": "canceled"}
    event = {"specversion": "1.0", "id": "e", "source": "s", "type": "article.published.v1", "data": canceled}
    found = received(canceled if bare else event)

    assert (None, "urn:courier:ferry", 3, "article.withdrawn.v1") == (
        found.article, found.article_id, found.version, found.type,
    )  # fmt: skip


def test_an_event_may_carry_an_item_of_another_format_as_its_data() -> None:
    event = {"specversion": "1.0", "id": "e", "source": "s", "type": "article.published.v1", "data": LD}

    assert "https://courier.example/ferry" == received(event).article_id
    with pytest.raises(Invalid) as fault:
        received(event | {"data": NINJS_1 | {"embargoed": "soon"}})
    assert ("invalid_datetime", "data.embargoed") == (fault.value.code, fault.value.place)


def test_a_message_with_several_articles_is_refused() -> None:
    with pytest.raises(Invalid) as fault:
        received(
            {
                "version": "https://jsonfeed.org/version/1",
                "items": [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}],
            }
        )

    assert "several_items" == fault.value.code


# What was made to hurt

LAUGHS = '<!DOCTYPE l [<!ENTITY a "lol">' + "".join(f'<!ENTITY a{n} "{"&a;" * 10}">' for n in range(9)) + "]>"
HOSTILE: dict[str, tuple[str, str]] = {
    "billion laughs": (
        f'<?xml version="1.0"?>{LAUGHS}<rss><channel><item><title>&a8;</title></item></channel></rss>',
        "",
    ),
    "an external entity": ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><newsItem>&x;</newsItem>', ""),
    "deep JSON": ("[" * 100_000, ""),
    "deep NewsML": ('<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/">' + "<a>" * 100_000, ""),
    "a deep feed": ('<rss version="2.0"><channel><item>' + "<a>" * 100_000, ""),
    "a huge field": ('id,title,body\n1,T,"' + "x" * 20_000_000 + '"\n', ".csv"),
    "a quote without end": ('id,title,body\n1,T,"' + "x\n" * 1_000_000, ".csv"),
    "nothing but brackets": ('{"uri":"a","headline":"T","body_html":"' + "<" * 3_000_000 + '"}', ""),
    "tags without end": ('{"uri":"a","headline":"T","body_html":"' + "<a href='x" * 300_000 + '"}', ""),
}


@pytest.mark.parametrize(("content", "suffix"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_was_made_to_hurt_is_refused_in_time(content: str, suffix: str) -> None:
    start = time.process_time()
    error = refusal(content, suffix)

    assert error.code
    assert time.process_time() - start < IN_TIME_S
    assert "root:" not in error.message


def test_no_file_of_the_machine_gets_into_an_article() -> None:
    body = (
        '<!DOCTYPE newsItem SYSTEM "file:///etc/passwd"><newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="a">'
    )
    found = article(f"{body}<contentMeta><headline>Ferry</headline></contentMeta></newsItem>")

    assert {"id": "a", "title": "Ferry"} == found


STARTS = [
    b"",
    b"{",
    b"[",
    b"<rss>",
    b"<feed",
    b'{"uri": "a", ',
    b'<newsItem guid="',
    b"id,title\n",
    b"\xef\xbb\xbf",
    b"PK\x03\x04",
]


@given(st.sampled_from(STARTS), st.binary(max_size=200), st.sampled_from(["", ".csv", ".json", ".xml", ".html"]))
def test_any_bytes_give_readings(start: bytes, rest: bytes, suffix: str) -> None:
    for found in read(io.BytesIO(start + rest).getvalue(), Context(fetched_at=FETCHED, name="a"), suffix):
        assert isinstance(found, Item | Given | Refused)


FIELDS = st.sampled_from(["headline", "body_html", "headlines", "bodies", "type", "version", "subject", "associations",
                          "versioncreated", "@type", "author", "title", "content", "items", "place"])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS | st.just("value"), inner, max_size=2),
    max_leaves=5,
)


@given(
    st.sampled_from([{"uri": "a"}, {"@context": "https://schema.org", "@type": "Article"}, {"id": 1, "title": {"rendered": "a"}},
                     {"version": "https://jsonfeed.org/version/1.1", "items": [{}]}]),
    st.dictionaries(FIELDS, VALUES, max_size=4),
)  # fmt: skip
def test_any_values_in_an_item_give_readings(known: dict[str, Any], drawn: dict[str, Any]) -> None:
    assert all(isinstance(found, Item | Given | Refused) for found in readings({**known, **drawn}))


def test_json_ld_that_an_id_names_is_the_article_of_the_page_at_that_address() -> None:
    named = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Ferry returns"}
    by_id = {**named, "@id": "https://www.gazette.example/ferry#article"}
    by_url = {**named, "url": "https://gazette.example/ferry?utm_source=feed"}
    items = [found for one in (by_id, by_url) for found in read_value(one, b"", Context(fetched_at=FETCHED))]

    assert 1 == len({item.data.id for item in items if isinstance(item, Item)})
