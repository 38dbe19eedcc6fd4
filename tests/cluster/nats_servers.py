"""Runs three NATS servers as one cluster on loopback; kills and starts each of them."""

import asyncio
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
from nats.errors import Error as NatsError
from tests.integration.running import until

from newsdex.broker.server import server_binary
from newsdex.broker.streams import CLUSTER_REPLICAS
from newsdex.host.children import end_process, free_port
from newsdex_schemas import channels

TIMEOUT_S = 60
CONFIGURATION = """\
server_name: n{number}
listen: "127.0.0.1:{client}"
http: "127.0.0.1:{http}"
max_payload: {max_payload}
jetstream {{ store_dir: "{folder}/n{number}", sync_interval: {sync} }}
cluster {{ name: newsdex, listen: "127.0.0.1:{route}", routes: [{routes}] }}
"""


@dataclass(kw_only=True)
class Server:
    """One server."""

    configuration: Path
    client_port: int
    http_port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        """Return its address for clients."""
        return f"nats://127.0.0.1:{self.client_port}"

    @property
    def monitoring_url(self) -> str:
        """Return the address of its monitoring."""
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> None:
        """Start it, without waiting."""
        log = str(self.configuration.with_suffix(".log"))
        command = [server_binary(), "-c", str(self.configuration), "-l", log]
        self.process = subprocess.Popen(command, start_new_session=True)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def is_well(self) -> bool:
        """Return whether it runs, and has all that it is to have."""
        try:
            with urllib.request.urlopen(f"{self.monitoring_url}/healthz", timeout=1):
                return True
        except OSError:
            return False


@dataclass(kw_only=True)
class NatsCluster:
    """Three servers."""

    servers: dict[str, Server]
    """By name."""
    dead_url: str
    """Nobody listens there."""

    @property
    def url(self) -> str:
        """Return the addresses for clients; the first one is dead."""
        return ",".join([self.dead_url, *(server.url for server in self.servers.values())])

    @property
    def settings(self) -> dict[str, str]:
        """Return what newsdex needs to know of it."""
        monitoring = ",".join(server.monitoring_url for server in self.servers.values())
        return {"NEWSDEX_BROKER_URL": self.url, "NEWSDEX_BROKER_MONITORING_URL": monitoring}

    def wait_until_well(self) -> None:
        """Wait until all servers are well."""
        until(lambda: all(server.is_well() for server in self.servers.values()), TIMEOUT_S, "the cluster is well")

    def stream(self) -> dict[str, Any]:
        """Return what the leader says of our stream; nothing where there is no leader just now."""
        for server in self.servers.values():
            try:
                address = f"{server.monitoring_url}/jsz?streams=1&consumers=1&config=1"
                with urllib.request.urlopen(address, timeout=2) as answer:
                    details = json.load(answer)["account_details"][0]["stream_detail"]
            except (OSError, KeyError, IndexError):
                continue
            for stream in details:
                if stream["name"] == channels.STREAM and stream["cluster"].get("leader") == self._name(server):
                    return dict(stream)
        return {}

    def leader(self) -> Server:
        """Return the server that leads the stream, once there is one."""
        name = until(lambda: self.stream().get("cluster", {}).get("leader"), TIMEOUT_S, "the stream has a leader")
        return self.servers[name]

    def wait_until_replicated(self) -> None:
        """Wait until the stream is whole on three servers."""

        def replicated() -> bool:
            replicas = self.stream().get("cluster", {}).get("replicas") or []
            return len(replicas) == CLUSTER_REPLICAS - 1 and all(one.get("current") for one in replicas)

        until(replicated, TIMEOUT_S, "the stream is whole on three servers")

    def _name(self, server: Server) -> str:
        return next(name for name, one in self.servers.items() if one is server)


@contextmanager
def nats_cluster(folder: Path, *, sync: str = "always", lazy: str | None = None) -> Iterator[NatsCluster]:
    """Run three servers; the one that `lazy` names fsyncs every two minutes only."""
    ports = [(free_port(), free_port(), free_port()) for _ in range(CLUSTER_REPLICAS)]
    routes = ",".join(f'"nats://127.0.0.1:{route}"' for _, _, route in ports)
    servers = {}
    for number, (client, http, route) in enumerate(ports, 1):
        text = CONFIGURATION.format(
            number=number, client=client, http=http, route=route, routes=routes, folder=folder,
            max_payload=channels.MAX_MESSAGE_BYTES, sync='"2m"' if lazy == f"n{number}" else sync,
        )  # fmt: skip
        configuration = folder / f"n{number}.conf"
        configuration.write_text(text, encoding="utf-8")
        servers[f"n{number}"] = Server(configuration=configuration, client_port=client, http_port=http)
    cluster = NatsCluster(servers=servers, dead_url=f"nats://127.0.0.1:{free_port()}")
    try:
        for server in servers.values():
            server.start()
        cluster.wait_until_well()
        until(lambda: asyncio.run(_has_leader(cluster)), TIMEOUT_S, "the cluster has a leader")
        yield cluster
    finally:
        for server in servers.values():
            if server.process is not None:
                end_process(server.process, TIMEOUT_S)


async def _has_leader(cluster: NatsCluster) -> bool:
    client = await nats.connect([server.url for server in cluster.servers.values()])
    try:
        await client.jetstream().account_info()
    except (NatsError, TimeoutError):
        return False
    finally:
        await client.close()
    return True
