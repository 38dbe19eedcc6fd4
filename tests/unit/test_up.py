"""A child of `newsdex up` finds a port of its own, though another program may take the one that was meant for it."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsdex.apps.greeting import Greeting
from newsdex.apps.ports import choose_ports
from newsdex.apps.up import Child
from newsdex.host.children import free_port
from newsdex.settings import Settings


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


def test_ports_that_nobody_asked_for_are_kept_from_start_to_start(tmp_path: Path) -> None:
    """Another program that listens on the usual one does not keep newsdex from starting, and takes no other's later."""
    (tmp_path / "ports.json").write_text(json.dumps({"broker": (kept := free_port())}), encoding="utf-8")
    first = choose_ports(tmp_path, {"broker": None, "gateway": 0})
    with socket.create_server(("127.0.0.1", kept)):
        second = choose_ports(tmp_path, {"broker": None, "gateway": 0})
    third = choose_ports(tmp_path, {"broker": None, "gateway": 0})

    assert kept == first["broker"] != second["broker"] == third["broker"]
    assert first["gateway"] != first["broker"]


def test_a_port_that_is_asked_for_is_taken_and_not_remembered(tmp_path: Path) -> None:
    assert {"broker": 4333} == choose_ports(tmp_path, {"broker": 4333})
    assert not (tmp_path / "ports.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"broker": "x"}', "\x00"])
def test_damaged_notes_of_ports_keep_nobody_from_starting(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text, encoding="utf-8")

    assert choose_ports(tmp_path, {"broker": None})["broker"]


def test_whoever_starts_it_is_told_in_five_lines_where_everything_is(tmp_path: Path) -> None:
    told = Greeting(
        settings=Settings(data_dir=tmp_path), broker_url="nats://127.0.0.1:4222", gateway_url="http://127.0.0.1:8080",
        first_key=None,
    ).lines()  # fmt: skip

    assert ["publish to", "search at ", "page at   ", "data in   ", "type next "] == [line[:10] for line in told]
    assert "nats://127.0.0.1:4222" in told[0]
    assert str(tmp_path) in told[3]
