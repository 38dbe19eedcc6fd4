# ruff: noqa: E501 - samples of formats keep their own lines
"""A message, or the data of an event, may be an item of another format."""

from typing import Any

import pytest
from tests.unit.events import delivery
from tests.unit.format_samples import G2, LD, NINJS_1

from newsdex.errors import Invalid
from newsdex.ingest.read import read_event
from newsdex_schemas import channels


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
