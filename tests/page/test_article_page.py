"""`/articles/{id}` shows one article, and what it was found by."""

import asyncio
from urllib.parse import quote

import lxml.html
import pytest
from tests.page.conftest import Reader
from tests.page.fake_service import FakeService, article
from tests.page.test_search_page import heading, read, text

from newsdex.errors import Unavailable
from newsdex_schemas import ArticleReply, SearchReply, SearchRequest


def test_an_article_has_its_text_and_similar_ones(page: Reader) -> None:
    tree = read(page, "/articles/courier:4")

    assert "Night ferry sails, number 4" == heading(tree)
    assert 2 == len(tree.xpath("//div[@class='body']/p"))
    assert 2 == len(tree.xpath("//ul[@class='sim']/li"))
    assert not tree.xpath("//mark")
    assert ["/articles/courier%3A4"] == tree.xpath("//link[@rel='canonical']/@href")
    assert "Search all articles" == text(tree, "//a[@id='back']")


def test_a_search_leads_to_an_article_and_back(page: Reader) -> None:
    link = read(page, "/?q=night+ferry&section=Budget&page=2").xpath("(//h2/a)[1]/@href")[0]
    tree = read(page, link)

    assert "Back to 14 articles for “night ferry”" == text(tree, "//a[@id='back']")
    assert ["/?q=night%20ferry&section=Budget&page=2"] == tree.xpath("//a[@id='back']/@href")
    assert ["Night", "ferry"] == tree.xpath("//h1/mark/text()")
    assert ["night", "ferry"] == tree.xpath("//div[@class='body']//mark/text()")
    assert "night ferry" == tree.xpath("//input[@id='q']/@value")[0]


def test_any_id_has_an_address(page: Reader, service: FakeService) -> None:
    ids = ["a/b", "a b", "ü?x#y", "100%", '"quoted"', "http://x.example/?a=b&c=d", "courier/ليل 3"]
    service.articles = [article(number, id=id_, title=f"ferry {number}") for number, id_ in enumerate(ids)]
    links = read(page, "/?q=ferry").xpath("//h2/a/@href")

    assert len(ids) == len(links)
    for link in links:
        assert heading(read(page, link)).startswith("ferry")
    assert heading(read(page, f"/articles/{quote('a/b', safe='')}"))


def test_the_direction_of_a_text_is_its_own(page: Reader) -> None:
    tree = read(page, f"/articles/{quote('courier/ليل 3', safe='')}?q=ferry")

    assert ["ar"] == tree.xpath("//article/@lang")
    assert ["auto"] == tree.xpath("//h1/@dir")
    assert {"auto"} == set(tree.xpath("//div[@class='body']/p/@dir"))


def test_an_article_that_may_not_be_shown_is_not_there(page: Reader) -> None:
    tree = read(page, "/articles/none", 404)

    assert "This article cannot be shown" == heading(tree)
    assert "unknown_article" in text(tree, "//main")


def test_an_article_is_shown_where_the_search_fails(page: Reader, service: FakeService) -> None:
    def change(_: SearchRequest, __: SearchReply) -> SearchReply:
        raise Unavailable("no_reply", "no reply")

    service.change = change

    assert "Back to the search" == text(read(page, "/articles/courier:4?q=ferry&sort=up"), "//a[@id='back']")


@pytest.mark.parametrize("address", ["/articles/x?timezone=Mars", f"/articles/{'x' * 600}", "/articles/%01"])
def test_what_cannot_be_read_is_refused(page: Reader, address: str) -> None:
    reply = page.get(address)

    assert 400 <= reply.status_code < 500
    assert lxml.html.fromstring(reply.text).xpath("//h1")


def test_an_address_of_a_page_leads_to_its_article(page: Reader, service: FakeService) -> None:
    found = asyncio.run(service.get("courier:4"))

    async def get(_: str) -> ArticleReply:
        return found

    service.get = get  # type: ignore[method-assign]  # the stand-in knows no addresses
    reply = page.get("/articles/https%3A%2F%2Fn.example%2Famp%2F4?q=ferry")

    assert (303, "/articles/courier%3A4?q=ferry") == (reply.status_code, reply.headers["location"])
