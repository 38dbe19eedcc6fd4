"""Connections that ask nothing take nothing from those that do, and file handles that run out come back."""

import json
import resource
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.integration.running import Running, Service, until

IDLE = 1_300
HANDLES = 1_024
CLOSED_WITHIN_S = 30.0
ARTICLE = {"id": "h-1", "title": "Handles", "body": "Some text."}


def child(up: Running, command: str) -> int:
    """Return the process id of one that `up` runs."""
    children = Path(f"/proc/{up.process.pid}/task/{up.process.pid}/children").read_text(encoding="utf-8").split()
    (found,) = [
        int(pid) for pid in children if command.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
    return found


@contextmanager
def handles(pid: int, soft: int) -> Iterator[None]:
    """Bound a process's file handles for a while."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def address_of(up: Running, name: str) -> tuple[str, int]:
    """Return where a process that `up` runs has its health routes."""
    url = next(line for line in up.events("process.ready") if name in line)[name]
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def status(address: tuple[str, int], path: str) -> int:
    with urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=10) as response:
        code: int = response.status
        return code


@pytest.fixture
def running(own: Service) -> Iterator[tuple[Service, Running]]:
    with own.process("up") as up:
        up.wait_until_ready()
        own.run("publish", "--wait", "-", stdin=json.dumps(ARTICLE).encode())
        yield own, up


def test_idle_connections_and_half_headers_take_nothing_from_searches(running: tuple[Service, Running]) -> None:
    service, up = running
    searcher, address = child(up, "searcher"), address_of(up, "searcher-1")
    with handles(searcher, HANDLES), ExitStack() as held:
        logged = up.log.stat().st_size
        sockets = [held.enter_context(socket.create_connection(address)) for _ in range(IDLE)]
        for idle in sockets[::2]:
            try:
                idle.sendall(b"GET /live HTTP/1.1\r\nHost: a\r\nX-Half: ")
            except OSError:  # it was closed by then
                continue
        open_handles = len(list(Path(f"/proc/{searcher}/fd").iterdir()))

        assert ["h-1"] == service.found("handles")
        assert 200 == status(address, "/ready")
        assert open_handles < HANDLES // 4
        assert up.log.stat().st_size - logged < 100_000
        until(lambda: all(is_closed(idle) for idle in sockets), CLOSED_WITHIN_S, "every idle connection is closed")


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1_000) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_no_handle_left_is_a_passing_fault_and_no_damage(running: tuple[Service, Running]) -> None:
    service, up = running
    searcher = child(up, "searcher")
    with handles(searcher, 10):
        service.run("publish", "-", stdin=json.dumps(ARTICLE | {"id": "h-2"}).encode())
        until(lambda: len(up.events("index.committed")) > 1, 30, "the index has the second article")
        done = until(lambda: _refused(service), 30, "the searcher needs a handle")

    assert 69 == done.returncode, "it can be tried again"
    assert "out_of_handles" in done.stderr
    until(lambda: {"h-1", "h-2"} == set(service.found("handles")), 30, "searches go on")
    assert [] == up.events("index.damaged")
    assert [] == [line for line in up.events() if "exception" in line]
    assert any("out_of_handles" in line["codes"] for line in up.events("requests.refused"))


def _refused(service: Service):  # noqa: ANN202 - what `run` gives, or None
    done = service.run("search", "handles")
    return done if done.returncode else None
