"""Operators are told what became of an article, and why search finds it or does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.unit.events import ARTICLE_ID, HOUR_US, NOON_US, publishing, withdrawing

from newsdex.apps.inspection.article_story import read_story, tell_story
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.errors import NewsdexError
from newsdex.ingest.handle import handle_batch
from newsdex.records.events import Delivery
from newsdex.records.moments import moment_of
from newsdex_schemas.story import StoryReply

DAY = 24 * HOUR_US


@dataclass(frozen=True)
class At:
    """An index at a change, as of a moment."""

    position: int = 10**6
    as_of_us: int = NOON_US


class Desk:
    """An archive, and what is told of the article in it."""

    def __init__(self, folder: Path) -> None:
        self.writer = ArchiveWriter(folder)
        self.reader = ArchiveReader(folder)

    def handle(self, *deliveries: Delivery) -> None:
        handle_batch(self.writer, deliveries, NOON_US)

    def story(self, index: At | None = None, *, now_us: int = NOON_US, limit: int | None = None) -> StoryReply:
        return tell_story(read_story(ARTICLE_ID, self.reader, index or At()), now_us, limit)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.reader.close()
    desk.writer.close()


def moment(us: int) -> str:
    return moment_of(us).isoformat()


def test_an_erased_article_is_said_to_be_erased_until_that_is_lifted(desk: Desk) -> None:
    """A withdrawal would be lifted by what is published next; an erasure only by an operator."""
    desk.handle(publishing(1))
    desk.writer.erasures.erase([ARTICLE_ID], NOON_US)
    erased = desk.story()
    desk.handle(publishing(2, at=moment(NOON_US + DAY)))
    refused = desk.story()
    desk.writer.erasures.lift([ARTICLE_ID], NOON_US)
    lifted = desk.story()

    assert ("erased", "erased") == (erased.standing, refused.standing)
    assert "erased on 2024-06-11 12:00:00" in erased.message
    assert "--lift" in erased.message
    assert ("stale", "erased") == (refused.events[-1].outcome, refused.events[-1].reason)
    assert "withdrawn" == lifted.standing


@pytest.mark.parametrize(
    ("fields", "index", "now_us", "standing"),
    [
        ({}, At(), NOON_US, "found"),
        ({}, At(position=0), NOON_US, "waiting"),
        ({"embargoed_until": moment(NOON_US + DAY)}, At(), NOON_US, "embargoed"),
        ({"embargoed_until": moment(NOON_US + DAY)}, At(), NOON_US + DAY, "waiting"),
        ({"embargoed_until": moment(NOON_US + DAY)}, At(as_of_us=NOON_US + DAY), NOON_US + DAY, "found"),
        ({"expires_at": moment(NOON_US + DAY)}, At(), NOON_US + DAY, "expired"),
    ],
)
def test_why_search_finds_an_article_or_does_not_has_a_code(
    desk: Desk, fields: dict[str, Any], index: At, now_us: int, standing: str
) -> None:
    desk.handle(publishing(1, **fields))

    assert standing == desk.story(index, now_us=now_us).standing


def test_a_withdrawal_is_told_with_what_would_lift_it(desk: Desk) -> None:
    desk.handle(publishing(1), withdrawing(2))
    story = desk.story()

    assert "withdrawn" == story.standing
    assert "it is lifted by a publication that" in story.message
    assert [("accepted", "first_version", 1), ("withdrawn", "withdrawn", 2)] == [
        (event.outcome, event.reason, event.change) for event in story.events
    ]


def test_what_was_parked_only_is_absent_and_told(desk: Desk) -> None:
    desk.handle(publishing(1, title=""))
    story = desk.story()

    assert ("absent", None) == (story.standing, story.change)
    assert [("parked", 1)] == [(event.outcome, event.parked_id) for event in story.events]


def test_the_newest_events_are_told_and_how_many_there_were_before(desk: Desk) -> None:
    desk.handle(*(publishing(number, version=number) for number in range(1, 6)))
    story = desk.story(limit=2)

    assert ([4, 5], 3) == ([event.stream_sequence for event in story.events], story.earlier)


def test_an_article_that_no_event_named_is_unknown(desk: Desk) -> None:
    with pytest.raises(NewsdexError) as raised:
        desk.story()

    assert "unknown_article" == raised.value.code
