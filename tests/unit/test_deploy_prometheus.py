"""Alerts, recording rules and dashboard ask for metrics that there are, and say what there is to do."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import generate_latest
from typer.main import get_command

from newsdex import metrics
from newsdex.cli import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def rules() -> dict[str, dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


PARTS = ("bucket", "sum", "count")
PROMETHEUS_OWN = ("up", "process_start_time_seconds", "process_resident_memory_bytes")


def samples() -> set[str]:
    """Every name that `/metrics` has; `up` is Prometheus' own."""
    text = "".join(generate_latest(metrics.registry_of(kind)).decode() for kind in metrics.OF_KIND)
    families = dict(re.findall(r"^# TYPE (newsdex_\w+) (\w+)$", text, re.MULTILINE))
    parts = {f"{name}_{part}" for name, kind in families.items() if kind == "histogram" for part in PARTS}
    return {*PROMETHEUS_OWN, *families, *parts}


def selectors(expression: Any) -> set[str]:
    """Return the names of the metrics in a parsed expression."""
    shown = str(expression)
    return set(re.findall(r"\b(newsdex[_:][\w:]+|process_\w+_\w+|up)\b(?=[{\s\[)]|$)", shown))


@pytest.mark.parametrize("name", rules())
def test_an_alert_asks_for_metrics_that_exist_and_says_what_to_do(name: str) -> None:
    rule = rules()[name]
    asked = selectors(promql_parser.parse(rule["expr"]).prettify())

    assert asked
    assert asked <= samples()
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert {"summary", "description"} == set(rule["annotations"])


def test_there_is_an_alert_for_whatever_needs_an_operator() -> None:
    watched = {metric for rule in rules().values() for metric in selectors(rule["expr"])}

    assert {
        "newsdex_parked_open", "newsdex_parked_oldest_timestamp_seconds", "newsdex_ready", "newsdex_index_position",
        "newsdex_stream_waiting_events", "newsdex_events_delayed_total", "newsdex_stream_faults",
        "newsdex_stream_mended_total", "newsdex_stream_bytes", "newsdex_store_bytes",
        "newsdex_index_oldest_change_seconds", "newsdex_stream_oldest_event_seconds",
        "newsdex_freshness_seconds_bucket", "newsdex_disk_free_bytes",
        "newsdex_backup_timestamp_seconds", "newsdex_index_checked_timestamp_seconds",
        "newsdex_broker_connected",
    } <= watched  # fmt: skip


def test_every_command_an_alert_names_exists() -> None:
    group = get_command(app)
    texts = " ".join(rule["annotations"]["description"] for rule in rules().values())
    named = set(re.findall(r"`newsdex (\w+)(?: (\w+))?", texts))
    parked = set(group.commands["parked"].commands)  # type: ignore[attr-defined]  # as above

    assert {"parked", "status", "stream", "backup", "check"} == {command for command, _ in named}
    assert {word for command, word in named if command == "parked"} <= parked


def recorded() -> dict[str, str]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "recording.yml").read_text(encoding="utf-8"))["groups"]
    return {rule["record"]: rule["expr"] for rule in group["rules"]}


def test_a_recording_rule_asks_for_metrics_that_exist() -> None:
    asked = {name for expression in recorded().values() for name in selectors(expression)}

    assert asked
    assert asked <= samples()


def test_every_query_of_the_dashboard_asks_for_metrics_that_exist() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "newsdex.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = [selectors(promql_parser.parse(query).prettify()) for query in queries]

    assert all(asked)
    assert set().union(*asked) <= samples() | recorded().keys()


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", str(DEPLOY / "prometheus" / "prometheus.yml")),
        ("check", "config", str(DEPLOY / "prometheus" / "compose.yml")),
        ("check", "rules", str(DEPLOY / "prometheus" / "alerts.yml"), str(DEPLOY / "prometheus" / "recording.yml")),
        ("test", "rules", str(ROOT / "tests" / "unit" / "alerts.yaml")),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_prometheus_itself_takes_the_rules(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool: it comes with Debian's package prometheus")
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_process_shows_its_own_metrics_only() -> None:
    pages = {kind: generate_latest(metrics.registry_of(kind)).decode() for kind in metrics.OF_KIND}
    shown = {kind: set(re.findall(r"^# TYPE (newsdex_\w+)", page, re.MULTILINE)) for kind, page in pages.items()}
    of_each = {"newsdex_ready", "newsdex_broker_connected", "newsdex_build_info"}

    assert {"newsdex_index_position", *of_each} == shown["indexer"] & shown["searcher"]
    assert of_each == shown["gateway"] & (shown["indexer"] | shown["searcher"])
