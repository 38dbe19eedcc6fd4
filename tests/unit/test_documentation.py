"""What an operator looks up is complete and true."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from prometheus_client.metrics import MetricWrapperBase
from tests.conftest import ROOT

from newsdex import metrics
from newsdex.cli import app
from newsdex.log import EVENTS
from newsdex.settings import Settings
from newsdex.validation import CODES

OPERATING = (ROOT / "deploy" / "OPERATING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [path for folder in (".", "schemas", "deploy", "deploy/decisions") for path in (ROOT / folder).glob("*.md")]
ERRORS = {"Invalid", "Unavailable", "Misconfigured", "NewsdexError", "Fault", "FieldFault"}


def _rows(heading: str) -> list[list[str]]:
    """Return the cells of a section's tables."""
    section = OPERATING.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _names(heading: str) -> set[str]:
    return {name for row in _rows(heading) for name in re.findall(r"`([^`]+)`", row[0])}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_or_a_heading_leads_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for file, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        target = (path.parent / file).resolve() if file else path

        assert target.exists(), file
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, heading


def test_every_setting_is_documented() -> None:
    assert {f"NEWSDEX_{name.upper()}" for name in Settings.model_fields} == _names("Settings")


def test_every_log_event_is_documented_in_the_words_of_the_code() -> None:
    assert EVENTS == {row[0].strip("`"): row[1] for row in _rows("Log events")}


def test_every_metric_is_documented_in_the_words_of_the_code() -> None:
    declared = {
        sample.name.removesuffix("_created")
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for sample in metric.describe()
    }
    documented = {name.removesuffix("_total") for name in _names("Metrics")}

    assert declared == documented


def test_every_command_is_shown_in_the_readme() -> None:
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]  # an app with several commands is a group
    groups = {name: command.commands for name, command in commands.items() if hasattr(command, "commands")}
    names = set(commands) | {f"{group} {name}" for group, inner in groups.items() for name in inner}

    assert set() == {name for name in names if f"newsdex {name}" not in README}


def _codes() -> Iterator[str]:
    """Find the codes that the program gives its errors."""
    folders = (ROOT / "service" / "newsdex", ROOT / "schemas" / "newsdex_schemas")
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                given = node.args[:1] or [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                yield from (code.value for code in given if isinstance(code, ast.Constant))


def test_every_code_is_documented() -> None:
    documented = _names("Codes")

    assert set() == {*_codes(), *CODES.values(), "invalid_value"} - documented
