"""What comes in has no name that would steer a terminal; what is in the archive already stays readable."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.corpus import Corpus
from tests.unit.events import article, delivery, event, page

from newsdex.archive.database import FILE_NAME
from newsdex.errors import Invalid
from newsdex.ingest.read import read_event
from newsdex.visible import visible
from newsdex_schemas import channels

C1 = "\u009b2J"
"""Clears the screen of a terminal that obeys C1 codes."""
STEERING = [C1, "\u0085", "\u2028", "\u202e", "\u202a", "\u2066", "\u2069"]
WRITTEN = ["نورس-٧", "שחף-7", "gull\u200e-7", "gull\u200f-7", "鷗-七", "gu\u0308ll", "gull 7"]
"""Names as people write them, marks of direction that Arabic and Hebrew need included."""


def fault_of(value: dict[str, Any], **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as raised:
        read_event(delivery(value, **fields))
    assert visible(str(raised.value)) == str(raised.value)
    return raised.value.code, raised.value.place


@pytest.mark.parametrize("character", STEERING, ids=lambda text: f"U+{ord(text[0]):04X}")
@pytest.mark.parametrize("name", ["id", "source", "subject"])
def test_an_event_whose_name_would_steer_is_refused(name: str, character: str) -> None:
    assert ("control_character", name) == fault_of(event(**{name: f"gull{character}7"}))


@pytest.mark.parametrize("character", STEERING, ids=lambda text: f"U+{ord(text[0]):04X}")
def test_an_article_whose_name_would_steer_is_refused_in_every_form(character: str) -> None:
    id_ = f"gull{character}7"

    assert ("control_character", "data.id") == fault_of(event(article(id=id_)))
    assert ("control_character", "id") == fault_of(article(id=id_))
    assert ("control_character", "data.id") == fault_of(
        event(page(id=id_), channels.ARTICLES_SCRAPED), channel=channels.ARTICLES_SCRAPED
    )
    assert ("control_character", channels.MESSAGE_ID_HEADER) == fault_of(
        article(), headers={channels.MESSAGE_ID_HEADER: id_}
    )


@pytest.mark.parametrize("id_", WRITTEN)
def test_names_as_people_write_them_are_taken(id_: str) -> None:
    read = read_event(delivery(event(article(id=id_), id=id_, source=id_)))

    assert (id_, id_, id_) == (read.article_id, read.id, read.source)


def test_it_is_told_with_all_other_faults() -> None:
    with pytest.raises(Invalid) as raised:
        read_event(delivery(event(article(id="gull\u202e7", title=5), id=f"evt{C1}", source="\x01")))
    places = re.findall(r"(?:^|; )([a-z.]+): ", raised.value.message)

    assert ("control_character", "id") == (raised.value.code, raised.value.place)
    assert ["id", "source", "data.id", "data.title"] == places


def test_a_page_is_not_named_by_an_address_that_would_steer() -> None:
    value = event(page(url="https://gazette.example/\u202egnp"), channels.ARTICLES_SCRAPED)
    read = read_event(delivery(value, channel=channels.ARTICLES_SCRAPED))

    assert read.article_id.startswith("sha256:")


def test_such_an_event_is_parked_and_the_next_one_taken(tmp_path: Path) -> None:
    with Corpus(tmp_path) as corpus:
        steering, plain = corpus.handle(
            corpus.event(channels.ARTICLES_PUBLISHED, article(id="gull\u202e7")),
            corpus.event(channels.ARTICLES_PUBLISHED, article(id="gull-7")),
        )

    assert ("parked", "control_character") == (steering.outcome, steering.reason)
    assert "accepted" == plain.outcome


def test_an_article_that_was_taken_in_under_such_a_name_is_read_and_can_be_withdrawn(tmp_path: Path) -> None:
    """As an archive that an earlier newsdex wrote may have it."""
    old = "gull\u202e7"
    with Corpus(tmp_path) as corpus:
        corpus.publish(article(id="gull-7"))
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as archive, archive:
            archive.execute(
                "UPDATE articles SET id = ?, content = CAST(replace(content, 'gull-7', ?) AS BLOB)", (old, old)
            )
        corpus.index()
        before = corpus.ids("tide")
        withdrawn = corpus.withdraw(old)[0].outcome
        corpus.index()

        assert ([old], "withdrawn", []) == (before, withdrawn, corpus.ids("tide"))
