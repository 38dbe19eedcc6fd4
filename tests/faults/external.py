"""An external broker: a real NATS server of its own, with the configuration that a test gives it."""

import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.running import Service, until

from newsdex.broker.server import server_binary
from newsdex.host.children import end_process, free_port

START_TIMEOUT_S = 30
JETSTREAM = "jetstream {{ store_dir: {store}, sync_interval: always }}"
LAZY_JETSTREAM = "jetstream {{ store_dir: {store} }}"


class ExternalServer:
    """A NATS server on ports that stay the same when it is started again."""

    def __init__(self, folder: Path, *, jetstream: str = JETSTREAM, options: str = "") -> None:
        self._folder = folder
        self._jetstream = jetstream
        self._port, self._monitoring_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._write(options)

    @property
    def url(self) -> str:
        """Return the address for clients, without a user."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def monitoring_url(self) -> str:
        """Return the address of the HTTP monitoring."""
        return f"http://127.0.0.1:{self._monitoring_port}"

    def service(self, data_dir: Path, **settings: str) -> Service:
        """Return a data folder whose processes use this broker."""
        return Service(data_dir=data_dir, settings={"NEWSDEX_BROKER_URL": self.url, **settings})

    def _write(self, options: str) -> None:
        jetstream = self._jetstream.format(store=self._folder / "store")
        text = f'listen: "127.0.0.1:{self._port}"\nhttp: "127.0.0.1:{self._monitoring_port}"\n{jetstream}\n{options}\n'
        self._configuration.write_text(text, encoding="utf-8")

    @property
    def _configuration(self) -> Path:
        return self._folder / "external.conf"

    def start(self) -> None:
        """Start it and wait until it is well."""
        self._process = subprocess.Popen(
            [server_binary(), "-c", str(self._configuration), "-l", str(self._folder / "external.log")],
            start_new_session=True,
        )
        until(self._is_well, START_TIMEOUT_S, "the external broker runs")

    def _is_well(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.monitoring_url}/healthz", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def reload(self, options: str) -> None:
        """Have it read other options while it runs."""
        assert self._process is not None
        self._write(options)
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            end_process(self._process, START_TIMEOUT_S)


@contextmanager
def external_server(folder: Path, *, jetstream: str = JETSTREAM, options: str = "") -> Iterator[ExternalServer]:
    """Run a broker for as long as the block lasts."""
    server = ExternalServer(folder, jetstream=jetstream, options=options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
