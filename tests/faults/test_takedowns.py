"""A takedown is never lost: publishers with wrong clocks, embargoes, copies, redeliveries, streams that are replaced.

The world has one true clock. Publishers state it wrongly, by up to an hour; the broker has it, or is set back. After
each withdrawal the article must be in no reply, at no later time, until something newer was published; the model keeps
every event that the archive was given, and says what is shown.
"""

import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.scenarios.corpus import NOW, Corpus
from tests.unit import order_model as model

from newsdex.incarnations import SeenStream
from newsdex.ingest.read import read_event
from newsdex.order import OrderedEvent, Place
from newsdex.records.events import Delivery
from newsdex.records.moments import microseconds
from newsdex_schemas import SearchRequest, channels

ARTICLES = ("ebb", "flood", "neap")
WRONG_BY_S = (0, 0, -60, 60, -3_600, 3_600)
"""By how much the publishers' clocks are off."""
FAR = NOW + timedelta(days=3)
"""When every embargo is over."""


@dataclass(kw_only=True, slots=True)
class Stream:
    """A stream as the broker has it: messages, and how far the indexer has come."""

    created: str
    incarnation: int
    first: int = 1
    messages: list[Delivery] | Any = None
    lost_from: int | None = None

    @property
    def last(self) -> int:
        return self.messages[-1].stream_sequence if self.messages else self.first - 1


class Takedowns(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="newsdex-takedowns-"))
        self.corpus = Corpus(self.folder)
        self.elapsed_s = 0
        self.set_back_s = 0
        self.streams = 1
        self.stream = Stream(created="1", incarnation=1, messages=[])
        self.pending: list[Delivery] = []
        self.backup: tuple[Stream, list[Delivery]] | None = None
        self.places: dict[tuple[int, int], Place] = {}
        self.handled: dict[str, list[OrderedEvent]] = defaultdict(list)
        self.events = 0
        self._adopt()

    def teardown(self) -> None:
        if hasattr(self, "corpus"):
            self.corpus.__exit__(None, None, None)
            shutil.rmtree(self.folder)

    # Clocks

    def _now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed_s)

    def _stored_us(self) -> int:
        return microseconds(self._now() - timedelta(seconds=self.set_back_s))

    @rule(seconds=st.sampled_from((1, 59, 61, 3_599, 3_601)))
    def time_passes(self, seconds: int) -> None:
        self.elapsed_s += seconds

    @rule()
    def the_brokers_clock_is_set_back_an_hour(self) -> None:
        self.set_back_s = 3_600 - self.set_back_s

    # Publishers

    def _publish(self, channel: str, data: dict[str, Any], wrong_by_s: int | None) -> None:
        self.events += 1
        attributes: dict[str, Any] = {"id": f"e-{self.events}"}
        if wrong_by_s is not None:
            attributes["time"] = self._now() + timedelta(seconds=wrong_by_s)
        self._store(self.corpus.event(channel, data, **attributes))

    def _store(self, message: Delivery) -> None:
        self.elapsed_s += 1
        number = self.stream.last + 1
        stored = replace(message, stream_sequence=number, stored_us=self._stored_us(), deliveries=1)
        self.stream.messages.append(stored)
        self.pending.append(stored)
        self.places[number, stored.stored_us] = Place(self._incarnation(number), number)

    def _incarnation(self, number: int) -> int:
        lost_from = self.stream.lost_from
        return self.stream.incarnation + (lost_from is not None and number >= lost_from)

    @rule(
        article=st.sampled_from(ARTICLES),
        version=st.sampled_from((None, None, 1, 2)),
        wrong_by_s=st.sampled_from((None, *WRONG_BY_S)),
        embargoed=st.booleans(),
        word=st.sampled_from(("Pears", "Plums")),
    )
    def publish(self, article: str, version: int | None, wrong_by_s: int | None, word: str, *, embargoed: bool) -> None:
        """Publish or correct; the date of publication is tomorrow's as often as not."""
        tomorrow = self._now() + timedelta(days=1)
        dates = {"published_at": tomorrow, "embargoed_until": tomorrow} if embargoed else {}
        data = {"id": article, "title": f"{word} {self.events}", "version": version, **dates}
        self._publish(channels.ARTICLES_PUBLISHED, data, wrong_by_s)

    @rule(
        article=st.sampled_from(ARTICLES),
        version=st.sampled_from((None, None, 1, 2)),
        wrong_by_s=st.sampled_from((None, *WRONG_BY_S)),
    )
    def withdraw(self, article: str, version: int | None, wrong_by_s: int | None) -> None:
        self._publish(channels.ARTICLES_WITHDRAWN, {"id": article, "version": version}, wrong_by_s)

    @precondition(lambda self: self.stream.messages)
    @rule(data=st.data())
    def a_relay_sends_a_copy(self, data: st.DataObject) -> None:
        self._store(data.draw(st.sampled_from(self.stream.messages)))

    # The indexer

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def handle(self, data: st.DataObject) -> None:
        """In any order: what an attempt failed on comes again, behind others."""
        order = data.draw(st.permutations(self.pending))
        number = data.draw(st.integers(1, len(order)))
        self._handle(order[:number])

    def _handle(self, batch: list[Delivery]) -> None:
        """Take a batch, and keep for the model what it had."""
        results = self.corpus.handle(*batch)
        for result in results:
            event = read_event(result.delivery)
            place = self.places[result.delivery.stream_sequence, result.delivery.stored_us]
            self.handled[event.article_id].append(event.ordered(place, result.delivery.stored_us))

            assert place == result.place
        self.pending = [one for one in self.pending if one not in batch]

    @precondition(lambda self: self.stream.messages)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        known = [one for one in self.stream.messages if one not in self.pending]
        if known:
            again = data.draw(st.sampled_from(known))

            assert {"redelivered"} == {result.reason for result in self.corpus.handle(replace(again, deliveries=2))}

    def _adopt(self) -> None:
        known = self.corpus.writer.stream()
        at = {one.stream_sequence: one.stored_us for one in self.stream.messages}
        marked = self.corpus.writer.incarnation() if self.stream.created == known.created else None
        self.corpus.writer.adopt(
            SeenStream(
                created=self.stream.created,
                first_sequence=self.stream.first,
                last_sequence=self.stream.last,
                marked=marked,
                stored_us=at.get(known.last_sequence),
            )
        )

    # The stream

    @rule()
    def the_stream_is_deleted_and_we_make_it_anew(self) -> None:
        """What nobody had handled is lost with it; places go on."""
        self.pending, self.backup = [], None
        self.streams += 1
        known, incarnation = self.corpus.writer.stream(), self.corpus.writer.incarnation()
        self.stream = Stream(
            created=str(self.streams), incarnation=incarnation.number, first=known.last_sequence + 1, messages=[]
        )
        self.corpus.writer.adopt(
            SeenStream(
                created=self.stream.created,
                first_sequence=self.stream.first,
                last_sequence=self.stream.last,
                marked=incarnation,
                stored_us=None,
            )
        )

    @rule()
    def the_stream_is_deleted_and_a_publisher_makes_it_anew(self) -> None:
        """Its numbers begin at 1 again, and the first events are in it before we look."""
        known = self.corpus.writer.stream()
        self.pending, self.backup = [], None
        self.streams += 1
        following = self.corpus.writer.incarnation().number + bool(known.last_sequence)
        self.stream = Stream(created=str(self.streams), incarnation=following, messages=[])
        self._publish(channels.ARTICLES_PUBLISHED, {"id": "ebb", "title": f"First {self.events}"}, 0)
        self._adopt()

    @precondition(lambda self: self.stream.messages)
    @rule()
    def the_broker_is_backed_up(self) -> None:
        self._handle(list(self.pending))
        self.backup = (self.stream, list(self.stream.messages))

    @precondition(lambda self: self.backup is not None and len(self.backup[1]) < len(self.stream.messages))
    @rule(noticed=st.booleans())
    def the_broker_is_restored(self, *, noticed: bool) -> None:
        """What came since the backup is lost and its numbers come again: we notice, or a number that was taken does."""
        assert self.backup is not None
        stream, messages = self.backup
        self._handle(list(self.pending))
        newest = self.corpus.writer.incarnation().number
        self.stream = replace(stream, incarnation=newest, messages=messages, lost_from=messages[-1].stream_sequence + 1)
        self.backup = None
        if noticed:
            self._adopt()
        self._publish(channels.ARTICLES_PUBLISHED, {"id": "ebb", "title": f"After {self.events}"}, 0)
        self._handle(list(self.pending))
        self.stream = replace(self.stream, incarnation=newest + 1, lost_from=None)

    # Readers

    def _expected(self) -> set[str]:
        return {article for article, events in self.handled.items() if model.shown(events) is not None}

    @rule()
    def ask_now_and_when_every_embargo_is_over(self) -> None:
        self.corpus.index(now=FAR)

        reply = self.corpus.answer(SearchRequest(size=100), now=FAR)

        assert self._expected() == {hit.id for hit in reply.hits}

    @invariant()
    def the_archive_is_what_the_model_says(self) -> None:
        if not hasattr(self, "corpus"):
            return
        found = {}
        for article in ARTICLES:
            standing = self.corpus.archive.standing(article)
            found[article] = standing.state.shown.content if standing and standing.state.shown else None

        assert {article: model.shown(self.handled[article]) for article in ARTICLES} == found


TestTakedowns = Takedowns.TestCase
TestTakedowns.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
