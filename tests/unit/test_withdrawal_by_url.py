"""A takedown may name a scraped page by its address; it never hides another article than was meant."""

import pytest
from tests.unit.events import delivery, event, page

from newsdex.errors import Invalid
from newsdex.ingest.identity import identity
from newsdex.ingest.read import read_event
from newsdex_schemas import channels

WITHDRAWN = channels.ARTICLES_WITHDRAWN
LONG = "https://desk.example/" + "ferry/" * 100


@pytest.mark.parametrize("url", [page()["url"], LONG])
def test_it_names_the_article_that_the_page_became(url: str) -> None:
    scraped = read_event(delivery(event(page(url=url), channels.ARTICLES_SCRAPED), channels.ARTICLES_SCRAPED))
    takedown = delivery(event({"url": url}, WITHDRAWN), WITHDRAWN)

    assert scraped.article_id == read_event(takedown).article_id == identity(takedown).article_id


@pytest.mark.parametrize("id_", [None, "a-1"])
def test_an_id_goes_before_the_address(id_: str | None) -> None:
    taken = read_event(delivery(event({"id": id_, "url": "https://desk.example/1"}, WITHDRAWN), WITHDRAWN))

    assert (id_ or "https://desk.example/1") == taken.article_id


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "missing_field"),
        ({"id": None, "url": ""}, "missing_field"),
        ({"id": "", "url": "https://desk.example/1"}, "empty_text"),
        ({"url": "no address"}, "invalid_url"),
    ],
)
def test_what_names_nothing_is_a_fault(data: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as found:
        read_event(delivery(event(data, WITHDRAWN), WITHDRAWN))

    assert code == found.value.code
