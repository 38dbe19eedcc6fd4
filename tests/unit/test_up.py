"""A child of `newsdex up` finds a port of its own, though another program may take the one that was meant for it."""

import socket
import threading
from collections.abc import Iterator

import pytest

from newsdex.apps.up import Child


@pytest.fixture
def broker_port() -> Iterator[int]:
    """A port on which something else than HTTP is spoken."""

    def greet() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b'INFO {"server_id":"x"}\r\n')
            connection.recv(1_000)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        greeting = threading.Thread(target=greet)
        greeting.start()
        yield listening.getsockname()[1]
        greeting.join()


def test_another_program_on_its_port_does_not_make_a_child_ready(broker_port: int) -> None:

    assert not Child(name="searcher-1", command="searcher", port=0, http_port=broker_port).answers()


@pytest.mark.parametrize(("port", "ready", "ports"), [(0, False, [1, 2]), (0, True, [9, 9]), (7, False, [7, 7])])
def test_a_child_that_was_never_ready_is_started_again_on_another_port_where_none_is_set(
    port: int, ready: bool, ports: list[int]
) -> None:
    free = iter([1, 2])
    child = Child(
        name="searcher-1", command="--version", port=port, http_port=9, ready=ready, pick_port=lambda: next(free)
    )
    started = []
    for _ in range(2):
        child.start()
        started.append(child.http_port)
        assert child.process is not None
        child.process.wait()

    assert ports == started
