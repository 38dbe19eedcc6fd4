"""A small newsdex and its model go through the same: events, repetitions, crashes, restarts, a lost index, queries."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.scenarios.corpus import NOW, Corpus
from tests.unit import order_model as model

from newsdex.archive.writer import ArchiveTransaction, ArchiveWriter
from newsdex.errors import Unavailable
from newsdex.ingest.handle import handle_batch
from newsdex.ingest.read import read_event
from newsdex.order import OrderedEvent, Place
from newsdex.records.events import Delivery
from newsdex.records.moments import microseconds
from newsdex_schemas import channels

ARTICLES = ("ebb", "flood", "spring", "neap")
VERSIONS = (None, 1, 2, 3)
MINUTES = range(5)
CHANNELS = (channels.ARTICLES_PUBLISHED, channels.ARTICLES_UPDATED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the model keeps of an event."""

    withdrawal: bool
    version: int | None
    minute: int

    stored: OrderedEvent

    @property
    def word(self) -> str:
        """The word that this version of an article has."""
        return f"tide{self.version or 'none'}at{self.minute}"


def shown(told: Sequence[Told]) -> str | None:
    """Return the word of what search must show after some events, in whatever order they came; None for nothing."""
    content = model.shown(one.stored for one in told)
    return next((one.word for one in told if one.stored.content == content), None)


class Dying:
    """An archive of a process that dies when everything is written and nothing is committed."""

    def __init__(self, archive: ArchiveWriter) -> None:
        self._archive = archive

    @contextmanager
    def transaction(self) -> Iterator[ArchiveTransaction]:
        with self._archive.transaction() as transaction:
            yield transaction
            transaction.write()
            raise sqlite3.OperationalError("killed")


class SmallNewsdex(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="newsdex-model-"))
        self.corpus = Corpus(self.folder)
        self.deliveries: list[Delivery] = []
        self.pending: list[tuple[str, Told | None, Delivery]] = []
        """What the broker has and the archive has not."""
        self.told: dict[str, list[Told]] = {article: [] for article in ARTICLES}
        self.poison = 0
        self.handled = 0
        self.position = 0

    def teardown(self) -> None:
        if hasattr(self, "corpus"):
            self.corpus.__exit__(None, None, None)
            shutil.rmtree(self.folder)

    # What comes

    @rule(
        article=st.sampled_from(ARTICLES),
        channel=st.sampled_from(CHANNELS),
        version=st.sampled_from(VERSIONS),
        minute=st.sampled_from(MINUTES),
    )
    def publish(self, article: str, channel: str, version: int | None, minute: int) -> None:
        data = {"id": article, "title": f"All tide{version or 'none'}at{minute}", "version": version}
        self._send(article, version, minute, self.corpus.event(channel, data, time=_moment(minute)))

    @rule(article=st.sampled_from(ARTICLES), version=st.sampled_from(VERSIONS), minute=st.sampled_from(MINUTES))
    def withdraw(self, article: str, version: int | None, minute: int) -> None:
        data = {"id": article, "version": version}
        self._send(article, version, minute, self.corpus.event(channels.ARTICLES_WITHDRAWN, data, time=_moment(minute)))

    @rule()
    def poison_the_stream(self) -> None:
        self.pending.append(("", None, self.corpus.delivery(channels.ARTICLES_PUBLISHED, b"{")))

    def _send(self, article: str, version: int | None, minute: int, delivery: Delivery) -> None:
        event = read_event(delivery)
        stored = event.ordered(Place(1, delivery.stream_sequence), delivery.stored_us)
        told = Told(withdrawal=event.article is None, version=version, minute=minute, stored=stored)
        self.pending.append((article, told, delivery))

    # What the indexer does

    @precondition(lambda self: self.pending)
    @rule(number=st.integers(1, 5), backwards=st.booleans())
    def handle(self, number: int, *, backwards: bool) -> None:
        batch, self.pending = self.pending[:number], self.pending[number:]
        results = self.corpus.handle(*(delivery for _, _, delivery in (reversed(batch) if backwards else batch)))
        for article, told, delivery in batch:
            self.deliveries.append(delivery)
            self.handled += 1
            if told is None:
                self.poison += 1
            else:
                self.told[article].append(told)

        assert len(batch) == len(results)
        assert {"redelivered"}.isdisjoint(result.reason for result in results)

    @precondition(lambda self: self.deliveries)
    @rule(data=st.data(), is_counted=st.booleans())
    def deliver_again(self, data: st.DataObject, *, is_counted: bool) -> None:
        """The broker counts deliveries, unless it crashed or its consumer is a new one."""
        again = data.draw(st.lists(st.sampled_from(self.deliveries), min_size=1, max_size=3))
        results = self.corpus.handle(*(replace(one, deliveries=2 if is_counted else 1) for one in again))

        assert {("duplicate", "redelivered")} == {(result.outcome, result.reason) for result in results}

    @precondition(lambda self: self.pending)
    @rule()
    def die_before_the_commit(self) -> None:
        with pytest.raises(Unavailable):
            handle_batch(Dying(self.corpus.writer), [one for _, _, one in self.pending], microseconds(NOW))
        self._reopen()

    @rule()
    def restart(self) -> None:
        self._reopen()

    @rule()
    def lose_the_index(self) -> None:
        self._reopen(lose_index=True)

    def _reopen(self, *, lose_index: bool = False) -> None:
        self.corpus.__exit__(None, None, None)
        if lose_index:
            shutil.rmtree(self.corpus.index_root, ignore_errors=True)  # there may be none yet
            self.position = 0
        number = self.corpus._deliveries
        self.corpus = Corpus(self.folder)
        self.corpus._deliveries = number

    # What the projector does, and who asks

    @rule()
    def apply_one_batch(self) -> None:
        self.corpus.projector.step()

    @rule()
    def catch_up_and_ask(self) -> None:
        self.corpus.index()
        now = {article: word for article, told in self.told.items() if (word := shown(told))}
        ever = {one.word for told in self.told.values() for one in told if not one.withdrawal}
        expected = {word: sorted(article for article in now if now[article] == word) for word in ever}

        assert expected == {word: sorted(self._found(word)) for word in ever}
        assert sorted(now) == sorted(self._found(""))
        self.position = self.corpus.reader.view().position

    @precondition(lambda self: (self.folder / "index" / "current").exists())
    @rule()
    def ask_while_the_index_is_behind(self) -> None:
        """What is found is one of the articles that must be found, and nothing that was withdrawn."""
        reply_ids = self._found("")
        live = {article for article, told in self.told.items() if shown(told)}

        assert set(reply_ids) <= live
        assert len(reply_ids) == len(set(reply_ids))
        assert self.corpus.reader.view().position >= self.position

    def _found(self, q: str) -> list[str]:
        return self.corpus.ids(q, size=100)

    @invariant()
    def the_archive_is_what_the_model_says(self) -> None:
        if not hasattr(self, "corpus"):
            return
        articles = {article for article, told in self.told.items() if shown(told)}
        live = {
            article for article in ARTICLES if (state := self.corpus.archive.standing(article)) and state.has_content
        }
        counts: Any = self.corpus.archive.counts()

        assert articles == live
        assert self.poison == sum(count.number for count in self.corpus.archive.parked_open())
        assert self.handled == self._entries()
        assert counts.live == len(articles)

    def _entries(self) -> int:
        """Count the ledger's entries that are no redelivery."""
        query = "SELECT count(*) FROM ledger WHERE reason <> 'redelivered'"
        number: int = self.corpus.writer._connection.execute(query).fetchone()[0]
        return number


def _moment(minute: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)


TestSmallNewsdex = SmallNewsdex.TestCase
TestSmallNewsdex.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
