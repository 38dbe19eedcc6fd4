"""The stream is newsdex' own: whatever somebody makes of it is mended, or told; on the real server."""

import asyncio
import json
import re
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import nats
import pytest
from faststream.nats import NatsBroker
from nats.js.api import ConsumerConfig, StorageType, StreamConfig
from tests.conftest import ROOT
from tests.faults.external import JETSTREAM, ExternalServer, external_server
from tests.faults.test_broker_faults import readiness
from tests.integration.running import Running, Service, until

from newsdex.broker.streams import CONSUMER, CONSUMERS
from newsdex.host.children import free_port
from newsdex_schemas import channels

MENDED_IN_S = 10
WITHDRAWAL = {
    "specversion": "1.0", "type": "article.withdrawn.v1", "source": "https://desk.example", "id": "w-1",
    "data": {"id": "heron-1"},
}  # fmt: skip
STORY = {"id": "heron-1", "title": "Heron seen at the weir"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ExternalServer]:
    with external_server(tmp_path) as server:
        yield server


@pytest.fixture
def service(server: ExternalServer, tmp_path: Path) -> Service:
    (tmp_path / "data").mkdir()
    return server.service(tmp_path / "data")


def on_broker(server: ExternalServer, ask: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await nats.connect(server.url)
        try:
            return await ask(connection.jetstream())
        finally:
            await connection.close()

    return asyncio.run(run())


def stream_config(server: ExternalServer) -> dict[str, Any]:
    async def ask(js: Any) -> dict[str, Any]:
        info = await js._api_request(f"$JS.API.STREAM.INFO.{channels.STREAM}", b"", timeout=5)
        config: dict[str, Any] = info["config"]
        return config

    config: dict[str, Any] = on_broker(server, ask)
    return config


def rewrite(server: ExternalServer) -> None:
    """Start a FastStream publisher as its manual has it, which declares the stream, and publish nothing."""

    async def run() -> None:
        broker = NatsBroker(server.url)
        broker.publisher(channels.ARTICLES_PUBLISHED, stream=channels.STREAM)
        await broker.start()
        await broker.stop()

    asyncio.run(run())


def publish(server: ExternalServer, channel: str, body: dict[str, Any]) -> None:
    on_broker(server, lambda js: js.publish(channel, json.dumps(body).encode(), stream=channels.STREAM))


def metric(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(rf"{name}[ {{]", line))


def is_whole(server: ExternalServer) -> bool:
    config = stream_config(server)
    return (
        set(channels.EVENT_CHANNELS) == set(config["subjects"])
        and config["duplicate_window"] == 600_000_000_000
        and config["discard"] == "new"
        and config["max_msg_size"] == channels.MAX_MESSAGE_BYTES
    )


def test_a_stream_that_a_faststream_publisher_made_first_is_mended_before_the_indexer_serves(
    server: ExternalServer, service: Service
) -> None:
    rewrite(server)
    assert [channels.ARTICLES_PUBLISHED] == stream_config(server)["subjects"]
    with service.process("indexer") as indexer, service.process("searcher") as searcher:
        indexer.wait_until_ready()
        searcher.wait_until_ready()
        mended = {line["what"] for line in indexer.events("broker.mended")}
        publish(server, channels.ARTICLES_PUBLISHED, STORY)
        until(lambda: service.run("search", "heron").stdout.count("Heron seen"), 30, "it is found")
        publish(server, channels.ARTICLES_WITHDRAWN, WITHDRAWAL)
        until(lambda: indexer.events("event.withdrawn"), 30, "it arrived")
        until(lambda: service.found("heron") == [], 30, "it is gone")

    assert {"stream.subjects", "stream.duplicate_window", "stream.discard", "stream.max_msg_size"} == mended


def test_a_stream_that_a_faststream_publisher_rewrites_is_mended_and_a_withdrawal_arrives(
    server: ExternalServer, service: Service
) -> None:
    """The publisher keeps the subjects that are there, and takes the rest of the configuration away."""

    async def shrink(js: Any) -> None:
        config = (await js.stream_info(channels.STREAM)).config
        await js.update_stream(config.evolve(subjects=[channels.ARTICLES_PUBLISHED]))

    port = free_port()
    running = Running.start(service, "indexer", http_port=port)
    try:
        running.wait_until_ready()
        publish(server, channels.ARTICLES_PUBLISHED, STORY)
        until(lambda: running.events("event.accepted"), 30, "it is there")
        rewrite(server)
        assert stream_config(server)["duplicate_window"] < 600_000_000_000
        on_broker(server, shrink)
        assert [channels.ARTICLES_PUBLISHED] == stream_config(server)["subjects"]
        start = time.monotonic()
        until(lambda: is_whole(server), 3 * MENDED_IN_S, "it is mended")
        took_s = time.monotonic() - start
        publish(server, channels.ARTICLES_WITHDRAWN, WITHDRAWAL)
        until(lambda: running.events("event.withdrawn"), 30, "the withdrawal arrived")
        counted = until(lambda: metric(port, "newsdex_stream_mended_total"), 10, "it is counted")
        ready = readiness(port)[0]
    finally:
        running.stop()

    assert took_s < MENDED_IN_S
    assert counted >= 4
    assert 200 == ready


def test_whatever_can_be_changed_is_changed_back_at_once(server: ExternalServer, service: Service) -> None:
    async def spoil(js: Any) -> None:
        info = await js._api_request(f"$JS.API.STREAM.INFO.{channels.STREAM}", b"", timeout=5)
        spoilt = {
            **info["config"], "subjects": ["articles.>"], "max_msgs": 10_000, "max_msgs_per_subject": 5_000,
            "max_age": 3_600_000_000_000, "duplicate_window": 1_000_000_000, "discard": "old", "no_ack": True,
            "allow_rollup_hdrs": True, "allow_direct": True, "allow_atomic": True, "max_msg_size": 1_000,
            "republish": {"src": ">", "dest": "leak.>"}, "consumer_limits": {"max_ack_pending": 1_000},
            "retention": "interest", "max_consumers": 50, "metadata": {"team": "desk"}, "compression": "s2",
        }  # fmt: skip
        body = json.dumps(spoilt).encode()
        await js._api_request(f"$JS.API.STREAM.UPDATE.{channels.STREAM}", body, timeout=5)
        consumer = ConsumerConfig(
            durable_name=CONSUMER, filter_subjects=[channels.ARTICLES_PUBLISHED], ack_wait=7, max_deliver=2
        )
        await js.add_consumer(channels.STREAM, consumer)

    with service.process("indexer") as indexer:
        indexer.wait_until_ready()
        before = stream_config(server)
        on_broker(server, spoil)
        until(lambda: is_whole(server) and indexer.events("broker.mended"), 3 * MENDED_IN_S, "it is mended")
        names = until(
            lambda: (
                {line["what"] for line in indexer.events("broker.mended")}
                if [line for line in indexer.events("broker.mended") if line["what"] == "consumer.max_deliver"]
                else None
            ),
            3 * MENDED_IN_S,
            "the consumer is mended",
        )
        after = stream_config(server)
        consumer = on_broker(server, lambda js: js.consumer_info(channels.STREAM, CONSUMER)).config
        differences = indexer.events("broker.difference")

    kept = {"metadata", "compression"}
    assert {name: value for name, value in before.items() if name not in kept} == {
        name: value for name, value in after.items() if name not in kept
    }
    assert ("desk", "s2") == (after["metadata"]["team"], after["compression"])
    assert (sorted(CONSUMERS[CONSUMER]), 30, -1) == (
        sorted(consumer.filter_subjects), consumer.ack_wait, consumer.max_deliver,
    )  # fmt: skip
    assert {"stream.retention", "stream.no_ack", "stream.republish", "consumer.filter_subjects"} <= names
    assert [] == differences


def test_what_cannot_be_changed_is_told_and_does_not_keep_the_rest_from_being_mended(
    server: ExternalServer, service: Service
) -> None:
    async def make(js: Any) -> None:
        await js.delete_stream(channels.STREAM)
        config = StreamConfig(
            name=channels.STREAM,
            subjects=[channels.ARTICLES_PUBLISHED],
            storage=StorageType.MEMORY,
            allow_msg_ttl=True,
        )
        await js.add_stream(config)
        await js.add_consumer(channels.STREAM, ConsumerConfig(durable_name=CONSUMER, deliver_policy="new", ack_wait=7))

    with service.process("indexer") as first:  # an archive that is new has the consumer made anew by itself
        first.wait_until_ready()
    on_broker(server, make)
    port = free_port()
    indexer = Running.start(service, "indexer", http_port=port)
    try:
        indexer.wait_until_ready()
        code, text = until(lambda: readiness(port) if readiness(port)[0] else None, 30, "it answers")
        config = stream_config(server)
        faults = metric(port, "newsdex_stream_faults")
        publish(server, channels.ARTICLES_UPDATED, {"id": "heron-1"})
        until(lambda: indexer.events("event.parked"), 30, "events are taken all the same")
    finally:
        indexer.stop()

    assert 503 == code
    for reason in ("storage is memory in place of file", "allow_msg_ttl"):
        assert reason in text
    assert 2 == faults
    assert (set(channels.EVENT_CHANNELS), "new") == (set(config["subjects"]), config["discard"])
    assert ["stream.allow_msg_ttl", "stream.storage"] == sorted(
        line["what"] for line in indexer.events("broker.difference")
    )
    assert "consumer.deliver_policy" in {line["what"] for line in indexer.events("broker.mended")}


@pytest.mark.parametrize(
    "setup",
    [{"deliver_policy": "new"}, {"filter_subjects": [channels.ARTICLES_WITHDRAWN]}],
    ids=["new only", "filtered"],
)
def test_what_a_wrong_consumer_passed_over_is_delivered_before_it_can_be_removed(
    server: ExternalServer, service: Service, setup: dict[str, Any]
) -> None:
    """The broker counts it as acknowledged, and mending the filter alone would have the consumer go on behind it."""

    async def make(js: Any) -> None:
        await js.delete_consumer(channels.STREAM, CONSUMER)
        for number in range(5):
            story = json.dumps({"id": f"passed-{number}", "title": "Passed over"}).encode()
            await js.publish(channels.ARTICLES_PUBLISHED, story)
        await js.add_consumer(channels.STREAM, ConsumerConfig(durable_name=CONSUMER, ack_policy="explicit", **setup))
        await js.publish(channels.ARTICLES_WITHDRAWN, json.dumps(WITHDRAWAL).encode())
        # as an earlier indexer had it, which took what came and went away
        taken = await (await js.pull_subscribe_bind(CONSUMER, channels.STREAM)).fetch(1, timeout=5)
        await taken[0].ack_sync()

    with service.process("indexer") as first:  # an archive that is new has the consumer made anew by itself
        first.wait_until_ready()
        publish(server, channels.ARTICLES_PUBLISHED, STORY)
        until(lambda: first.events("event.accepted"), 30, "it is archived")
    on_broker(server, make)
    with service.process("indexer") as indexer:
        until(lambda: len(indexer.events("event.accepted")) == 5, 30, "what was passed over is handled")
        until(lambda: indexer.events("event.withdrawn"), 30, "the takedown, too")
        redelivered = indexer.events("stream.redelivered")

    assert [CONSUMER] == [line["consumer"] for line in redelivered]


def test_a_filter_that_is_narrowed_at_run_time_loses_no_takedown(server: ExternalServer, service: Service) -> None:
    async def narrow(js: Any) -> None:
        consumer = ConsumerConfig(durable_name=CONSUMER, filter_subjects=[channels.ARTICLES_PUBLISHED], ack_wait=30)
        await js.add_consumer(channels.STREAM, consumer)
        await js.publish(channels.ARTICLES_WITHDRAWN, json.dumps(WITHDRAWAL).encode())
        await js.publish(channels.ARTICLES_PUBLISHED, json.dumps({"id": "behind-it", "title": "Behind"}).encode())

    with service.process("indexer") as indexer:
        indexer.wait_until_ready()
        publish(server, channels.ARTICLES_PUBLISHED, STORY)
        until(lambda: indexer.events("event.accepted"), 30, "it is archived")
        on_broker(server, narrow)
        until(lambda: indexer.events("event.withdrawn"), 30, "the takedown is handled")


def test_a_consumer_of_an_earlier_version_is_narrowed_and_nothing_is_delivered_again(
    server: ExternalServer, service: Service
) -> None:
    """It had the scraped pages, too: whoever is given more than is wanted passes over nothing."""

    async def widen(js: Any) -> None:
        every = list(channels.EVENT_CHANNELS)
        await js.add_consumer(channels.STREAM, ConsumerConfig(durable_name=CONSUMER, filter_subjects=every))

    with service.process("indexer") as first:
        first.wait_until_ready()
        publish(server, channels.ARTICLES_PUBLISHED, STORY)
        until(lambda: first.events("event.accepted"), 30, "it is archived")
    on_broker(server, widen)
    with service.process("indexer") as indexer:
        indexer.wait_until_ready()
        mended = {line["what"] for line in indexer.events("broker.mended")}
        redelivered = indexer.events("stream.redelivered")
        pruned = service.run("stream", "prune", "--unbacked", "--keep-days", "0").stdout

    assert "consumer.filter_subjects" in mended
    assert [] == redelivered
    assert pruned.startswith("1 removed")


def test_a_paused_consumer_is_told_and_left_to_the_operator(server: ExternalServer, service: Service) -> None:
    async def pause(js: Any, until_time: str | None) -> None:
        body = json.dumps({"pause_until": until_time} if until_time else {}).encode()
        await js._api_request(f"$JS.API.CONSUMER.PAUSE.{channels.STREAM}.{CONSUMER}", body, timeout=5)

    port = free_port()
    indexer = Running.start(service, "indexer", http_port=port)
    try:
        indexer.wait_until_ready()
        until(lambda: readiness(port)[0] == 200, 30, "it is ready")
        on_broker(server, lambda js: pause(js, "2090-01-01T00:00:00Z"))
        text = until(lambda: readiness(port)[1] if readiness(port)[0] == 503 else None, 30, "it says so")
        on_broker(server, lambda js: pause(js, None))
        until(lambda: readiness(port)[0] == 200, 30, "it goes on")
    finally:
        indexer.stop()

    assert "the consumer is paused" in text


def test_a_broker_that_takes_smaller_messages_than_the_contract_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with external_server(tmp_path, jetstream=JETSTREAM, options="max_payload: 1048576") as server:
        service = server.service(tmp_path / "data")
        with service.process("indexer") as indexer:
            indexer.wait_until_ready()
            (said,) = indexer.events("broker.small_payload")
            status = service.run("status").stdout.splitlines()

    assert (1_048_576, channels.MAX_MESSAGE_BYTES) == (said["max_payload"], said["wanted"])
    assert "(broker_small_payload)" in next(line for line in status if "broker" in line)


def test_the_faststream_publisher_that_the_contract_shows_leaves_the_stream_as_it_is(
    server: ExternalServer, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSDEX_BROKER_URL", server.url)
    text = (ROOT / "schemas" / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    event = next(block for block in blocks if "ArticlePublished(" in block)
    shown = f"{event}\nimport asyncio\nfrom newsdex_schemas import channels, message_id"
    shown += "\n" + next(block for block in blocks if "faststream" in block)
    with service.process("indexer") as indexer:
        indexer.wait_until_ready()
        before = stream_config(server)
        exec(compile(shown, "README.md", "exec"), {})
        accepted = until(lambda: indexer.events("event.accepted"), 30, "it arrived")

    assert before == stream_config(server)
    assert ["evt-000481"] == [line["event_id"] for line in accepted]
