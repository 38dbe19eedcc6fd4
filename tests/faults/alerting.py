"""Debian's Prometheus on the shipped rules, which scrapes what a test runs, with every time of the rules shortened."""

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from tests.conftest import ROOT
from tests.integration.running import until

from newsdex.host.children import end_process, free_port

RULES = ROOT / "deploy" / "prometheus"
START_TIMEOUT_S, STOP_TIMEOUT_S = 60, 30
EVERY = "1s"
FOR = "4s"
"""Longer than a busy machine leaves a scrape without an answer."""
SHORTENED = {
    r"\[\d+m\]": "[6s]",
    r"offset \d+m": "offset 6s",
    r"(newsdex_(?:stream_oldest_event|index_oldest_change)_seconds) > 60": r"\1 > 8",
}
"""What takes minutes; thresholds of other things than ages stay, and promtool's tests hold the real times."""


def shipped(name: str) -> Any:
    return yaml.safe_load((RULES / name).read_text(encoding="utf-8"))


def shortened(name: str) -> Any:
    """Return rules as they are shipped, but for times."""
    rules = shipped(name)
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        if "for" in rule:
            rule["for"] = FOR
        rule["expr"] = sooner(rule["expr"])
    return rules


def sooner(query: str) -> str:
    """Return a query that looks back seconds in place of minutes."""
    for pattern, replacement in SHORTENED.items():
        query = re.sub(pattern, replacement, query)
    return query


class Prometheus:
    """A running Prometheus, which can be asked."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Return the result of an instant query: labels and value of each series."""
        address = f"{self._url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return result

    def firing(self) -> set[str]:
        """Return the alerts that fire now."""
        return {series["metric"]["alertname"] for series in self.ask('ALERTS{alertstate="firing"}')}

    def fired_since(self, moment: float) -> set[str]:
        """Return the alerts that fired at any time since a moment of `time.time`."""
        span_s = max(1, int(time.time() - moment))
        query = f'max_over_time(ALERTS{{alertstate="firing"}}[{span_s}s])'
        return {series["metric"]["alertname"] for series in self.ask(query)}

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def running_prometheus(folder: Path, ports: Mapping[str, int]) -> Iterator[Prometheus | None]:
    """Run it for as long as the block lasts, on processes by their kind; None where it is not installed."""
    binary = shutil.which("prometheus")
    if binary is None:
        yield None
        return
    folder.mkdir()
    for name in ("alerts.yml", "recording.yml"):
        (folder / name).write_text(yaml.safe_dump(shortened(name)), encoding="utf-8")
    config = shipped("prometheus.yml") | {"global": {"scrape_interval": EVERY, "evaluation_interval": EVERY}}
    config["scrape_configs"] = [
        {"job_name": f"newsdex-{kind}", "scrape_timeout": EVERY, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        for kind, port in ports.items()
    ]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                binary,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    try:
        until(prometheus.is_ready, START_TIMEOUT_S, "Prometheus runs")
        yield prometheus
    finally:
        end_process(process, STOP_TIMEOUT_S)
