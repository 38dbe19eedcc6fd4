"""The parts of a running newsdex, each of which can be killed and comes back."""

import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.integration.running import Running, Service

from newsdex.broker.server import EmbeddedServer
from newsdex.errors import Unavailable
from newsdex.host.children import free_port

KILLED = -signal.SIGKILL
LAST_WORDS_BYTES = 3_000


class Process:
    """An indexer or a searcher, started again whenever it has ended."""

    def __init__(self, service: Service, command: str) -> None:
        self._service = service
        self._command = command
        self.port = free_port()
        self.running = self._start()

    def _start(self) -> Running:
        return Running.start(self._service, self._command, http_port=self.port)

    @property
    def pid(self) -> int:
        """Return the process' number."""
        return self.running.process.pid

    @property
    def url(self) -> str:
        """Return the address of its health routes."""
        return f"http://127.0.0.1:{self.port}"

    def restart(self, service: Service | None = None) -> None:
        """Stop it and start it again, with other settings where they are given."""
        self.running.stop()
        self.running = Running.start(service or self._service, self._command, http_port=self.port)

    def restart_if_ended(self) -> int | None:
        """Start it again if it has ended; give the exit code then."""
        code = self.running.process.poll()
        if code is not None:
            self.running = self._start()
        return code

    def is_ready(self) -> bool:
        """Ask it."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False


def projector_of(indexer: int) -> int | None:
    """Find the projector among an indexer's children; None while there is none."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if parent == indexer and b"spawn_main" in (path.parent / "cmdline").read_bytes():
                return int(path.parent.name)
    return None


class Parts:
    """Broker, indexer with its projector, and two searchers."""

    def __init__(self, service: Service, server: EmbeddedServer) -> None:
        self._server = server
        self.indexer = Process(service, "indexer")
        self.searchers = {f"searcher-{number}": Process(service, "searcher") for number in (1, 2)}
        self.unexpected: list[str] = []
        """Ends with an exit code that no supervisor starts again, or with that of a defect."""

    @property
    def _processes(self) -> dict[str, Process]:
        return {"indexer": self.indexer, **self.searchers}

    def pids(self) -> dict[str, int]:
        """Return what can be killed now."""
        alive = {name: one for name, one in self._processes.items() if one.running.process.poll() is None}
        found = {name: process.pid for name, process in alive.items()}
        if self._server.exit_code() is None:
            found["nats"] = self._server._process.pid  # type: ignore[union-attr]  # it runs
        projector = projector_of(self.indexer.pid)
        return found if projector is None else {**found, "projector": projector}

    def kill(self, pid: int) -> None:
        """End a process without a chance to clean up."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def look(self) -> None:
        """Start what has ended, as a supervisor does."""
        if self._server.exit_code() is not None:
            with suppress(Unavailable):
                self._server.start()
        for name, process in self._processes.items():
            log = process.running.log
            code = process.restart_if_ended()
            if code not in {None, KILLED, Unavailable.exit_code}:
                last_words = log.read_bytes()[-LAST_WORDS_BYTES:].decode(errors="replace")
                self.unexpected.append(f"{name} ended with {code}: {last_words}")

    def all_ready(self) -> bool:
        """Tell whether everything runs and is well."""
        self.look()
        return all(process.is_ready() for process in self._processes.values())

    def stop(self) -> list[int]:
        """Ask every process to end; give their exit codes."""
        return [process.running.stop() for process in self._processes.values()]


@contextmanager
def running_parts(service: Service) -> Iterator[Parts]:
    """Start everything on a data folder; end it however the block ends."""
    with EmbeddedServer(service.data_dir) as server:
        parts = Parts(service, server)
        try:
            yield parts
        finally:
            parts.stop()


def wait_until_ready(parts: Parts, timeout_s: float) -> None:
    """Wait until everything runs and is well."""
    deadline = time.monotonic() + timeout_s
    while not parts.all_ready():
        assert time.monotonic() < deadline, f"not everything is ready in {timeout_s} s"
        time.sleep(0.05)
