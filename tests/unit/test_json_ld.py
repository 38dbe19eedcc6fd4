"""JSON-LD is read as publishers write it; the shapes are those of 534 blocks of real pages."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsdex.normalise.dates import PageClock
from newsdex.pages.fields import StatedDate, StatedFields
from newsdex.pages.json_ld import articles_in, load, read_article
from newsdex.pages.stated_dates import read_date

KARACHI = ZoneInfo("Asia/Karachi")
CLOCK = PageClock(zone=KARACHI, fetched_at=datetime(2026, 11, 1, tzinfo=UTC))


def article(**fields: object) -> StatedFields:
    return read_article({"@type": "NewsArticle", **fields}, CLOCK)


def test_an_article_is_found_in_graphs_arrays_and_beside_others_with_its_references_resolved():
    block = {
        "@graph": [
            {"@type": "WebPage", "name": "The page"},
            {"@type": ["Article", "schema:NewsArticle"], "headline": "Rain", "author": {"@id": "#1"}},
            {"@id": "#1", "@type": "Person", "name": "Jane Doe"},
        ]
    }
    (found,) = articles_in([block])

    assert ("Rain", ("Jane Doe",)) == (read_article(found, CLOCK).title, read_article(found, CLOCK).authors)


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ({"@type": "Person", "name": "Jane Doe"}, ("Jane Doe",)),
        ([{"@type": "Person", "name": "Jane Doe"}, "By John Smith"], ("Jane Doe", "John Smith")),
        ({"@type": "Person", "name": ["Jane Doe", "John Smith"]}, ("Jane Doe", "John Smith")),
        ("Von Heike Buchter und Lars Fischer", ("Heike Buchter", "Lars Fischer")),
        ("Jane Doe, Jr.", ("Jane Doe, Jr",)),
        ("Williams Perdomo @wperdomod", ("Williams Perdomo",)),
        ({"@type": "Organization", "name": "The Daily Rain"}, ()),
        ({"@type": "Person", "name": "www.daily-rain.example.com"}, ()),
        ({"@type": "Person", "name": "Redacci&oacute;n Central"}, ()),
        ("admin", ()),
        ("Web Desk", ()),
        ("Recorder Report", ()),
        ({"@type": "Person", "name": "Reuters"}, ()),
        ({"@type": "Person", "name": ""}, ()),
        (None, ()),
        (7, ()),
    ],
)
def test_authors_are_persons(author: object, names: tuple[str, ...]):
    assert names == article(author=author).authors


def test_an_agency_that_stands_for_the_author_is_the_agency():
    assert ("Reuters",) == article(author={"@type": "Person", "name": "Reuters"}).agencies
    assert ("AP",) == article(author=[{"@type": "Organization", "name": "The Associated Press"}]).agencies


def test_keys_in_any_case_and_values_escaped_twice_are_read():
    found = article(HeadLine="Bread &amp;amp; rain", InLanguage="de-DE", datemodified="2022-05-05", keywords="a, b;c")

    assert ("Bread & rain", "de-DE", ("a", "b", "c")) == (found.title, found.language, found.tags)
    assert found.updated_at is not None


def test_a_body_of_markup_is_text():
    assert "One & two.\n\nThree." == article(articleBody="<p>One &amp; <b>two</b>.</p><p>Three.</p>").body


def stated(*parts: int, zone: tzinfo = KARACHI, has_time: bool = True, has_zone: bool = True) -> StatedDate:
    return StatedDate(
        moment=datetime(*parts, tzinfo=zone),
        precision="minute" if has_time else "day",
        zone="stated" if has_zone else "assumed",
    )


PLUS_2 = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-10-19T19:08:22+02:00", stated(2019, 10, 19, 19, 8, 22, zone=PLUS_2)),
        ("2019-10-19T19:08:22+0200", stated(2019, 10, 19, 19, 8, 22, zone=PLUS_2)),
        ("20191019T190822+0200", stated(2019, 10, 19, 19, 8, 22, zone=PLUS_2)),
        ("2019-10-19T03:00:00.000Z", stated(2019, 10, 19, 3, zone=UTC)),
        ("2022-5-5 22:17:36", stated(2022, 5, 5, 22, 17, 36, has_zone=False)),
        ("2022-05-05", stated(2022, 5, 5, has_time=False, has_zone=False)),
        ("2022-05-05T00:00:00Z", stated(2022, 5, 5, zone=UTC, has_time=False)),
        ("11.12.2021", stated(2021, 12, 11, has_time=False, has_zone=False)),
        ("Sat, 19 Oct 2019 19:08:22 GMT", stated(2019, 10, 19, 19, 8, 22, zone=UTC)),
        ("Sat, 19 Oct 2019 19:08:22 +0200", stated(2019, 10, 19, 19, 8, 22, zone=PLUS_2)),
        ("Mon May 02 12:30:00 CEST 2022", stated(2022, 5, 2, 12, 30, zone=PLUS_2)),
        ("Mon May 02 2022 12:30:00 GMT+0200 (CEST)", stated(2022, 5, 2, 12, 30, zone=PLUS_2)),
        ("May 2, 2022", stated(2022, 5, 2, has_time=False, has_zone=False)),
        ("2. Mai 2022", stated(2022, 5, 2, has_time=False, has_zone=False)),
        (1_651_487_400, stated(2022, 5, 2, 10, 30, zone=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("2031-01-01", None),
        ("2022-13-45", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        ({"date": "2022-05-05"}, None),
    ],
)
def test_dates_are_read_as_templates_write_them(text: object, expected: StatedDate | None):
    found = read_date(text, CLOCK)

    assert (expected is None) == (found is None)
    if found is not None and expected is not None:
        assert expected.moment == found.moment
        assert (expected.precision, expected.zone) == (found.precision, found.zone)


@pytest.mark.parametrize(
    "block",
    ['{"@type": "Article",}', '<!-- {"@type": "Article"} -->', '{"@type": "Article",\n "name": "a\nb"};'],
)
def test_blocks_are_parsed_though_not_quite_json(block: str):
    assert 1 == len(articles_in(load(block)))


@pytest.mark.parametrize("block", ["", "{", "[" * 100_000, '{"a": unquoted}'])
def test_a_block_that_is_none_is_refused(block: str):
    with pytest.raises(ValueError, match=r"."):
        load(block)


def test_the_blocks_of_real_pages_give_articles(shared_data: Path):
    found: Counter[str] = Counter()
    lines = gzip.decompress((shared_data / "formats" / "jsonld_wild.jsonl.gz").read_bytes()).splitlines()
    for row in map(json.loads, lines):
        try:
            block = row["jsonld"] if row["valid_json"] else load(row["raw"])
        except ValueError:
            found["refused"] += 1
            continue
        for item in articles_in(block):
            fields = read_article(item, CLOCK)
            found.update(("article", *(name for name in ("title", "published_at") if getattr(fields, name))))

    assert found["article"] > 520
    assert found["refused"] < 10
    assert found["title"] > 515
    assert found["published_at"] > 510
