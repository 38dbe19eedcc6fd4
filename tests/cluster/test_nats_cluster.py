"""Real clusters of three NATS servers: elections lose nothing, and what one server lacks is told."""

import asyncio
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext
from tests.cluster.electing import publish_and_kill
from tests.cluster.nats_servers import TIMEOUT_S, nats_cluster
from tests.integration.running import Service

from newsdex.broker.monitoring import sync_always
from newsdex.broker.server import EmbeddedServer
from newsdex.broker.stream_keeper import StreamKeeper
from newsdex.broker.streams import CONSUMERS, ensure_stream, wanted_replicas, wanted_stream
from newsdex.errors import Unavailable
from newsdex_schemas import channels


@pytest.mark.long
def test_two_elections_while_events_are_published_and_handled_lose_and_double_nothing(tmp_path: Path) -> None:
    result = publish_and_kill(tmp_path)

    assert (3, [3, 3, 3]) == (result["servers"], result["replicas"])
    assert (0, 0, 0, 0) == (result["lost"], result["twice"], result["stored_twice"], result["parked"])
    assert (result["events"], 0) == (result["acknowledged"], result["tracebacks"])


@pytest.mark.long
def test_a_stream_of_one_replica_is_raised_and_servers_that_do_not_fsync_are_told(tmp_path: Path) -> None:
    mended: list[str] = []

    async def counts(js: JetStreamContext) -> list[int]:
        stream = await js.stream_info(channels.STREAM)
        found = [stream, *[await js.consumer_info(channels.STREAM, name) for name in CONSUMERS]]
        return [len(one.cluster.replicas or ()) + 1 for one in found if one.cluster is not None]

    async def raise_replicas(url: str) -> tuple[list[int], list[str]]:
        client = await nats.connect(url.split(","))
        try:
            js = client.jetstream()
            await ensure_stream(js, wanted_stream())
            keeper = StreamKeeper(js, wanted_stream(replicas=wanted_replicas(js, None)), mended.append)
            await keeper.keep()
            while (replicas := await counts(js)) != [3, 3, 3]:  # noqa: ASYNC110 - the servers tell nobody
                await asyncio.sleep(0.1)
            return replicas, keeper.faults
        finally:
            await client.close()

    with nats_cluster(tmp_path, lazy="n3") as cluster:
        replicas, faults = asyncio.run(asyncio.wait_for(raise_replicas(cluster.url), TIMEOUT_S))
        urls = [server.monitoring_url for server in cluster.servers.values()]
        every, some = asyncio.run(sync_always(urls)), asyncio.run(sync_always(urls[:2]))
        status = Service(data_dir=tmp_path / "data", settings=cluster.settings).run("status")

    assert ([3, 3, 3], [], ["stream.num_replicas"]) == (replicas, faults, mended)
    assert (False, None) == (every, some)
    assert "not all its servers fsync" in status.stdout + status.stderr


def test_replicas_without_servers_to_keep_them_are_refused_by_the_name_of_their_setting(tmp_path: Path) -> None:
    async def make(url: str) -> None:
        client = await nats.connect(url)
        try:
            await ensure_stream(client.jetstream(), wanted_stream(replicas=3))
        finally:
            await client.close()

    with EmbeddedServer(tmp_path) as server, pytest.raises(Unavailable, match="NEWSDEX_BROKER_REPLICAS") as raised:
        asyncio.run(make(server.url))

    assert "jetstream_unavailable" == raised.value.code
