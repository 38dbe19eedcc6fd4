"""An article that is named by blanks only is refused in every form; one that was taken in before can be withdrawn."""

import pytest
from tests.unit.events import article, delivery, event, page

from newsdex.errors import Invalid
from newsdex.ingest.read import read_event
from newsdex_schemas import channels

BLANKS = (
    " ", "   ", "\u00a0", "\u2003\u2009", "\u3000", "\u200b", "\ufeff", "\u2060 \u200d", "\u00ad", "\u3164", "\u2800",
)  # fmt: skip
WITHDRAWN = channels.ARTICLES_WITHDRAWN


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_blanks_are_no_name_of_an_article(blank: str) -> None:
    forms = [
        delivery(article(id=blank)),
        delivery(event(article(id=blank))),
        delivery(event(article(id=blank), channels.ARTICLES_UPDATED), channels.ARTICLES_UPDATED),
        delivery(event(page(id=blank), channels.ARTICLES_SCRAPED), channels.ARTICLES_SCRAPED),
        delivery(event({"id": blank, "url": "https://n.example/7"}, WITHDRAWN), WITHDRAWN),
    ]
    faults = []
    for form in forms:
        with pytest.raises(Invalid) as raised:
            read_event(form)
        faults.append((raised.value.code, raised.value.place))

    assert [("malformed_text", "id")] + [("malformed_text", "data.id")] * 4 == faults


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_an_article_that_was_taken_in_under_blanks_can_be_withdrawn(blank: str) -> None:
    assert blank == read_event(delivery(event({"id": blank}, WITHDRAWN), WITHDRAWN)).article_id


@pytest.mark.parametrize("id_", ["0", "-", " a", "a ", "\u200ba", "記", "\U0001f4f0", "·", "\ue000"], ids=ascii)
def test_whatever_can_be_seen_is_one(id_: str) -> None:
    assert id_ == read_event(delivery(event(article(id=id_)))).article_id


def test_an_event_may_be_named_as_its_publisher_likes() -> None:
    assert " " == read_event(delivery(event(id=" "))).id
