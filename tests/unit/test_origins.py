"""Where the values of a page were read is told in words."""

from typing import get_args

from newsdex.cli.publishing.origins import PARTS, origin_lines
from newsdex_schemas.article import Origin, ValueOrigin


def test_every_part_of_a_page_has_words() -> None:
    assert set(get_args(Origin)) == PARTS.keys()


def test_of_a_date_it_is_told_how_exact_it_is_and_whether_its_zone_was_stated() -> None:
    origins = {
        "title": ValueOrigin(origin="meta"),
        "published_at": ValueOrigin(origin="guess", precision="day", zone="assumed"),
    }

    assert [
        "title: from the page's meta elements",
        "published_at: a guess, stated nowhere, to the day, time zone assumed",
    ] == list(origin_lines(origins))
