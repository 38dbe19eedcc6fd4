"""The table of faults in FAILURES.md: each row is provoked on real processes, and each cell is what they say."""

import json
import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import yaml
from tests.conftest import ROOT
from tests.faults.alerting import sooner
from tests.faults.provoked import FAULTS
from tests.faults.test_stream import on_broker
from tests.faults.watched import LIMIT_S, Newsdex, watched_newsdex
from tests.integration.running import until

from newsdex_schemas import channels

COLUMNS = ("fault", "process", "live", "ready", "status", "metric", "alert", "log")
ALERTS = {
    rule["alert"]
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
DASHBOARD = ROOT / "deploy" / "grafana" / "newsdex.json"
COMPARISONS = {">": float.__gt__, "<": float.__lt__, "==": float.__eq__}


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


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A metric, or the quotient of two, and its bound; a counter counts by how much it grew."""

    metrics: list[str]
    comparison: str
    bound: float

    @classmethod
    def read(cls, cell: str) -> "Condition":
        value, comparison, bound = re.fullmatch(r"(.+) ([<>=]+) (\S+)", cell).groups()  # type: ignore[union-attr]  # else the test fails
        return cls(metrics=value.split(" / "), comparison=comparison, bound=float(bound))

    def values(self, newsdex: Newsdex, process: str) -> list[float]:
        found = [newsdex.metric(process, name) for name in self.metrics]
        return [value for value in found if value is not None]

    def holds(self, values: list[float], before: list[float]) -> bool:
        if len(values) < len(self.metrics):
            return False
        if self.metrics[0].endswith("_total"):
            # one that is lower than before counts anew, in a process that was started again
            values = [now - then if now >= then else now for now, then in zip(values, before or [0.0], strict=True)]
        value = values[0] / values[1] if len(values) == 2 else values[0]
        return COMPARISONS[self.comparison](value, self.bound)


@pytest.fixture(scope="module")
def newsdex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsdex]:
    with watched_newsdex(tmp_path_factory.mktemp("faults")) as newsdex:
        yield newsdex


def test_the_table_has_the_faults_that_are_provoked() -> None:
    assert FAULTS.keys() == ROWS.keys()
    assert all(set(row["alert"]) <= ALERTS for row in ROWS.values())


@pytest.mark.long
def test_every_query_of_the_dashboard_returns_data_from_a_running_newsdex(newsdex: Newsdex) -> None:
    """Each at some time, for there is not always an event, a merge or a rebuild to tell of."""
    prometheus = newsdex.prometheus
    if prometheus is None:
        pytest.skip("no Prometheus: it is Debian's package of that name")
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    queries = {sooner(target["expr"]) for panel in panels for target in panel["targets"]}

    def all_answered() -> bool:
        queries.difference_update([query for query in queries if _numbers(prometheus.ask(query))])
        return not queries

    with busy(newsdex):
        try:
            until(all_answered, LIMIT_S, "every query is answered")
        finally:
            assert set() == queries
    assert newsdex.service.run("parked", "drop", "--all", "--reason", "a test").returncode == 0


@contextmanager
def busy(newsdex: Newsdex) -> Iterator[None]:
    """Have newsdex do a bit of everything, again and again."""
    over = threading.Event()

    def work() -> None:
        for round_ in count():
            articles = (
                {"id": f"busy-{n}", "title": f"Jetty {round_}", "body": f"harbour {n} " * 50} for n in range(300)
            )
            newsdex.service.run("publish", "--bulk", "-", stdin="\n".join(map(json.dumps, articles)).encode())
            on_broker(newsdex.server, lambda js: js.publish(channels.ARTICLES_PUBLISHED, b'{"titl'))
            newsdex.service.run("search", "jetty")
            with urllib.request.urlopen(f"{newsdex.processes['gateway'].running.gateway_url}/?q=jetty", timeout=30):
                pass
            newsdex.service.run("rebuild")
            if over.is_set():
                return

    worker = ThreadPoolExecutor(1)
    done = worker.submit(work)
    try:
        yield
    finally:
        over.set()
        done.result()
        worker.shutdown()


def _numbers(result: list[dict[str, Any]]) -> list[float]:
    return [float(series["value"][1]) for series in result if series["value"][1] != "NaN"]


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_every_cell_of_a_row_is_what_is_said_while_the_fault_lasts(newsdex: Newsdex, fault: str) -> None:
    row = ROWS[fault]
    (process,) = row["process"]
    until(newsdex.is_well, LIMIT_S, "all is well before")
    condition = Condition.read(row["metric"][0]) if row["metric"] else None
    before = condition.values(newsdex, process) if condition else []
    newsdex.mark()
    began = time.time()
    with FAULTS[fault](newsdex):
        until(lambda: _says(newsdex, process, "/ready", row["ready"]), LIMIT_S, "/ready")
        until(lambda: _says(newsdex, process, "/live", row["live"]), LIMIT_S, "/live")
        until(lambda: _status(newsdex, row["status"]), LIMIT_S, "status")
        if condition:
            until(lambda: condition.holds(condition.values(newsdex, process), before), LIMIT_S, "the metric")
        logged = set(row["log"])
        until(lambda: logged <= {line["event"] for line in newsdex.logged(process)}, LIMIT_S, f"lines {logged}")
        if newsdex.prometheus is not None:
            prometheus, alert = newsdex.prometheus, row["alert"][0]
            until(lambda: alert in prometheus.fired_since(began), LIMIT_S, f"{alert} fires")
    until(newsdex.is_well, LIMIT_S, "it is well again, and no alert fires")

    if newsdex.prometheus is not None:
        assert set() == newsdex.prometheus.fired_since(began) - set(row["alert"])


def _says(newsdex: Newsdex, process: str, route: str, cell: list[str]) -> bool:
    code, text = newsdex.get(process, route)
    return str(code) == cell[0] and all(part in text for part in cell[1:])


def _status(newsdex: Newsdex, cell: list[str]) -> bool:
    code, text = newsdex.status()
    return str(code) == cell[0] and all(part in text for part in cell[1:])
