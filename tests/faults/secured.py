"""A broker as `deploy/nats/secured.conf` has it: TLS, a user for each role; and who may connect to it."""

import os
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nats
import trustme
from nats.aio.client import Client as NatsClient
from tests.conftest import ROOT
from tests.integration.running import Service

from newsdex.broker.server import server_binary
from newsdex.host.children import end_process, free_port

ROLES = ("publisher", "reader", "searcher", "indexer", "gateway", "sink", "follower", "operator")
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20


def password_of(role: str) -> str:
    """Return a password that can be looked for in logs, with what URLs and configurations take for something else."""
    return f"s3cret/{role}@pass:word#1"


@dataclass(kw_only=True)
class As(Service):
    """A data folder, and one role's settings."""

    role: str
    given: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "NEWSDEX_BROKER_USER": self.role,
            "NEWSDEX_BROKER_PASSWORD": password_of(self.role),
            "NEWSDEX_BROKER_INBOX_PREFIX": f"_INBOX.{self.role}",
            "NEWSDEX_LOG_LEVEL": "DEBUG",
            **self.given,
        }


class Certificates:
    """Files of an authority, of another one, and of servers."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(folder / "ca.pem")
        trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
        self._issue("server", "127.0.0.1")
        self._issue("elsewhere", "elsewhere.example")
        self._issue("expired", "127.0.0.1", datetime.now(UTC) - timedelta(days=1))
        self._issue("ours", "newsdex.example")

    def _issue(self, name: str, host: str, until: datetime | None = None) -> None:
        issued = self._authority.issue_cert(host, not_after=until)
        issued.private_key_and_cert_chain_pem.write_to_path(self.folder / f"{name}.pem")


@contextmanager
def nats_server(configuration: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run the real server; give its port."""
    port, monitoring = free_port(), free_port()
    command = [server_binary(), "-c", str(configuration), "-a", "127.0.0.1", "-p", str(port), "-m", str(monitoring)]
    log = configuration.with_suffix(".log")
    process = subprocess.Popen([*command, "-l", str(log)], env={**os.environ, **environment})
    try:
        _wait_until_healthy(process, monitoring, log)
        yield port
    finally:
        end_process(process, STOP_TIMEOUT_S)


def _wait_until_healthy(process: subprocess.Popen[bytes], monitoring: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{monitoring}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(log.read_text())


@contextmanager
def secured_broker(
    folder: Path,
    certificates: Certificates,
    certificate: str = "server",
    users: str = "users.conf",
    every_subject: str | None = None,
) -> Iterator[int]:
    """Run a server with the configuration of `deploy/nats`; only the folder of its store is another.

    The user `every_subject` may subscribe to whatever its account has.
    """
    folder.mkdir()
    rights = (ROOT / "deploy" / "nats" / users).read_text(encoding="utf-8")
    if every_subject:
        assert f'subscribe: ["_INBOX.{every_subject}.>"]' in rights
        rights = rights.replace(f'subscribe: ["_INBOX.{every_subject}.>"]', 'subscribe: [">"]')
    (folder / users).write_text(rights, encoding="utf-8")
    text = (ROOT / "deploy" / "nats" / "secured.conf").read_text(encoding="utf-8")
    text = text.replace("include users.conf", f"include {users}")
    configuration = folder / "secured.conf"
    configuration.write_text(text.replace("store_dir: /data", f'store_dir: "{folder}"'), encoding="utf-8")
    file = str(certificates.folder / f"{certificate}.pem")
    passwords = {f"NATS_{role.upper()}_PASSWORD": f'"{password_of(role)}"' for role in ROLES}
    with nats_server(configuration, {**passwords, "NATS_TLS_CERT": file, "NATS_TLS_KEY": file}) as port:
        yield port


@dataclass(frozen=True, kw_only=True)
class Secured:
    """A broker that runs, and a data folder."""

    port: int
    certificates: Certificates
    data_dir: Path

    def as_(self, role: str, **given: str) -> As:
        """Return the settings of a role, or what is given instead: `tls_ca="…"` for NEWSDEX_BROKER_TLS_CA."""
        defaults = {"url": f"tls://127.0.0.1:{self.port}", "tls_ca": str(self.certificates.folder / "ca.pem")}
        settings = {f"NEWSDEX_BROKER_{name.upper()}": value for name, value in {**defaults, **given}.items()}
        return As(data_dir=self.data_dir, role=role, given=settings)


async def connect_as(broker: Secured, role: str, on_error: Any, inbox_prefix: str = "") -> NatsClient:
    """Connect as a role, with its own inbox."""
    tls = ssl.create_default_context(cafile=str(broker.certificates.folder / "ca.pem"))
    return await nats.connect(
        f"tls://127.0.0.1:{broker.port}",
        tls=tls,
        user=role,
        password=password_of(role),
        inbox_prefix=inbox_prefix or f"_INBOX.{role}",
        error_cb=on_error,
    )
