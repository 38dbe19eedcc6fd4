# ruff: noqa: E501 - samples of formats keep their own lines
"""Every format becomes articles, takedowns, or refusals with a reason; each sample is written after its specification."""

import gzip
import json
import subprocess
import sys
import tarfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.format_samples import FETCHED, G2, LD, article, item, readings, refusal

from newsdex.formats import Context, Item, Refused, read_value
from newsdex_schemas import ScrapedPage, Withdrawal

# JSON-LD

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


def test_json_ld_that_an_id_names_is_the_article_of_the_page_at_that_address() -> None:
    named = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Ferry returns"}
    by_id = {**named, "@id": "https://www.gazette.example/ferry#article"}
    by_url = {**named, "url": "https://gazette.example/ferry?utm_source=feed"}
    items = [found for one in (by_id, by_url) for found in read_value(one, b"", Context(fetched_at=FETCHED))]

    assert 1 == len({item.data.id for item in items if isinstance(item, Item)})
