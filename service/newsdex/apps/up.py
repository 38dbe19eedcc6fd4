"""Runs everything on one machine: the embedded broker, an indexer, searchers and the gateway.

Each is started again when it ends.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from importlib.util import find_spec
from types import FrameType
from urllib.parse import urlsplit

import structlog

from newsdex.apps.gateway_address import forget_gateway_address
from newsdex.apps.greeting import Greeting, address_of, first_key
from newsdex.apps.indexer.projector import STOP_TIMEOUT_S as PROJECTOR_STOP_TIMEOUT_S
from newsdex.apps.lock import lock_data_dir
from newsdex.apps.ports import choose_ports
from newsdex.backoff import growing_delay_s
from newsdex.broker.connection import GRACEFUL_TIMEOUT_S
from newsdex.broker.server import EmbeddedServer
from newsdex.errors import Misconfigured, Unavailable
from newsdex.host.children import die_with_parent, end_process, free_port, is_free
from newsdex.settings import Settings

log = structlog.get_logger()

LOOK_EVERY_S = 0.1
STOP_TIMEOUT_S = GRACEFUL_TIMEOUT_S + PROJECTOR_STOP_TIMEOUT_S + 5
STEADY_AFTER_S = 60.0
"""A child that lived so long starts with the shortest delay again."""


@dataclass(kw_only=True)
class Child:
    """One process that must always run."""

    name: str
    command: str
    port: int
    """Of its health routes; 0 for any that is free."""
    http_port: int = 0
    """The one that it has."""
    process: subprocess.Popen[bytes] | None = None
    started_at: float | None = None
    """A time of `time.monotonic`, as `start_at` is; None before the first start."""
    failures: int = 0
    start_at: float | None = None
    """When a child that ended is started again; None is at once."""
    ready: bool = False
    pick_port: Callable[[], int] = free_port
    """Chooses the port of a child that may have any."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Settings of its own."""

    def start(self) -> None:
        """Start it; it ends with this process, however that ends."""
        if not self.ready:  # if it had a port, another program may have taken that before it did
            self.http_port = self.port or self.pick_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "newsdex", self.command],
            env={**os.environ, **self.environment, "NEWSDEX_HTTP_PORT": str(self.http_port)},
            start_new_session=True,  # Ctrl-C reaches the supervisor, which stops its children in order
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, before any thread of ours
        )
        self.started_at = time.monotonic()

    def look(self) -> None:
        """Start it when it is time to; raise `Misconfigured` where it said that an operator is needed."""
        now = time.monotonic()
        if self.process is None:
            if self.start_at is None or now >= self.start_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            self.ready = self.ready or self.answers()
            return
        if code == Misconfigured.exit_code and not self._lost_its_port():
            raise Misconfigured("child_misconfigured", f"{self.name} cannot run as it is set up; its log says why")
        steady = self.started_at is not None and now - self.started_at > STEADY_AFTER_S
        self.failures = 1 if steady else self.failures + 1
        delay_s = growing_delay_s(self.failures)
        log.error("process.ended", child=self.name, exit_code=code, delay_s=delay_s)
        self.process, self.start_at = None, now + delay_s

    def _lost_its_port(self) -> bool:
        """Return whether another program took the port that was chosen, before the child had it."""
        return not self.port and not self.ready and not is_free(self.http_port)

    def answers(self) -> bool:
        """Return whether its health routes say that it is ready."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/ready", timeout=1):
                return True
        except (OSError, HTTPException):  # nobody, or somebody else
            return False

    def stop(self) -> None:
        """Ask it to end and wait for it."""
        if self.process is not None:
            end_process(self.process, STOP_TIMEOUT_S)


def _children(settings: Settings, gateway_port: int) -> Iterator[Child]:
    names = ["indexer", *(f"searcher-{number}" for number in range(1, settings.searchers + 1))]
    if find_spec("starlette") is None:
        log.warning("gateway.not_installed", install="newsdex[http]")
    else:
        names.append("gateway")
    for number, name in enumerate(names):
        port = settings.http_port and settings.http_port + number
        environment = {"NEWSDEX_GATEWAY_PORT": str(gateway_port)} if name == "gateway" else {}
        yield Child(name=name, command=name.partition("-")[0], port=port, environment=environment)


class Supervisor:
    """Starts the processes in order, watches them, and stops them in the reverse order."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = False
        self._broker: EmbeddedServer | None = None
        self._broker_start_at: float | None = None
        """When the broker, which has ended, is started again."""
        self._children: list[Child] = []

    def run(self) -> None:
        """Run until SIGINT or SIGTERM; raise the `NewsdexError` that makes going on pointless."""
        log.info("process.started", **self._settings.masked())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        with ExitStack() as stack:
            # two servers on one store would destroy it
            stack.enter_context(lock_data_dir(self._settings.data_dir, "up"))
            ports = choose_ports(
                self._settings.data_dir,
                {"broker": self._settings.broker_port, "gateway": self._settings.gateway_port},
            )
            if self._settings.broker_url is None or self._is_own(ports["broker"]):
                self._broker = stack.enter_context(EmbeddedServer(self._settings.data_dir, ports["broker"]))
            self._children = list(_children(self._settings, ports["gateway"]))
            greeting = self._greeting(ports)
            stack.callback(forget_gateway_address, self._settings.data_dir)
            for child in self._children:
                stack.callback(child.stop)
            self._watch(greeting)
        log.info("process.stopped")

    def _stop(self, _: int, __: FrameType | None) -> None:
        # a flag only: a lock that the interrupted code holds, such as an Event's, would never be let go
        self._stopping = True

    def _is_own(self, port: int) -> bool:
        """Return whether the broker that is set is the one that this data folder has: `newsdex env` sets it so.

        The children find it in the data folder then, and its monitoring, which moves, too.
        """
        url = urlsplit(self._settings.broker_url or "")
        is_there = (url.scheme, url.netloc.rpartition("@")[2]) == ("nats", f"127.0.0.1:{port}")
        if not is_there or self._settings.broker_port:
            return False
        for name in ("NEWSDEX_BROKER_URL", "NEWSDEX_BROKER_MONITORING_URL"):
            os.environ.pop(name, None)
        return True

    def _greeting(self, ports: Mapping[str, int]) -> Greeting:
        has_gateway = any(child.command == "gateway" for child in self._children)
        return Greeting(
            settings=self._settings,
            broker_url=self._broker.url if self._broker else None,
            gateway_url=address_of(self._settings.gateway_host, ports["gateway"]) if has_gateway else None,
            first_key=first_key(self._settings) if has_gateway else None,
        )

    def _watch(self, greeting: Greeting) -> None:
        announced = False
        while not self._stopping:
            self._look_at_broker()
            for child in self._children:
                child.look()
            if not announced and all(child.ready for child in self._children):
                announced = True
                greeting.show()
                log.info(
                    "process.ready", **{child.name: f"http://127.0.0.1:{child.http_port}" for child in self._children}
                )
            time.sleep(LOOK_EVERY_S)

    def _look_at_broker(self) -> None:
        """Start the broker again where it ended; the others reconnect to the same port."""
        if self._broker is None or self._broker.exit_code() is None:
            return
        now = time.monotonic()
        if self._broker_start_at is None:
            delay_s = growing_delay_s(1)
            log.error("process.ended", child="broker", exit_code=self._broker.exit_code(), delay_s=delay_s)
            self._broker_start_at = now + delay_s
        if now < self._broker_start_at:
            return
        self._broker_start_at = None
        try:
            self._broker.start()
        except Unavailable as fault:
            log.error("process.failed", code=fault.code, error=fault.message)  # noqa: TRY400 - the line says it all
