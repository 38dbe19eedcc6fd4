"""`/` shows every state of a search to a reader whose browser runs no script."""

import asyncio
import gzip
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import lxml.html
import pytest
from structlog.testing import capture_logs
from tests.page.conftest import Reader
from tests.page.fake_service import FakeService, article

import newsdex.gateway
from newsdex.errors import Unavailable
from newsdex.gateway.door import Door
from newsdex_schemas import Hit, Note, SearchReply, SearchRequest

GATEWAY = Path(newsdex.gateway.__file__).parent
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def read(page: Reader, address: str, status: int = 200) -> lxml.html.HtmlElement:
    reply = page.get(address)

    assert status == reply.status_code
    assert "text/html; charset=utf-8" == reply.headers["content-type"]
    return lxml.html.fromstring(reply.text)


def text(tree: lxml.html.HtmlElement, selector: str) -> str:
    return " ".join(" ".join(one.text_content().split()) for one in tree.xpath(selector))


def heading(tree: lxml.html.HtmlElement) -> str:
    return text(tree, "//h1")


def test_the_first_page_shows_the_newest_articles(page: Reader, service: FakeService) -> None:
    tree = read(page, "/")

    assert "40 articles" == heading(tree)
    assert "newsdex" == text(tree, "//title")
    assert 10 == len(tree.xpath("//ol[@class='hits']/li"))
    assert "newest" == service.searches[0].sort
    assert ["Newest first", "Oldest first"] == [one.text for one in tree.xpath("//select/option")]


def test_a_search_says_what_it_did(page: Reader) -> None:
    tree = read(page, "/?q=night+ferry")

    assert "39 articles for “night ferry”" == heading(tree)
    assert "night ferry – newsdex" == text(tree, "//title")
    assert "Read as “night ferry”." in text(tree, "//div[@class='head']")
    assert "night ferry" == tree.xpath("//input[@id='q']/@value")[0]
    assert ["Night", "ferry"] == tree.xpath("(//h2)[1]//mark/text()")
    assert ["night", "ferry"] == tree.xpath("(//p[@class='snip'])[1]//mark/text()")
    assert re.search(r"1–10, as of \d\d:\d\d:\d\d UTC", text(tree, "//div[@class='tools']"))


def test_one_address_stands_for_one_state(page: Reader) -> None:
    """A form's own order, empty fields and last day become the contract's names in one order."""
    form = (
        "q=night+ferry&timezone=UTC&tags=ferries&published_until=2023-06-30&section=Budget&section=Transport"
        "&sort=&published_from=2022-03-01"
    )
    moved = page.get(f"/?{form}")
    there = moved.headers["location"]

    assert 303 == moved.status_code
    assert (
        "/?q=night%20ferry&section=Budget&section=Transport&tags=ferries&published_from=2022-03-01&published_to=2023-07-01"
        == there
    )
    tree = read(page, there)
    assert there == tree.xpath("//link[@rel='canonical']/@href")[0]
    assert "2022-03-01" == tree.xpath("//input[@id='from']/@value")[0]
    assert "2023-06-30" == tree.xpath("//input[@id='until']/@value")[0]
    assert {"Budget", "Transport", "ferries"} == set(tree.xpath("//input[@type='checkbox'][@checked]/@value"))


def test_dates_mean_days_of_the_zone(page: Reader, service: FakeService) -> None:
    tree = read(page, "/?q=ferry&published_from=2022-03-01&published_to=2022-04-01&timezone=Asia/Tokyo")
    filters = service.searches[0].filters

    assert "2022-03-01T00:00:00+09:00" == filters.published_from.isoformat()
    assert "2022-04-01T00:00:00+09:00" == filters.published_to.isoformat()
    assert "2022-03-31" == tree.xpath("//input[@id='until']/@value")[0]
    assert "1 March 2022 – 31 March 2022" in text(tree, "//a[@class='chip']")
    assert ["Asia/Tokyo"] == tree.xpath("//input[@name='timezone']/@value")


def test_the_twin_in_json_asks_the_same(page: Reader) -> None:
    tree = read(page, "/?q=ferry&section=Budget&page=2&published_from=2022-03-01")
    address = urlsplit(tree.xpath("//link[@rel='alternate']/@href")[0])

    assert "/api/search" == address.path
    assert {
        "q": ["ferry"],
        "section": ["Budget"],
        "published_from": ["2022-03-01T00:00:00+00:00"],
        "offset": ["10"],
    } == parse_qs(address.query)


def test_each_filter_can_be_chosen_and_removed(page: Reader) -> None:
    tree = read(page, "/?q=ferry&section=Budget&section=Harbour&tags=ferries")
    chips = dict(zip(tree.xpath("//a[@class='chip']/@aria-label"), tree.xpath("//a[@class='chip']/@href"), strict=True))

    assert "/?q=ferry&section=Harbour&tags=ferries" == chips["Remove filter Section: Budget"]
    assert ["/?q=ferry"] == tree.xpath("//a[text()='Clear all']/@href")
    assert "Filters and dates (3)" == text(tree, "//details[@id='filters']/summary")
    values = tree.xpath("//input[@name='section']/@value")
    assert {"Budget", "Harbour"} == set(values[:2])
    assert "Transport" == values[2]


def test_a_value_that_nothing_has_stays_chosen(page: Reader) -> None:
    tree = read(page, "/?q=ferry&section=Sport")

    assert "Sport" == tree.xpath("//input[@name='section'][@checked]/@value")[0]
    assert "0" == text(tree, "//label[input/@value='Sport']/span")


def test_the_histogram_is_a_picture_a_sentence_and_a_table(page: Reader) -> None:
    tree = read(page, "/?q=ferry&published_from=2022-02-01&published_to=2022-04-01")
    rows = tree.xpath("//table/tbody/tr")

    assert re.match(
        r"Articles by month, January 2022 to December 2023\. Most in", tree.xpath("//svg[@role='img']/@aria-label")[0]
    )
    assert 24 == len(rows)
    assert "/?q=ferry&published_from=2022-01-01&published_to=2022-02-01" == rows[0].xpath(".//a/@href")[0]
    assert ("1", "2") == (
        tree.xpath("//div[@class='rng']/@data-first")[0],
        tree.xpath("//div[@class='rng']/@data-last")[0],
    )
    assert 2 == tree.xpath("//path[@class='on']/@d")[0].count("M")
    assert 22 == tree.xpath("//path[@class='b']/@d")[0].count("M")


def test_pages_follow_each_other(page: Reader) -> None:
    tree = read(page, "/?q=ferry&page=2&sort=oldest")

    assert "ferry, page 2 – newsdex" == text(tree, "//title")
    assert "11–20" in text(tree, "//div[@class='tools']")
    assert ["/?q=ferry&sort=oldest"] == tree.xpath("//a[@rel='prev']/@href")
    assert ["/?q=ferry&sort=oldest&page=3"] == tree.xpath("//a[@rel='next']/@href")
    assert "Page 2 of 4" in text(tree, "//nav[@class='pages']")
    assert "There is nothing on this page" in text(read(page, "/?q=ferry&page=9"), "//main")


def test_where_nothing_is_found_only_what_finds_something_is_offered(page: Reader) -> None:
    tree = read(page, "/?q=night+fery&section=Sport&published_from=2022-01-01")
    offered = text(tree, "//div[@class='note']")

    assert "No articles for “night fery”" == heading(tree)
    assert ["/?q=night%20ferry&section=Sport&published_from=2022-01-01"] == tree.xpath(
        "//a[text()='night ferry']/@href"
    )
    assert "search all dates" not in offered
    assert "use fewer or more general words" in offered
    tree = read(page, "/?q=ferry&section=Sport")
    assert "remove the filter Section: Sport (40 articles)" in text(tree, "//div[@class='note']")


def test_a_partial_answer_says_so(page: Reader, service: FakeService) -> None:
    service.change = lambda _, reply: reply.model_copy(
        update={"partial": True, "total_is": "at_least", "took_ms": 1000.0}
    )
    tree = read(page, "/?q=ferry")
    note = text(tree, "//div[@class='note warn']")

    assert "At least 40 articles for “ferry”" == heading(tree)
    assert "The search was stopped after 1 second; at least 40 articles match." in note
    assert ["/?q=ferry&timeout_ms=10000"] == tree.xpath("//a[text()='Search again, for up to 10 seconds']/@href")


def test_most_words_notes_and_editors_choices_are_told(page: Reader, service: FakeService) -> None:
    note = Note(code="dangling_operator", message="AND has nothing behind it")

    def change(_: SearchRequest, reply: SearchReply) -> SearchReply:
        told = reply.interpretation.model_copy(update={"notes": (note, Note(code="most_words", message="x"))})
        return reply.model_copy(update={"words": "most", "interpretation": told, "promoted": reply.hits[:1]})

    service.change = change
    tree = read(page, "/?q=ferry")

    assert "These have most of them" in text(tree, "//div[@class='head']")
    assert "AND has nothing behind it." in text(tree, "//div[@class='head']")
    assert ["Chosen by the editors"] == tree.xpath("(//article)[1]/p[contains(@class,'chosen')]/text()")


def test_versions_of_a_story_open_as_a_search(page: Reader, service: FakeService) -> None:
    def change(_: SearchRequest, reply: SearchReply) -> SearchReply:
        return reply.model_copy(
            update={"hits": tuple(hit.model_copy(update={"more_versions": 3}) for hit in reply.hits)}
        )

    service.change = change
    link = read(page, "/?q=ferry").xpath("(//a[text()='3 more versions'])[1]/@href")[0]
    tree = read(page, link)

    assert re.fullmatch(r"/\?q=ferry&versions_of=courier[^&]+", link)
    assert ["Remove filter Versions of one story"] == tree.xpath("//a[@class='chip']/@aria-label")
    assert service.searches[-1].versions_of


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/?q=ferry&published_from=then", "invalid_datetime"),
        ("/?q=ferry&sort=up", "not_allowed"),
        ("/?q=ferry&timezone=Mars/Base", "unknown_timezone"),
        ("/?q=ferry&timezone=/etc", "unknown_timezone"),
        ("/?q=ferry&page=2000", "out_of_range"),
        ("/?q=ferry&words=none", "not_allowed"),
        ("/?q=ferry&section=" + "x" * 300, "too_long"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept(page: Reader, address: str, code: str) -> None:
    tree = read(page, address, 400)

    assert "This search cannot be run" == heading(tree)
    assert code in text(tree, "//div[@class='note alarm']")
    assert "ferry" == tree.xpath("//input[@id='q']/@value")[0]


def test_strange_parameters_do_no_harm(page: Reader) -> None:
    for query in (
        "page=x",
        "page=-1",
        "unknown=1",
        "q=%00",
        "q=%ff",
        "section=",
        "page=99999999999999999999",
        "published_until=x",
    ):
        assert page.get(f"/?{query}").status_code in (200, 303, 400)


def test_an_error_keeps_query_and_filters(page: Reader, service: FakeService) -> None:
    def change(_: SearchRequest, __: SearchReply) -> SearchReply:
        raise Unavailable("nobody_answers", "nobody answers on search.query: start a searcher")

    service.change = change
    reply = page.get("/?q=ferry&section=Budget")
    tree = lxml.html.fromstring(reply.text)

    assert (503, "no-store") == (reply.status_code, reply.headers["cache-control"])
    assert "The search did not answer" == heading(tree)
    assert "Your query and filters are kept" in text(tree, "//div[@class='note alarm']")
    assert ["/?q=ferry&section=Budget"] == tree.xpath("//main//a[text()='Try again']/@href")
    assert ["Budget"] == tree.xpath("//input[@name='section'][@checked]/@value")
    assert "nobody_answers" in text(tree, "//div[@class='note alarm']")


def test_stored_markup_does_nothing_in_any_field(page: Reader, service: FakeService) -> None:
    service.articles = [
        article(1, id=SCRIPT, title=f"ferry {SCRIPT}", body=f"ferry {SCRIPT}", summary=SCRIPT, section=SCRIPT[:99],
                authors=(SCRIPT,), tags=(SCRIPT,), agency=SCRIPT, dateline=SCRIPT, related=({"title": SCRIPT},))
    ]  # fmt: skip
    for tree in (read(page, "/?q=ferry"), read(page, f"/?q={SCRIPT}&section={SCRIPT}&tags={SCRIPT}")):
        _is_inert(tree)
    hit = read(page, "/?q=ferry").xpath("//h2/a/@href")[0]
    tree = read(page, hit)
    _is_inert(tree)
    assert SCRIPT in text(tree, "//h1")


def _is_inert(tree: lxml.html.HtmlElement) -> None:
    assert 1 == len(tree.xpath("//script"))
    assert not tree.xpath("//img | //*[@onerror] | //*[@style] | //iframe")
    assert "49" not in text(tree, "//main//h2")
    assert all(urlsplit(address).scheme in ("", "http", "https") for address in tree.xpath("//@href"))


def test_html_of_a_reply_is_not_trusted(page: Reader, service: FakeService) -> None:
    def change(_: SearchRequest, reply: SearchReply) -> SearchReply:
        bad = {
            "title_html": SCRIPT,
            "title": SCRIPT,
            "title_marks": ((0, 8), (4, 6), (900, 901), (3, 2), (-4, 2)),
            "snippets": (SCRIPT,),
        }
        return reply.model_copy(update={"hits": tuple(Hit(**{**hit.model_dump(), **bad}) for hit in reply.hits)})

    service.change = change
    tree = read(page, "/?q=ferry")

    _is_inert(tree)
    assert "<script>" == tree.xpath("(//h2)[1]//mark/text()")[0]


def test_no_template_trusts_anything() -> None:
    for template in (GATEWAY / "templates").rglob("*.html"):
        source = template.read_text(encoding="utf-8")

        assert not re.search(r"\|\s*safe|autoescape|<style|style=| on\w+=", source), template.name
    trusted = re.compile(r'Markup\((?:"[^{}]*"|_read\("[^{}]*"\))\)')  # a text of ours, or a file of ours
    sources = [path.read_text(encoding="utf-8") for path in (GATEWAY / "pages").glob("*.py")]
    assert not [source for source in sources if "Markup(" in trusted.sub("", source)]


def test_page_styles_and_script_are_small(page: Reader) -> None:
    whole = page.get("/?q=night+ferry", headers={"accept-encoding": "identity"}).content
    style, script = ((GATEWAY / "static" / name).read_bytes() for name in ("style.css", "search.js"))

    assert len(gzip.compress(whole, 1)) <= 9_000
    assert len(gzip.compress(style, 1)) <= 5_000
    assert len(gzip.compress(script, 1)) <= 12_000


def test_a_page_names_only_its_own_origin(page: Reader) -> None:
    tree = read(page, "/?q=ferry")
    loaded = tree.xpath("//script/@src | //link/@href | //img/@src | //form/@action")

    assert loaded
    assert all(urlsplit(unescape(address)).netloc == "" and address.startswith("/") for address in loaded)


@pytest.mark.parametrize(
    ("waiting_s", "said"),
    [(1.0, None), (70.0, "The last minute is not in these results yet."), (720.0, "The last 12 minutes are not")],
)
def test_results_that_lack_new_articles_say_so(
    page: Reader, door: Door, service: FakeService, waiting_s: float, said: str | None
) -> None:
    service.waiting_s = waiting_s
    asyncio.run(door.watching.sample())
    text = page.get("/?q=ferry").text

    assert ("New articles are being added" in text) == (said is not None)
    assert said is None or said in text


def test_the_log_says_why_a_search_page_has_no_results(page: Reader) -> None:
    with capture_logs() as logs:
        page.get("/?q=ferry&sort=up")

    assert ["not_allowed"] == [one["code"] for one in logs if one["event"] == "http.answered"]
