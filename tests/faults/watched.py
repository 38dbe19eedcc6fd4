"""What the rows of the table of faults share: a broker, an indexer, a searcher and a gateway, watched by Prometheus."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.alerting import Prometheus, running_prometheus
from tests.faults.external import ExternalServer, external_server
from tests.faults.parts import Process
from tests.integration.running import Service, until

from newsdex_schemas import channels

LIMIT_S = 90
STORE_MB = 16
DISK_BYTES = 4 * 1024**3
SMALL_STORE = f"jetstream {{{{ store_dir: {{store}}, sync_interval: always, max_file_store: {STORE_MB}MB }}}}"
KINDS = ("indexer", "searcher", "gateway")


@dataclass(kw_only=True)
class Newsdex:
    """The processes, and what they say."""

    server: ExternalServer
    service: Service
    logs: Path
    disk: Path | None
    """Where the data folder is a disk of its own; None where none may be mounted."""
    processes: Mapping[str, Process]
    prometheus: Prometheus | None
    supervised: bool = True
    """Whether a process that ends is started again."""
    _read: dict[Path, int] = field(default_factory=dict)

    def publish(self, body: bytes) -> None:
        """Publish what may be valid or not."""
        assert self.service.run("publish", "-", stdin=body).returncode in {0, 65}

    def look(self) -> None:
        """Start again what has ended, as a supervisor does."""
        if self.supervised:
            for process in self.processes.values():
                process.restart_if_ended()

    def get(self, process: str, route: str) -> tuple[int, str]:
        """Return what a route says; 0 where nobody answers."""
        self.look()
        try:
            with urllib.request.urlopen(self.processes[process].url + route, timeout=1) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, process: str, name: str) -> float | None:
        """Return the sum of a metric's samples; None where nobody answers, or nothing has that name."""
        lines = self.get(process, "/metrics")[1].splitlines()
        values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(values) if values else None

    def status(self) -> tuple[int, str]:
        """Return exit code and text of `newsdex status`."""
        done = self.service.run("status")
        return done.returncode, done.stdout + done.stderr

    def is_ready(self) -> bool:
        """Tell whether every process is ready."""
        return all(self.get(kind, "/ready")[0] == 200 for kind in self.processes)

    def is_well(self) -> bool:
        """Tell whether every process is ready, the index has everything, and no alert fires."""
        return (
            self.is_ready() and self.has_caught_up() and not (self.prometheus is not None and self.prometheus.firing())
        )

    def mark(self) -> None:
        """Have `logged` tell of lines from now on only."""
        self._read = {log: log.stat().st_size for log in self.logs.glob("log-*")}

    def logged(self, process: str) -> list[dict[str, Any]]:
        """Return the lines of a process since the mark, over its restarts."""
        lines: list[dict[str, Any]] = []
        for log in sorted(self.logs.glob(f"log-*-{process}")):
            with log.open("rb") as file:
                file.seek(self._read.get(log, 0))
                read = file.read().splitlines(keepends=True)
            lines += [json.loads(line) for line in read if line.endswith(b"\n") and line.startswith(b"{")]
        return lines

    def has_caught_up(self) -> bool:
        """Tell whether the archive has every event, and the index every change."""
        if self.metric("indexer", "newsdex_stream_oldest_event_seconds") != 0:
            return False
        head, position = (self.metric("indexer", f"newsdex_{name}") for name in ("archive_sequence", "index_position"))
        return head is not None and head == position


@contextmanager
def small_data_folder(folder: Path) -> Iterator[Path | None]:
    """Mount a disk for the data folder, as large as no test fills; None where that is not allowed."""
    folder.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)], capture_output=True, check=False
        )
    except OSError:
        mounted = None
    if mounted is None or mounted.returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def watched_newsdex(folder: Path) -> Iterator[Newsdex]:
    """Run everything for as long as the block lasts."""
    with ExitStack() as stack:
        options = f"max_payload: {channels.MAX_MESSAGE_BYTES}"
        server = stack.enter_context(external_server(folder, jetstream=SMALL_STORE, options=options))
        disk = stack.enter_context(small_data_folder(folder / "data"))
        settings = {
            "NEWSDEX_BROKER_URL": server.url,
            "NEWSDEX_BROKER_MONITORING_URL": server.monitoring_url,
            "NEWSDEX_SLOW_QUERY_MS": "500",
        }
        service = Service(data_dir=folder / "data", settings=settings, logs=folder)
        processes = {kind: Process(service, kind) for kind in KINDS}
        for process in processes.values():
            stack.callback(lambda process=process: process.running.stop())  # type: ignore[misc]  # a default binds the loop's value
        ports = {kind: process.port for kind, process in processes.items()}
        prometheus = stack.enter_context(running_prometheus(folder / "prometheus", ports))
        newsdex = Newsdex(
            server=server, service=service, logs=folder, disk=disk, processes=processes, prometheus=prometheus
        )
        until(newsdex.is_ready, LIMIT_S, "every process is ready")
        # without a backup there is an alert all the time
        assert service.run("backup", str(folder / "backup")).returncode == 0
        newsdex.publish(b'{"id": "first", "title": "Pontoon"}')
        until(newsdex.is_well, LIMIT_S, "all is well")
        service.wait_until_searchable()
        yield newsdex
