"""HTML pages become articles: each value is that of the source that is believed most, and says where it came from."""

from datetime import UTC, datetime
from typing import Any

import pytest

from newsdex.ingest.pages import read_page
from newsdex.normalise.page_address import page_id
from newsdex.pages.charset import decode_page
from newsdex_schemas import Article, ScrapedPage

URL = "https://news.example/2024/rain"
STORY = "".join(
    f"<p>The river rose by {n} metres in the night, and the town waited for the morning.</p>" for n in range(9)
)
LD = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ld wrote this", '
    '"datePublished": "%s", %s}</script>'
)


def article(head: str = "", top: str = "<h1>Heading seen above</h1>", url: str | None = URL, **given: Any) -> Article:
    html = f"<html lang='en-GB'><head>{head}</head><body><article>{top}{STORY}</article></body></html>"
    return read_page(ScrapedPage(html=html, url=url, fetched_at=datetime(2024, 7, 1, tzinfo=UTC), **given))


def origin(found: Article, name: str) -> str | None:
    return found.origins[name].origin if found.origins and name in found.origins else None


OG = "<meta property='og:title' content='Graph says that'><meta property='article:published_time' content='2024-06-28'>"


@pytest.mark.parametrize(
    ("head", "given", "title", "from_"),
    [
        (LD % ("2024-06-29", '"x": 1') + OG, {"title": "Scraper knows better"}, "Scraper knows better", "hint"),
        (LD % ("2024-06-29", '"x": 1') + OG, {}, "Ld wrote this", "json_ld"),
        (OG, {}, "Graph says that", "meta"),
        ("<title>Something else</title>", {}, "Heading seen above", "page"),
    ],
)
def test_the_title_is_that_of_the_source_believed_most(
    head: str, given: dict[str, Any], title: str, from_: str
) -> None:
    found = article(head, **given)

    assert (title, from_) == (found.title, origin(found, "title"))


def test_a_title_is_without_the_name_of_its_site_and_in_the_words_of_the_pages_own_heading() -> None:
    head = "<title>River floods the old town | Daily Rain</title><meta property='og:site_name' content='Daily Rain'>"

    assert "River floods the old town" == article(head, "").title
    assert (
        "River floods town"
        == article(
            "<meta property='og:title' content='River floods town - Daily Rain'>", "<h1>River floods town</h1>"
        ).title
    )


@pytest.mark.parametrize(
    ("head", "top", "moment", "told"),
    [
        (LD % ("2024-6-9 8:05:00", '"x": 1'), "", "2024-06-09 03:05", ("json_ld", "minute", "assumed")),
        (OG, "", "2024-06-27 19:00", ("meta", "day", "assumed")),
        (
            "",
            "<time datetime='2024-06-01T10:00:00+02:00'>1 June</time>",
            "2024-06-01 08:00",
            ("page", "minute", "stated"),
        ),
        ("", "<p class='x'>By Jane Doe</p><p>11.05.2024</p>", "2024-05-10 19:00", ("page", "day", "assumed")),
    ],
)
def test_a_date_keeps_its_origin_precision_and_zone(
    head: str, top: str, moment: datetime, told: tuple[str, ...]
) -> None:
    found = article(head, f"<h1>Heading seen above</h1>{top}", timezone="Asia/Karachi")
    stated = (found.origins or {})["published_at"]

    assert found.published_at is not None
    assert moment == f"{found.published_at.astimezone(UTC):%Y-%m-%d %H:%M}"
    assert told == (stated.origin, stated.precision, stated.zone)


def test_a_day_in_the_address_goes_before_what_is_shown_and_a_guess_says_that_it_is_one() -> None:
    by_address = article(url="https://news.example/2024/05/04/rain")

    assert ("address", "2024-05-04") == (origin(by_address, "published_at"), str(by_address.published_at)[:10])
    assert article(top="<h1>Heading</h1>").published_at is None
    guessed = article(
        top="<h1>Heading</h1><!-- x -->", head="<style>/* */</style><link href='/files/2024/05/06/a.css'>"
    )
    assert origin(guessed, "published_at") in {None, "guess"}


def test_nothing_is_invented_where_nothing_is_stated() -> None:
    found = article()

    assert ((), None, None, None) == (found.authors, found.agency, found.section, found.published_at)


def test_authors_are_read_of_metadata_and_of_the_byline_under_the_heading() -> None:
    stated = article(LD % ("2024-06-29", '"author": [{"name": "Jane Doe"}, {"name": "Web Desk"}]'))
    shown = article(top="<h1>Heading seen above</h1><div><span>By</span> <a>John Smith</a></div>")

    assert (("Jane Doe",), "json_ld") == (stated.authors, origin(stated, "authors"))
    assert (("John Smith",), "page") == (shown.authors, origin(shown, "authors"))


def test_the_story_is_without_the_page_around_it_and_with_its_standfirst() -> None:
    top = "<h1>Heading seen above</h1><div class='standfirst'>A night in which nobody in the town slept at all.</div>"
    html = f"<nav><a href=/>Home</a><a href=/s>Sport</a></nav><script>var words = 'of a script';</script>{top}"
    found = article(top=html)

    assert found.body.startswith("A night in which nobody")
    assert "The river rose by 8 metres" in found.body
    assert "script" not in found.body
    assert "Sport" not in found.body
    assert "page" == origin(found, "body")


def test_a_dateline_and_its_agency_leave_the_story() -> None:
    found = article(
        top="<h1>Heading</h1><p>LONDON, June 28 (Reuters) - The river rose, and the town waited for it.</p>"
    )

    assert ("LONDON", "Reuters") == (found.dateline, found.agency)
    assert found.body.startswith("The river rose")


@pytest.mark.parametrize(
    ("lang", "language"), [("de_AT", "de-AT"), ("pt-br", "pt-BR"), ("english", None), ("{{lang}}", None), ("", None)]
)
def test_the_language_is_what_the_page_says_where_that_is_one(lang: str, language: str | None) -> None:
    html = f"<html lang='{lang}'><h1>Heading of it</h1>{STORY}"
    found = read_page(ScrapedPage(html=html, url=URL, fetched_at=datetime(2024, 7, 1, tzinfo=UTC)))

    assert language == found.language


def test_all_addresses_of_a_page_are_one_article() -> None:
    canonical = "<link rel='canonical' href='/2024/rain'>"
    ids = {
        article().id,
        article(url="https://www.news.example/2024/rain?utm_source=x&fbclid=1#top").id,
        article(canonical, url="https://news.example/2024/rain?page=print").id,
        article(url="https://sho.rt/1", fetched_url=URL).id,
        article(url="https://other.example/a", canonical_url="https://WWW.news.example/2024/rain").id,
        page_id("https://www.news.example/2024/rain#c"),
    }

    assert {URL} == ids


@pytest.mark.parametrize(
    "href", ["https://elsewhere.example/x", "/", "https://news.example", "javascript:0", "http://[", ""]
)
def test_a_canonical_link_to_another_site_or_to_the_front_page_is_not_believed(href: str) -> None:
    assert URL == article(f'<link rel="canonical" href="{href}">').id


def test_parameters_that_name_the_article_stay() -> None:
    assert "https://news.example/?p=12&id=x" == page_id("https://www.news.example/?p=12&id=x&utm_medium=y")
    assert "https://news.example/a?share=7" == page_id("https://news.example/a?share=7")


def test_hints_count_for_plain_text_too() -> None:
    page = ScrapedPage(
        text="Menu of the site\n\nThe story goes on and on, and ends.",
        url=URL,
        fetched_at=datetime(2024, 7, 1, tzinfo=UTC),
        title="Title that the scraper knows",
        authors=("Jane Doe",),
        published_at="28.06.2024",
    )
    found = read_page(page)

    assert ("Title that the scraper knows", ("Jane Doe",)) == (found.title, found.authors)
    assert ("hint", "2024-06-28") == (origin(found, "published_at"), str(found.published_at)[:10])


def test_the_text_stands_in_for_html_that_gives_no_article() -> None:
    page = ScrapedPage(html="<p></p>", text="Title\n\nThe story.", url=URL, fetched_at=datetime(2024, 7, 1, tzinfo=UTC))

    assert "Title" == read_page(page).title


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>Größe</p>".encode(), "Größe"),
        ("<meta charset=iso-8859-1><p>„Größe“</p>".encode("cp1252"), "„Größe“"),
        ("<meta http-equiv='Content-Type' content='text/html; charset=gb2312'>新闻".encode("gb18030"), "新闻"),
        ("<meta charset=utf-8><p>Größe</p>".encode("utf-16"), "Größe"),
        (("<p>Привет, это новости о погоде и дожде в городе. " * 20).encode("cp1251"), "новости"),
        (b"<meta charset=utf-8>" + "ä".encode() * 5_000 + b"\xff", "ää"),
        (b"<meta charset=no-such-thing>plain", "plain"),
        (b"", ""),
    ],
)
def test_pages_are_decoded_by_what_their_bytes_are(page: bytes, text: str) -> None:
    assert text in decode_page(page)
