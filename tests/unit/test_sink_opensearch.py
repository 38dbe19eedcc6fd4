"""OpenSearch has what is shown, whatever fails on the way, and readers never meet an index that is half made."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from tests.scenarios.corpus import NOW, Corpus
from tests.unit.fake_opensearch import FakeOpenSearch, fake_opensearch

from newsdex.errors import Misconfigured, Unavailable
from newsdex.health import Readiness
from newsdex.records.moments import microseconds
from newsdex.sink.flow import Flow
from newsdex.sink.opensearch import bulk
from newsdex.sink.opensearch.address import read_address
from newsdex.sink.opensearch.definition import read_definition
from newsdex.sink.opensearch.sink import OpenSearchSink

HOUR = timedelta(hours=1)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus(tmp_path) as corpus:
        yield corpus


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenSearch]:
    monkeypatch.setattr(bulk, "growing_delay_s", lambda _: 0.001)
    with fake_opensearch() as cluster:
        yield cluster


class Drain:
    """Brings a cluster up to the archive, each time by a sink of its own, as after a restart."""

    def __init__(self, corpus: Corpus, cluster: FakeOpenSearch) -> None:
        self.corpus = corpus
        self.cluster = cluster
        self.now = NOW

    def __call__(self, now: datetime | None = None, **given: Any) -> None:
        self.now = now or self.now
        self.run(self.to_the_end, **given)

    @staticmethod
    async def to_the_end(sink: OpenSearchSink) -> None:
        while await sink.step():
            pass

    def run(self, work: Callable[[OpenSearchSink], Awaitable[None]], url: str = "", **given: Any) -> None:
        async def run() -> None:
            address, definition = read_address(url or self.cluster.url), given.pop("definition", read_definition(None))
            clock = {"clock_us": lambda: microseconds(self.now)}
            sink = OpenSearchSink(address, self.corpus.archive, definition, **clock, **given)
            try:
                await sink.open()
                await work(sink)
            finally:
                await sink.close()

        asyncio.run(run())


@pytest.fixture
def drain(corpus: Corpus, cluster: FakeOpenSearch) -> Drain:
    return Drain(corpus, cluster)


def article(id_: str, title: str = "Ferry", **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": title, **fields}


def titles(cluster: FakeOpenSearch) -> dict[str, str]:
    return {id_: source["title"] for id_, source in cluster.shown().items()}


def test_it_has_what_is_shown_and_follows_it(corpus: Corpus, cluster: FakeOpenSearch, drain: Drain) -> None:
    corpus.publish(article("a"), article("b"), article("c"))
    corpus.withdraw("c")
    drain()
    first = titles(cluster)
    corpus.publish(article("a", "Ferry sails"), article("d"))
    corpus.withdraw("b")
    corpus.writer.erasures.erase(["d"], microseconds(NOW))
    drain()

    assert ({"a": "Ferry", "b": "Ferry"}, {"a": "Ferry sails"}) == (first, titles(cluster))
    assert 1 == len(cluster.aliases["newsdex"])
    assert {"newsdex-positions", *cluster.aliases["newsdex"]} == set(cluster.indices)


def test_an_article_is_there_from_its_hour_until_its_end(corpus: Corpus, cluster: FakeOpenSearch, drain: Drain) -> None:
    corpus.publish(article("a", embargoed_until=NOW + HOUR, expires_at=NOW + 2 * HOUR), article("b"))
    corpus.publish(article("b", embargoed_until=NOW + HOUR))
    found = []
    for moment in (NOW, NOW + HOUR - timedelta(microseconds=1), NOW + HOUR, NOW + 2 * HOUR):
        drain(moment)
        found.append(set(titles(cluster)))

    assert [set(), set(), {"a", "b"}, {"b"}] == found
    assert "expires_at" in json.dumps(cluster.filters["newsdex"])


def test_a_late_copy_undoes_no_withdrawal_and_no_newer_version(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    corpus.publish(article("a"), article("b"))
    before = [bulk.operation_of(change, microseconds(NOW)) for change in corpus.archive.changes(0, 10)]
    drain()
    corpus.withdraw("a")
    corpus.publish(article("b", "Bridge"))
    drain()

    async def late(sink: OpenSearchSink) -> None:
        assert sink._cluster is not None
        (index,) = cluster.aliases["newsdex"]
        await bulk.write(sink._cluster, index, before)

    drain.run(late)

    assert {"b": "Bridge"} == titles(cluster)


def test_what_fails_for_now_is_tried_again_and_nothing_else(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    corpus.publish(*(article(str(one)) for one in range(20)))
    cluster.faults = [429, 429]
    cluster.item_faults = {"3": [429, 503], "7": [500]}
    drain()

    assert {str(one) for one in range(20)} == set(titles(cluster))
    assert 5 == cluster.bulks


def test_a_cluster_that_goes_on_failing_is_told_and_the_position_is_not_moved(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    drain()
    corpus.publish(article("a"))
    cluster.item_faults = {"a": [503] * bulk.ATTEMPTS}
    with pytest.raises(Unavailable) as fault:
        drain()
    drain()

    assert ("sink_overloaded", {"a"}) == (fault.value.code, set(titles(cluster)))


def test_an_article_that_is_never_taken_is_told_holds_nothing_up_and_leaves_no_older_version(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    corpus.publish(article("a", "Secret words"), article("b"))
    drain()
    cluster.refused = {"a"}
    corpus.publish(article("a", "Other secret words"), article("c"))
    with structlog.testing.capture_logs() as lines:
        drain()

    assert {"b", "c"} == set(titles(cluster))
    (refused,) = [line for line in lines if line["event"] == "sink.refused"]
    assert ("sink_article_refused", "a", "mapper_parsing_exception") == (
        refused["code"], refused["article_id"], refused["error"],
    )  # fmt: skip
    assert "ecret" not in str(lines)


@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_takedown_that_is_refused_is_not_passed_over(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain, status: int
) -> None:
    corpus.publish(article("a"))
    drain()
    corpus.withdraw("a")
    cluster.item_faults = {"a": [status]}
    with pytest.raises(Unavailable, match=str(status)) as fault:
        drain()
    drain()

    assert ("sink_failed", {}) == (fault.value.code, titles(cluster))


def test_an_article_that_a_block_on_the_index_keeps_out_comes_once_it_is_lifted(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    corpus.publish(article("a"))
    drain()
    corpus.publish(article("a", "Ferry sails"))
    cluster.item_faults = {"a": [403]}
    with pytest.raises(Unavailable):
        drain()
    drain()

    assert {"a": "Ferry sails"} == titles(cluster)


def test_what_is_no_answer_of_opensearch_is_a_fault_that_may_pass(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    drain()
    corpus.publish(article("a"))
    cluster.faults = [200]
    with pytest.raises(Unavailable, match="no OpenSearch"):
        drain()
    drain()

    assert {"a"} == set(titles(cluster))


def test_rights_that_are_taken_away_for_a_while_end_no_sink(
    corpus: Corpus, cluster: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is refused from the first is told so; later a password may be in exchange."""
    monkeypatch.setattr("newsdex.sink.flow.growing_delay_s", lambda _: 0.001)
    monkeypatch.setattr("newsdex.sink.flow.POLL_S", 0.001)

    async def run() -> None:
        sink = OpenSearchSink(read_address(cluster.url), corpus.archive, read_definition(None))
        readiness = Readiness("sink")
        flowing = asyncio.create_task(Flow(sink, readiness).run())
        await reached(lambda: bool(readiness))
        cluster.credentials = "another"
        corpus.publish(article("a"))
        await reached(lambda: not readiness)
        cluster.credentials = None
        await reached(lambda: bool(cluster.shown()))
        flowing.cancel()

    asyncio.run(asyncio.wait_for(run(), 30))


async def reached(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - it is another thread's state
        await asyncio.sleep(0.005)


def test_a_request_that_is_too_large_is_halved(corpus: Corpus, cluster: FakeOpenSearch, drain: Drain) -> None:
    corpus.publish(*(article(str(one), body="word " * 200) for one in range(9)), article("huge", body="word " * 900))
    cluster.max_bulk_bytes = 3_000
    drain()

    assert {str(one) for one in range(9)} == set(titles(cluster))


def test_an_id_that_is_longer_than_opensearch_takes_has_another_one_there(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    ids = ["é" * 512, "è" * 512, "x" * 512]
    corpus.publish(*(article(id_) for id_ in ids))
    drain()

    assert all(len(id_.encode()) <= 512 for id_ in cluster.shown())
    assert set(ids) == {source["id"] for source in cluster.shown().values()}
    assert ids[2] in cluster.shown()


def test_a_rebuild_swaps_the_alias_once_the_new_index_lacks_nothing(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsdex.sink.changes.MAX_BATCH", 10)
    corpus.publish(*(article(str(one)) for one in range(50)))
    drain()
    (before,) = cluster.aliases["newsdex"]
    seen = []

    async def rebuild(sink: OpenSearchSink) -> None:
        for number in range(1_000):
            if not await sink.step():
                return
            if number == 2:  # while a new one is made, the one that serves goes on
                corpus.withdraw("49")
            seen.append((set(cluster.aliases["newsdex"]), len(cluster.shown())))

    drain.run(rebuild, rebuild=True)

    assert before not in cluster.indices
    assert {50, 49} == {number for _, number in seen}
    assert all(len(names) == 1 for names, _ in seen)
    assert ({before}, 49) in seen
    assert "49" not in cluster.shown()


def test_another_mapping_has_a_new_index_made_and_a_restart_goes_on_with_it(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsdex.sink.changes.MAX_BATCH", 10)
    corpus.publish(*(article(str(one)) for one in range(30)))
    drain()
    other: Mapping[str, Any] = {"mappings": {"dynamic": False, "properties": {"title": {"type": "keyword"}}}}

    async def begin(sink: OpenSearchSink) -> None:
        await sink.step()

    drain.run(begin, definition=other)
    begun = set(cluster.indices)
    drain(definition=other)
    (now,) = cluster.aliases["newsdex"]

    assert (3, 2) == (len(begun), len(cluster.indices))
    assert now in begun
    assert {"type": "keyword"} == cluster.indices[now].definition["mappings"]["properties"]["title"]
    assert 30 == len(cluster.shown())


def test_an_archive_that_was_put_back_has_a_new_index_made(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    corpus.publish(article("a"), article("b"))
    corpus.withdraw("a")
    drain()
    with Corpus(tmp_path_factory.mktemp("restored")) as restored:
        restored.publish(article("a", "From the backup"))
        Drain(restored, cluster)()

    assert {"a": "From the backup"} == titles(cluster)


def test_an_index_that_somebody_deletes_is_made_anew_with_its_mapping(
    corpus: Corpus, cluster: FakeOpenSearch, drain: Drain
) -> None:
    corpus.publish(article("a"))
    drain()

    async def delete(sink: OpenSearchSink) -> None:
        cluster.indices.clear()
        cluster.aliases.clear()
        corpus.publish(article("b"))
        with pytest.raises(Unavailable, match="deleted"):
            await sink.step()

    drain.run(delete)
    drain()
    (name,) = cluster.aliases["newsdex"]

    assert {"a", "b"} == set(titles(cluster))
    assert cluster.indices[name].definition["mappings"]["dynamic"] is False


def test_an_index_of_somebody_else_is_left_alone(cluster: FakeOpenSearch, drain: Drain) -> None:
    cluster.answer("PUT", "/newsdex", b'{"mappings": {}}')
    cluster.answer("PUT", "/newsdex-vault", b'{"mappings": {}}')
    with pytest.raises(Misconfigured) as fault:
        drain()
    drain(url=f"{cluster.url}/articles")

    assert "sink_alias_taken" == fault.value.code
    assert {"newsdex", "newsdex-vault"} <= set(cluster.indices)


def test_a_node_that_is_gone_is_passed_by(corpus: Corpus, cluster: FakeOpenSearch, drain: Drain) -> None:
    corpus.publish(article("a"))
    drain(url=f"http://127.0.0.1:1,{cluster.url.removeprefix('http://')}/newsdex")

    assert {"a"} == set(titles(cluster))
    with pytest.raises(httpx.ConnectError):
        drain(url="http://127.0.0.1:1")


def test_a_node_that_has_lost_its_cluster_is_passed_by(corpus: Corpus, cluster: FakeOpenSearch, drain: Drain) -> None:
    corpus.publish(article("a"))
    with fake_opensearch() as alone:
        alone.answer = lambda *_: (503, {"error": {"type": "master_not_discovered_exception"}})  # type: ignore[method-assign]
        drain(url=f"{alone.url},{cluster.url.removeprefix('http://')}/newsdex")

    assert {"a"} == set(titles(cluster))


def test_credentials_are_sent_and_never_shown(cluster: FakeOpenSearch, drain: Drain) -> None:
    cluster.credentials = "Basic " + base64.b64encode(b"us@er:s3cret/word").decode()
    url = cluster.url.replace("//", "//us%40er:s3cret%2Fword@")
    with structlog.testing.capture_logs() as lines:
        drain(url=url)
        with pytest.raises(Misconfigured) as fault:
            drain(url=url.replace("s3cret", "s3cre"))

    assert "sink_refused" == fault.value.code
    assert "s3cre" not in f"{lines} {fault.value} {read_address(url)!r}"


@pytest.mark.parametrize(
    "url", ["", "newsdex", "ftp://host/x", "http://", "http://host:port/x", "http://host/Upper", "http://u:p4ss@h/a/b"]
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Misconfigured) as fault:
        read_address(url)

    assert "sink_url" == fault.value.code
    assert "p4ss" not in str(fault.value)


def test_an_index_file_need_not_say_how_long_deletions_are_remembered(tmp_path: Path) -> None:
    file = tmp_path / "index.json"
    file.write_text('{"settings": {"number_of_shards": 3}, "mappings": {}}')
    assert {"number_of_shards": 3, "index.gc_deletes": "1d"} == read_definition(file)["settings"]

    file.write_text('{"settings": {"index": {"gc_deletes": "2h"}}, "mappings": {}}')
    assert {"index": {"gc_deletes": "2h"}} == read_definition(file)["settings"]


def test_an_index_file_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "index.json"
    for content in ("", "[]", "{}", '{"mappings": 1}', '{"mappings": {}, "settings": 1}'):
        file.write_text(content)
        with pytest.raises(Misconfigured, match=r"index\.json"):
            read_definition(file)
    with pytest.raises(Misconfigured, match="No such file"):
        read_definition(tmp_path / "other.json")
