"""What other services are told of articles: all that matters, from any position, and nothing of an embargo."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.scenarios.corpus import NOW, Corpus

from newsdex.archive.backup import back_up, restore
from newsdex.records.feed import FeedPosition
from newsdex.records.moments import microseconds
from newsdex.settings import Settings
from newsdex.sink import changes
from newsdex.sink.article_changes import changed_event
from newsdex.sink.changes import Batch, ChangeReader, Mark
from newsdex.sink.changes_stream import ChangesStream
from newsdex_schemas import channels
from newsdex_schemas.changes import ArticleChanged

HOUR = timedelta(hours=1)
START = Mark(FeedPosition(0, microseconds(NOW)))


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


class Follower:
    """Another service's view of the archive, at a clock of its own."""

    def __init__(self, corpus: Corpus, mark: Mark = START) -> None:
        self.corpus = corpus
        self.now = NOW
        self.reader = self.reader_from(mark)
        self.events: list[ArticleChanged] = []

    def reader_from(self, mark: Mark) -> ChangeReader:
        return ChangeReader(self.corpus.archive, mark, lambda: microseconds(self.now))

    def batches(self) -> Iterator[Batch]:
        while (batch := self.reader.next()) is not None:
            yield batch

    def told(self, now: datetime | None = None) -> list[tuple[str, str]]:
        """Return what is told now that was not told before."""
        self.now = now or self.now
        new = [
            event
            for batch in self.batches()
            for change in batch.changes
            if (event := self.event(change, batch)) is not None
        ]
        self.events += new
        return [(event.data.id, event.data.change) for event in new]

    def event(self, change: Any, batch: Batch) -> ArticleChanged | None:
        cause = self.corpus.archive.cause_of(change.id, change.sequence)
        return changed_event(change, cause, incarnation="i", moment_us=batch.moment_us, turned=batch.turned)


def article(id_: str, title: str = "Ferry", **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": title, **fields}


def test_each_thing_that_can_become_of_an_article_has_its_name(corpus: Corpus) -> None:
    follower = Follower(corpus)
    corpus.publish(article("a"), article("b"), article("ends", expires_at=NOW + HOUR))
    first = follower.told()
    corpus.publish(article("a", "Ferry sails"))
    corpus.withdraw("b")
    second = follower.told()
    corpus.publish(article("b", "Ferry returns"), article("a", embargoed_until=NOW + 2 * HOUR))
    third = follower.told()
    corpus.writer.erasures.erase(["b"], microseconds(NOW))
    fourth = follower.told(NOW + HOUR)
    fifth = follower.told(NOW + 2 * HOUR)

    assert [("a", "published"), ("b", "published"), ("ends", "published")] == first
    assert [("a", "updated"), ("b", "withdrawn")] == second
    assert [("b", "published"), ("a", "hidden")] == third
    assert [("ends", "expired"), ("b", "erased")] == fourth
    assert [("a", "embargo_ended")] == fifth
    assert len(follower.events) == len({event.id for event in follower.events})


def test_nothing_is_told_of_an_article_under_embargo_before_its_hour(corpus: Corpus) -> None:
    follower = Follower(corpus)
    corpus.publish(article("secret", url="https://desk.example/secret", embargoed_until=NOW + HOUR))

    assert [] == follower.told(NOW + HOUR - timedelta(microseconds=1))
    assert [("secret", "embargo_ended")] == follower.told(NOW + HOUR)
    assert "https://desk.example/secret" == follower.events[0].data.url


@pytest.mark.parametrize("read_between", [True, False])
def test_nothing_is_told_of_an_article_that_never_came_out_of_its_embargo(corpus: Corpus, read_between: bool) -> None:
    follower = Follower(corpus)
    secrets = ("changed", "withdrawn", "returned", "erased")
    corpus.publish(*(article(id_, embargoed_until=NOW + HOUR) for id_ in secrets))
    told = follower.told() if read_between else []
    corpus.publish(article("changed", "Ferry sails", embargoed_until=NOW + 2 * HOUR))
    corpus.withdraw("withdrawn")
    corpus.withdraw("returned")
    told += follower.told() if read_between else []
    corpus.publish(article("returned", "Ferry returns", embargoed_until=NOW + 3 * HOUR))
    corpus.writer.erasures.erase(["erased"], microseconds(NOW))
    corpus.writer.erasures.erase(["erased"], microseconds(NOW))
    again = Follower(corpus)

    assert [] == told + follower.told() + again.told()
    assert [("changed", "embargo_ended")] == follower.told(NOW + 2 * HOUR)
    assert [("changed", "embargo_ended"), ("returned", "embargo_ended")] == again.told(NOW + 3 * HOUR)


def test_what_was_shown_once_is_taken_back_whatever_came_since(corpus: Corpus) -> None:
    corpus.publish(*(article(id_) for id_ in ("withdrawn", "erased", "hidden")))
    corpus.publish(article("ended", embargoed_until=NOW - HOUR))
    corpus.publish(
        *(article(id_, "2", embargoed_until=NOW + HOUR) for id_ in ("withdrawn", "erased", "hidden", "ended"))
    )
    corpus.publish(article("hidden", "3", embargoed_until=NOW + 2 * HOUR))
    corpus.withdraw("withdrawn")
    corpus.withdraw("unheard of")
    corpus.writer.erasures.erase(["erased", "unheard of, too"], microseconds(NOW))

    assert {
        ("ended", "hidden"),
        ("hidden", "hidden"),
        ("withdrawn", "withdrawn"),
        ("unheard of", "withdrawn"),
        ("erased", "erased"),
        ("unheard of, too", "erased"),
    } == set(Follower(corpus).told())


def test_an_event_has_no_text_and_of_what_is_not_shown_no_more_than_its_id(corpus: Corpus) -> None:
    follower = Follower(corpus)
    fields = {"url": "https://desk.example/a", "version": 3, "published_at": "2026-11-24T08:00:00Z"}
    corpus.publish(article("a", "Words of a title", body="Words of a body", **fields))
    follower.told()
    corpus.publish(article("a", embargoed_until=NOW + HOUR, **fields | {"version": 4}))
    follower.told()
    shown, hidden = follower.events

    assert b"Words" not in shown.to_json()
    assert (3, "https://desk.example/a") == (shown.data.version, shown.data.url)
    assert {"id": "a", "sequence": 2, "change": "hidden"} == hidden.data.model_dump(exclude_none=True)


def test_what_changes_several_times_at_once_is_told_once_as_it_is_then(corpus: Corpus) -> None:
    follower = Follower(corpus)
    corpus.publish(article("a"), article("a", "Ferry sails"))
    corpus.publish(article("b"))
    corpus.withdraw("b")

    assert [("a", "updated"), ("b", "withdrawn")] == follower.told()


def test_whoever_goes_on_from_what_was_kept_is_told_the_rest(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink that is killed between any two batches has kept the mark of the one before."""
    monkeypatch.setattr(changes, "MAX_BATCH", 3)
    corpus.publish(*(article(f"e{one}", embargoed_until=NOW + HOUR) for one in range(7)))
    corpus.publish(*(article(str(one), expires_at=NOW + HOUR) for one in range(7)))
    follower = Follower(corpus)
    follower.told()
    follower.now = NOW + HOUR
    corpus.publish(article("new"))
    told: list[str] = []
    while (batch := follower.reader.next()) is not None:
        told += [change.id for change in batch.changes]
        follower.reader = follower.reader_from(Mark.from_values(json.loads(json.dumps(batch.mark.to_values()))))

    assert sorted([*(f"e{one}" for one in range(7)), *map(str, range(7)), "new"]) == sorted(told)


def test_a_turn_of_several_batches_ends_and_is_told_once(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_BATCH", 3)
    corpus.publish(*(article(f"e{one}", embargoed_until=NOW + HOUR) for one in range(7)))
    follower = Follower(corpus)
    follower.told()

    assert [(f"e{one}", "embargo_ended") for one in range(7)] == follower.told(NOW + HOUR)
    assert [] == follower.told(NOW + 2 * HOUR)


def test_a_clock_that_is_set_back_hides_again_what_it_showed(corpus: Corpus) -> None:
    corpus.publish(article("a", embargoed_until=NOW + HOUR))
    follower = Follower(corpus)
    follower.told(NOW + HOUR)

    assert [("a", "hidden")] == follower.told(NOW)


@pytest.mark.parametrize(
    ("titles", "is_of"), [(("Ferry", "Bridge", "Mill"), True), (("Ferry", "Bridge"), True), (("Ferry",), False)]
)
def test_an_archive_that_was_put_back_by_hand_is_known(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory, titles: tuple[str, ...], is_of: bool
) -> None:
    corpus.publish(article("a"), article("b", "Bridge"))
    follower = Follower(corpus)
    follower.told()
    other = tmp_path_factory.mktemp("other")
    with Corpus(other) as restored:
        restored.publish(*(article(id_, title) for id_, title in zip("abc", titles, strict=False)))

        assert is_of is follower.reader.mark.is_of(restored.archive)


def test_an_archive_that_was_restored_is_another_one_whatever_came_since(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its numbers have gone past the mark again, and the article there was changed since."""
    corpus.publish(article("a"))
    target = tmp_path_factory.mktemp("backups") / "one"
    back_up(corpus.folder, target, NOW, lambda _, __: None)
    corpus.publish(article("b"))
    follower = Follower(corpus)
    follower.told()
    folder = tmp_path_factory.mktemp("restored")
    restore(target, folder)
    with Corpus(folder) as restored:
        restored.publish(article("lost to whoever goes on"), article("b"))
        kept = Mark.from_values(json.loads(json.dumps(follower.reader.mark.to_values())))

        assert (True, False) == (kept.is_of(corpus.archive), kept.is_of(restored.archive))
        restored_follower = Follower(restored)
        restored_follower.told()
        assert restored_follower.reader.mark.is_of(restored.archive)


class Broker:
    """A broker that stores what is published, and knows repetitions by their ids."""

    def __init__(self, created: datetime = NOW) -> None:
        self.created = created
        self.stored: dict[str, ArticleChanged] = {}

    def jetstream(self, timeout: float) -> "Broker":
        assert timeout > 0
        return self

    async def stream_info(self, name: str) -> Any:
        assert channels.CHANGES_STREAM == name
        return SimpleNamespace(created=self.created, state=SimpleNamespace(last_seq=len(self.stored)))

    async def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> Any:
        assert channels.ARTICLES_CHANGED == subject
        repeated = headers[channels.MESSAGE_ID_HEADER] in self.stored
        self.stored.setdefault(headers[channels.MESSAGE_ID_HEADER], ArticleChanged.from_json(body))
        return SimpleNamespace(duplicate=repeated)

    def drain(self, corpus: Corpus) -> list[str]:
        """Have a sink tell all that it has to; return the articles of new events."""

        async def run() -> None:
            stream = ChangesStream(Settings(data_dir=corpus.folder), corpus.archive, cast("Any", self))
            await stream.open()
            while await stream.step():
                pass

        before = len(self.stored)
        asyncio.run(run())
        return [event.data.id for event in self.stored.values()][before:]


def test_it_begins_with_what_changes_from_then_on_and_goes_on_there(corpus: Corpus) -> None:
    broker = Broker()
    corpus.publish(article("before"))
    told = [broker.drain(corpus)]
    corpus.publish(article("a"), article("b"))
    told += [broker.drain(corpus), broker.drain(corpus)]

    assert [[], ["a", "b"], []] == told


@pytest.mark.parametrize("position", [b"damaged", None], ids=["damaged", "of another archive"])
def test_without_the_position_that_was_kept_all_is_told_again_under_other_ids(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory, position: bytes | None
) -> None:
    broker = Broker()
    broker.drain(corpus)
    corpus.publish(article("a"), article("b"))
    broker.drain(corpus)
    file = corpus.folder / "changes-position.json"
    with Corpus(tmp_path_factory.mktemp("restored")) as restored:
        restored.publish(article("a"))
        (restored.folder / file.name).write_bytes(position or file.read_bytes())

        assert ["a"] == broker.drain(restored)
        assert [] == broker.drain(restored)


def test_all_is_told_again_where_a_restore_left_the_position_behind(
    corpus: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A restore is into another folder, which has no position; what changed meanwhile is not the first that is told."""
    broker = Broker()
    broker.drain(corpus)
    corpus.publish(article("a"))
    broker.drain(corpus)
    with Corpus(tmp_path_factory.mktemp("restored")) as restored:
        restored.publish(article("a"), article("b"))

        assert ["a", "b"] == broker.drain(restored)
        assert [] == broker.drain(restored)


def test_all_is_told_again_where_the_stream_is_another_one(corpus: Corpus) -> None:
    """What a follower had not read yet was lost with the stream."""
    before, after = Broker(), Broker(NOW + HOUR)
    before.drain(corpus)
    corpus.publish(article("a"))
    told = [before.drain(corpus), after.drain(corpus), after.drain(corpus)]

    assert [["a"], ["a"], []] == told


def test_a_mark_holds_where_the_article_at_it_was_changed_since(corpus: Corpus) -> None:
    corpus.publish(article("a"))
    follower = Follower(corpus)
    follower.told()
    corpus.publish(article("a", "Ferry sails"))

    assert follower.reader.mark.is_of(corpus.archive)
