"""The table of faults in FAILURES.md: each row is provoked on real processes, and each cell is what they say."""

import re
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.conftest import ROOT
from tests.faults.external import ExternalServer, external_server
from tests.faults.parts import projector_of
from tests.faults.test_hanging import stopped
from tests.faults.test_stream import metric
from tests.integration.running import Running, Service, until

from newsdex.archive.database import FILE_NAME
from newsdex.host.children import free_port
from newsdex_schemas import channels

LIMIT_S = 90
COLUMNS = ("fault", "process", "live", "ready", "status", "metric", "alert", "log")
ALERTS = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}


def table() -> list[dict[str, list[str]]]:
    """Return the rows; of each cell, what stands in backquotes."""
    text = (ROOT / "deploy" / "FAILURES.md").read_text(encoding="utf-8")
    section = text.split("\n## What is said of faults\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "`" in line][1:]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [
        {"fault": [row[0].strip()]}
        | {name: re.findall(r"`([^`]+)`", cell) for name, cell in zip(COLUMNS[1:], row[1:], strict=True)}
        for row in cells
    ]


ROWS = {row["fault"][0]: row for row in table()}


@dataclass(kw_only=True)
class Newsdex:
    """What the rows share: a broker, an indexer and a searcher."""

    server: ExternalServer
    service: Service
    ports: Mapping[str, int]
    running: Mapping[str, Running]

    def publish(self, body: bytes) -> None:
        assert self.service.run("publish", "-", stdin=body).returncode in {0, 65}

    def get(self, process: str, route: str) -> tuple[int, str]:
        """Return what a route says; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[process]}{route}", timeout=1) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def says(self, process: str, route: str, cell: list[str]) -> bool:
        code, text = self.get(process, route)
        return str(code) == cell[0] and all(part in text for part in cell[1:])


@pytest.fixture(scope="module")
def newsdex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsdex]:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "data").mkdir()
    with external_server(folder, options=f"max_payload: {channels.MAX_MESSAGE_BYTES}") as server:
        settings = {"NEWSDEX_BROKER_MONITORING_URL": server.monitoring_url}
        service = Service(
            data_dir=folder / "data", settings={"NEWSDEX_BROKER_URL": server.url, **settings}, logs=folder
        )
        ports = {"indexer": free_port(), "searcher": free_port()}
        running = {name: Running.start(service, name, http_port=port) for name, port in ports.items()}
        try:
            yield Newsdex(server=server, service=service, ports=ports, running=running)
        finally:
            for process in running.values():
                process.stop()


@contextmanager
def broker_killed(newsdex: Newsdex) -> Iterator[None]:
    newsdex.server.kill()
    try:
        yield
    finally:
        newsdex.server.start()


@contextmanager
def projector_hung(newsdex: Newsdex) -> Iterator[None]:
    projector = projector_of(newsdex.running["indexer"].process.pid)
    assert projector is not None
    with stopped(projector):
        newsdex.publish(b'{"id": "hung", "title": "Pontoon"}')
        yield


def searcher_hung(newsdex: Newsdex) -> AbstractContextManager[None]:
    return stopped(newsdex.running["searcher"].process.pid)


@contextmanager
def archive_locked(newsdex: Newsdex) -> Iterator[None]:
    with closing(sqlite3.connect(Path(newsdex.service.data_dir) / FILE_NAME)) as other:
        other.execute("BEGIN IMMEDIATE")
        newsdex.publish(b'{"id": "locked", "title": "Sluice"}')
        yield


FAULTS: Mapping[str, Callable[[Newsdex], AbstractContextManager[None]]] = {
    "the broker is killed": broker_killed,
    "the projector hangs": projector_hung,
    "a searcher hangs, the only one": searcher_hung,
    "the archive is locked": archive_locked,
}


def test_the_table_has_the_faults_that_are_provoked() -> None:
    assert FAULTS.keys() == ROWS.keys()


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_every_cell_of_a_row_is_what_is_said_while_the_fault_lasts(newsdex: Newsdex, fault: str) -> None:
    row = ROWS[fault]
    (process,) = row["process"]
    for name in newsdex.ports:
        until(lambda name=name: newsdex.get(name, "/ready")[0] == 200, LIMIT_S, f"the {name} is ready")  # type: ignore[misc]  # a default binds the loop's value
    logged = len(newsdex.running[process].events())
    with FAULTS[fault](newsdex):
        until(lambda: newsdex.says(process, "/ready", row["ready"]), LIMIT_S, "/ready")

        assert newsdex.says(process, "/live", row["live"]), newsdex.get(process, "/live")
        status = until(lambda: _status(newsdex, row["status"]), LIMIT_S, "status")
        if row["metric"]:
            name, comparison, bound = row["metric"][0].split()
            holds = {">": lambda value: value > float(bound), "==": lambda value: value == float(bound)}[comparison]
            until(lambda: holds(metric(newsdex.ports[process], name)), LIMIT_S, "the metric")
            assert all(name in ALERTS[alert] for alert in row["alert"])
        for event in row["log"]:
            until(
                lambda event=event: event in {line["event"] for line in newsdex.running[process].events()[logged:]},  # type: ignore[misc]  # as above
                LIMIT_S,
                f"a line {event}",
            )

    assert status
    assert set(row["alert"]) <= ALERTS.keys()
    until(lambda: newsdex.get(process, "/ready")[0] == 200, LIMIT_S, "it is well again by itself")


def _status(newsdex: Newsdex, cell: list[str]) -> bool:
    done = newsdex.service.run("status")
    said = done.stdout + done.stderr
    return str(done.returncode) == cell[0] and all(part in said for part in cell[1:])
