"""Publishers as they are: each example of a takedown or a correction that an order by dates alone gets wrong.

Through the archive, as events and bare articles come, and as `newsdex why` and `events.outcome` tell it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.events import (
    ARTICLE_ID,
    HOUR_US,
    NOON_US,
    article,
    delivery,
    event,
    without,
)

from newsdex.apps.inspection.withdrawn import withdrawn_text
from newsdex.archive.reader import ArchiveReader
from newsdex.archive.writer import ArchiveWriter
from newsdex.event_outcomes import outcome_of
from newsdex.ingest.handle import handle_batch, retry_parked
from newsdex.records.events import Delivery
from newsdex_schemas import EventOutcome, EventRef, channels

MINUTE_US = 60_000_000
NOON = datetime(2024, 6, 11, 12, tzinfo=UTC)
TOMORROW = (NOON + timedelta(days=1)).isoformat()
SECOND_US = 1_000_000


class Newsroom:
    """An archive, and a broker that stores what is sent a minute apart."""

    def __init__(self, folder: Path) -> None:
        self._archive = ArchiveWriter(folder)
        self._reader = ArchiveReader(folder)
        self._stored = 0
        self.last: Delivery = delivery()

    def close(self) -> None:
        self._reader.close()
        self._archive.close()

    @property
    def now(self) -> datetime:
        return NOON + timedelta(minutes=self._stored)

    def store(self, message: Delivery) -> tuple[str, str]:
        """Store a message and handle it; return its outcome and reason."""
        self._stored += 1
        self.last = replace(message, stream_sequence=self._stored, stored_us=NOON_US + self._stored * MINUTE_US)
        (result,) = handle_batch(self._archive, [self.last], NOON_US)
        return result.outcome, result.reason

    def send(self, channel: str, data: dict[str, Any], *, at: datetime | None, name: str = "") -> tuple[str, str]:
        """Send an event that states a time, or none."""
        value = event(data, channel, id=name or f"evt-{self._stored + 1}", time=at.isoformat() if at else None)
        return self.store(delivery(value if at else without(value, "time"), channel))

    def publish(self, *, at: datetime | None = None, name: str = "", **fields: Any) -> tuple[str, str]:
        return self.send(channels.ARTICLES_PUBLISHED, article(**fields), at=at, name=name)

    def withdraw(self, *, at: datetime | None = None, version: int | None = None) -> tuple[str, str]:
        data = {"id": ARTICLE_ID} if version is None else {"id": ARTICLE_ID, "version": version}
        return self.send(channels.ARTICLES_WITHDRAWN, data, at=at)

    def bare(self, headers: dict[str, str] | None = None, **fields: Any) -> tuple[str, str]:
        """Send an article without an event around it."""
        return self.store(delivery(article(**fields), headers=headers or {}))

    def retry(self, id_: int) -> tuple[str, str]:
        (result,) = retry_parked(self._archive, [id_], NOON_US).results.values()
        return result.outcome, result.reason

    def title(self, *, later: timedelta = timedelta()) -> str | None:
        """Return the title that search shows, now or later."""
        moment_us = NOON_US + self._stored * MINUTE_US + int(later.total_seconds()) * SECOND_US
        shown = self._reader.visible([ARTICLE_ID], moment_us)
        return shown[ARTICLE_ID].title if shown else None

    def outcome(self) -> EventOutcome:
        """Return what the publisher of the last event is told, once the index has everything."""
        value = EventRef(source="https://courier.example/newsroom", id=f"evt-{self._stored}")
        return outcome_of(value, self._reader, _Everything())

    def why(self) -> str:
        standing = self._reader.standing(ARTICLE_ID)
        assert standing is not None
        return withdrawn_text(standing.state)


class _Everything:
    """An index that has every change."""

    position = 10**9
    as_of_us = NOON_US + 24 * HOUR_US


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(tmp_path)
    yield newsroom
    newsroom.close()


def ago(desk: Newsroom, **difference: float) -> datetime:
    return desk.now - timedelta(**difference)


@pytest.mark.parametrize("form", ["event", "bare"])
def test_an_embargoed_story_of_tomorrow_that_is_withdrawn_today_without_a_version_never_goes_live(
    desk: Newsroom, form: str
) -> None:
    dates = {"published_at": TOMORROW, "embargoed_until": TOMORROW}
    send = desk.publish if form == "event" else desk.bare
    send(**dates)

    assert ("withdrawn", "withdrawn") == desk.withdraw(at=desk.now)
    assert [None, None] == [desk.title(later=later) for later in (timedelta(), timedelta(days=2))]


@pytest.mark.parametrize("behind", [timedelta(minutes=1), timedelta(hours=1), timedelta(days=400)])
def test_a_withdrawal_holds_whose_clock_is_behind(desk: Newsroom, behind: timedelta) -> None:
    desk.publish(at=desk.now)

    assert ("withdrawn", "withdrawn") == desk.withdraw(at=desk.now - behind)
    assert desk.title() is None


@pytest.mark.parametrize("published_at", ["2024-06-10T08:00:00Z", "2024-06-09T08:00:00Z", TOMORROW, None])
def test_a_corrected_bare_article_is_shown_whatever_its_date_of_publication(
    desk: Newsroom, published_at: str | None
) -> None:
    """In twenty corrections, none is taken for older by chance."""
    desk.bare(title="Draft", published_at="2024-06-10T08:00:00Z")
    for number in range(20):
        dates = {"published_at": published_at} if published_at else {}

        assert ("accepted", "newer_version") == desk.bare(title=f"Correction {number}", **dates)
        assert f"Correction {number}" == desk.title()


def test_corrections_within_one_second_of_updated_at_are_shown_in_the_order_in_which_they_were_stored(
    desk: Newsroom,
) -> None:
    for number in range(10):
        desk.bare(title=f"Correction {number}", updated_at="2024-06-11T11:30:00Z")

        assert f"Correction {number}" == desk.title()


@pytest.mark.parametrize("version", [None, 0, 3])
def test_what_was_unpublished_is_shown_when_it_is_published_again_under_the_same_version(
    desk: Newsroom, version: int | None
) -> None:
    fields = {} if version is None else {"version": version}
    desk.publish(at=desk.now, **fields)
    desk.withdraw(at=desk.now)
    hidden = desk.title()

    assert ("accepted", "lifts_withdrawal") == desk.publish(at=desk.now, **fields)
    assert (None, "Tide tables for the estuary") == (hidden, desk.title())
    assert (True, True) == (desk.outcome().reflected, desk.outcome().searchable)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(hours=1), timedelta(days=400)])
def test_an_event_that_states_a_time_ahead_makes_no_later_one_stale(desk: Newsroom, ahead: timedelta) -> None:
    desk.publish(at=desk.now + ahead, title="From the future")

    assert ("accepted", "newer_version") == desk.publish(at=desk.now + timedelta(minutes=1), title="Corrected")
    assert ("withdrawn", "withdrawn") == desk.withdraw(at=desk.now)
    assert ("accepted", "lifts_withdrawal") == desk.publish(at=desk.now, title="Again")


def test_a_takedown_whose_clock_is_ahead_is_lifted_by_what_comes_later(desk: Newsroom) -> None:
    """It must not hide the article until its clock is reached."""
    desk.publish(at=desk.now)
    desk.withdraw(at=desk.now + timedelta(days=400))

    assert ("accepted", "lifts_withdrawal") == desk.publish(at=desk.now + timedelta(minutes=2), title="Again")


def test_a_correction_in_flight_that_a_takedown_overtook_stays_hidden_and_its_publisher_is_told(
    desk: Newsroom,
) -> None:
    desk.publish(at=desk.now)
    written = desk.now
    desk.withdraw(at=desk.now + timedelta(minutes=1))
    outcome = desk.publish(at=written, title="Corrected")
    told = desk.outcome()

    assert ("stale", "earlier_than_withdrawal") == outcome
    assert desk.title() is None
    assert (True, False, False, "earlier_than_withdrawal") == (
        told.reflected, told.searchable, told.current, told.reason,
    )  # fmt: skip


def test_why_says_what_was_compared_and_what_would_lift_the_withdrawal(desk: Newsroom) -> None:
    desk.publish(at=desk.now)
    desk.withdraw(at=NOON)
    desk.bare(title="The same document again", updated_at="2024-06-11T11:59:59.5Z")

    assert desk.why() == (
        "withdrawn: a publication without a version is message 1, states 2024-06-11T12:00:00Z, stored "
        "2024-06-11T12:01:00Z; a withdrawal was stored after it: without a version, up to message 2, time "
        "2024-06-11T12:00:00Z; it is lifted by a publication that is stored from now on, states no time before "
        "2024-06-11T12:00:00Z"
    )
    desk.withdraw(at=NOON, version=4)

    assert desk.why().endswith(
        "states no time before 2024-06-11T12:00:00Z, has a version above 4, or 4 and states a time after "
        "2024-06-11T12:00:00Z, or no version and states no time before 2024-06-11T12:00:00Z"
    )


def test_a_document_that_is_sent_again_with_its_old_updated_at_lifts_nothing(desk: Newsroom) -> None:
    desk.bare(updated_at="2024-06-11T11:00:00Z")
    desk.withdraw(at=desk.now)

    assert ("stale", "earlier_than_withdrawal") == desk.bare(updated_at="2024-06-11T11:00:00Z")
    assert ("accepted", "lifts_withdrawal") == desk.bare(updated_at=(desk.now + timedelta(minutes=1)).isoformat())


@pytest.mark.parametrize("stamp", [None, timedelta(), timedelta(hours=1)])
def test_a_copy_that_an_outbox_or_a_relay_sends_later_lifts_no_takedown(
    desk: Newsroom, stamp: timedelta | None
) -> None:
    """A relay may state a time of its own, or none."""
    desk.publish(name="evt-first")
    desk.withdraw(at=desk.now)
    again = desk.publish(name="evt-first", at=None if stamp is None else desk.now + stamp)

    assert ("duplicate", "copy") == again
    assert desk.title() is None


def test_a_bare_article_under_the_message_id_of_an_earlier_one_is_a_copy_and_with_another_text_is_none(
    desk: Newsroom,
) -> None:
    headers = {channels.MESSAGE_ID_HEADER: "cms-17"}
    desk.bare(headers)
    desk.withdraw(at=desk.now)

    assert ("duplicate", "copy") == desk.bare(headers)
    assert ("accepted", "lifts_withdrawal") == desk.bare(headers, title="Corrected")


def test_a_copy_of_an_older_version_does_not_come_back_over_a_newer_one(desk: Newsroom) -> None:
    desk.publish(name="evt-a", title="First")
    desk.publish(name="evt-b", title="Second")

    assert ("duplicate", "copy") == desk.publish(name="evt-a", title="First")
    assert "Second" == desk.title()


def test_a_copy_of_a_takedown_does_not_take_down_what_was_published_since(desk: Newsroom) -> None:
    desk.publish()
    desk.withdraw(at=desk.now)
    takedown = desk.last
    desk.publish(title="Again")

    assert ("duplicate", "copy") == desk.store(takedown)
    assert "Again" == desk.title()


def test_a_takedown_under_a_used_event_id_is_another_one_where_it_states_another_time(desk: Newsroom) -> None:
    """A publisher that names its takedowns after the article."""
    data = {"id": ARTICLE_ID}
    desk.publish()
    desk.send(channels.ARTICLES_WITHDRAWN, data, at=desk.now, name="gone")
    desk.publish(title="Again")

    assert ("withdrawn", "withdrawn") == desk.send(channels.ARTICLES_WITHDRAWN, data, at=desk.now, name="gone")
    assert desk.title() is None


def test_a_text_goes_back_to_an_earlier_one_by_a_new_event(desk: Newsroom) -> None:
    for title in ("A", "B", "A"):
        desk.publish(title=title)

    assert "A" == desk.title()


def test_a_takedown_that_overtakes_the_publication_of_its_version_holds(desk: Newsroom) -> None:
    written = desk.now
    desk.withdraw(at=desk.now + timedelta(minutes=1), version=1)

    assert ("stale", "version_withdrawn") == desk.publish(at=written, version=1)
    assert ("accepted", "lifts_withdrawal") == desk.publish(at=written, version=2)


def test_a_parked_event_that_is_tried_again_keeps_its_place_before_the_takedown(desk: Newsroom) -> None:
    """Here a defect of ours kept it from being read, and it named no article that the takedown could have closed."""
    desk.store(delivery({"no": "id"}))
    desk.publish(title="Before")
    desk.withdraw(at=ago(desk, hours=1))
    mended = delivery(without(event(article(title="Late")), "time")).body
    desk._archive._connection.execute("UPDATE parked SET body = ?", (mended,))

    assert ("stale", "withdrawn_since") == desk.retry(1)
    assert desk.title() is None


def test_a_copy_of_an_event_that_is_parked_and_can_be_read_by_now_stands_where_the_event_was_stored(
    desk: Newsroom,
) -> None:
    """It was parked by a defect that has been mended; a relay sends it once more, after the takedown."""
    cause = delivery(without(event(id="evt-1"), "time"))
    desk.store(replace(cause, body=cause.body.replace(b'"title"', b'"titel"')))
    desk._archive._connection.execute("UPDATE parked SET body = ?", (cause.body,))
    desk._archive._connection.execute("UPDATE parked SET article_id = NULL")
    desk.withdraw(at=ago(desk, hours=1))

    assert ("stale", "withdrawn_since") == desk.store(cause)
    assert ([], None) == (desk._reader.parked(limit=2), desk.title())


def test_a_parked_takedown_is_not_closed_by_a_publication_under_the_same_event_id(desk: Newsroom) -> None:
    """A publisher that gives all its events one id."""
    channel = channels.ARTICLES_WITHDRAWN
    desk.store(delivery(event({"id": ARTICLE_ID, "reason": 7}, channel, id="1"), channel))
    desk.publish(name="1", id="another")

    assert [1] == [one.id for one in desk._reader.parked(limit=2)]


def test_two_sources_of_one_article_are_told_in_the_ledger(desk: Newsroom) -> None:
    desk.publish(at=desk.now, title="Ours")
    value = event(article(title="Theirs"), source="https://agency.example", id="x", time=desk.now.isoformat())
    first = desk.store(delivery(value))
    desk.publish(at=ago(desk, days=1), title="Older")
    entries = desk._reader.history(ARTICLE_ID)

    assert ("accepted", "newer_version") == first
    assert [None, "https://courier.example/newsroom", "https://agency.example"] == [one.other_source for one in entries]
