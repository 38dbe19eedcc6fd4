"""Runs the real thing: newsdex' processes and the real broker, on a data folder of a test."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs
from tests.conftest import ROOT

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
LOG_LINE = jsonschema_rs.validator_for(
    json.loads((ROOT / "deploy" / "logs" / "log-line.schema.json").read_text(encoding="utf-8"))
)
"""Every line of every process that tests run holds to it."""
ANY_PORTS = {"NEWSDEX_BROKER_PORT": "0", "NEWSDEX_GATEWAY_PORT": "0"}
"""Tests run beside each other, and beside whatever has the usual ports."""


def until(condition: Callable[[], Any], timeout_s: float, what: str) -> Any:
    """Return the condition's first true value; fail where it stays false."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not in {timeout_s} s: {what}")


def log_lines(path: Path) -> list[dict[str, Any]]:
    """Read a log; the last line may be half written."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n") and line.startswith("{")]


@dataclass(kw_only=True)
class Service:
    """A data folder and how to work with it."""

    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables besides the data folder."""
    logs: Path | None = None
    """Where processes log to, unless it is the data folder."""

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a newsdex command on this data folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSDEX_")}
        return {**kept, **ANY_PORTS, "NEWSDEX_DATA_DIR": str(self.data_dir), **self.settings}

    @property
    def broker_url(self) -> str:
        """Return the address of the embedded broker."""
        url: str = json.loads((self.data_dir / "broker.json").read_text(encoding="utf-8"))["url"]
        return url

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "newsdex", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def search(self, *arguments: str) -> dict[str, Any]:
        """Return the reply of `newsdex search --json`."""
        done = self.run("search", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        reply: dict[str, Any] = json.loads(done.stdout)
        return reply

    def found(self, *arguments: str) -> list[str]:
        """Return the ids that a search finds."""
        return [hit["id"] for hit in self.search(*arguments)["hits"]]

    def wait_until_searchable(self) -> None:
        """Wait until searches are answered: an indexer that was just started for the first time has no index yet."""
        until(lambda: self.run("search", "--size", "1").returncode == 0, START_TIMEOUT_S, "searches are answered")

    @contextmanager
    def process(self, *arguments: str) -> Iterator["Running"]:
        """Start a process that serves; stop it, however the test ends."""
        running = Running.start(self, *arguments)
        try:
            yield running
        finally:
            running.stop()


@dataclass(kw_only=True)
class Running:
    """A process that serves, and its log."""

    process: subprocess.Popen[bytes]
    log: Path
    name: str

    @classmethod
    def start(cls, service: Service, *arguments: str, http_port: int = 0) -> "Running":
        """Start it; with a port, `/ready` and the other health routes are there."""
        logs = service.logs or service.data_dir
        number = len(list(logs.glob("log-*"))) + 1
        log = logs / f"log-{number:03d}-{arguments[0]}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "newsdex", *arguments],
                env=service.environment | ({"NEWSDEX_HTTP_PORT": str(http_port)} if http_port else {}),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(process=process, log=log, name=arguments[0])

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return the log's lines, or those of one event."""
        return [line for line in log_lines(self.log) if name is None or line["event"] == name]

    @property
    def gateway_url(self) -> str:
        """Return the address of the HTTP gateway that it runs, or is."""
        (listening,) = self.events("gateway.listening")[-1:]
        return f"http://{listening['host']}:{listening['port']}"

    def wait_until_ready(self) -> "Running":
        """Wait until it says that it serves."""

        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-3000:]
            return any(line["process"] == self.name for line in self.events("process.ready"))

        until(ready, START_TIMEOUT_S, f"{self.name} is ready")
        return self

    def exit_code(self) -> int:
        """Wait until it ends by itself; give its exit code."""
        return self.process.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def kill_child(self, command: str) -> None:
        """Kill a process that `up` runs."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="utf-8")
        for pid in children.split():
            if command.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                os.kill(int(pid), signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end; give its exit code. One that does not end is killed, and fails the test."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        breaches = [str(error.message) for line in self.events() for error in LOG_LINE.iter_errors(line)]

        assert breaches == [], breaches[:3]
        return code
